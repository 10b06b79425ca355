"""Every physical name, from the suffix.

A name is one pattern; the same pattern serves Python (``TABLE.of(suffix="dev")``), a CDK construct
(tokens format like strings) and a CloudFormation ``Fn::Sub`` (``TABLE.sub()``). The region stands in
a name where the name must be unique across regions; never "primary" or "secondary", which swap.

The account is the isolation boundary; a suffix only names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import UsageError

SUFFIX_PATTERN = r"^[a-z](-?[a-z0-9])+$"
SUFFIX_MIN, SUFFIX_MAX = 2, 20
SUFFIX_PARAMETER = "EnvironmentSuffix"

PEER_REGION_PARAMETER = "/dr-catalog/peer-region"
ASSET_BUCKET_PREFIX_PARAMETER = "/dr-catalog/asset-bucket-prefix"

STACKSET_ADMINISTRATION_ROLE = "dr-catalog-stackset-administration"
STACKSET_EXECUTION_ROLE = "dr-catalog-stackset-execution"
PERMISSIONS_BOUNDARY = "dr-catalog-boundary"
RESTORE_SERVICE_ROLE = "dr-catalog-restore"
"""In each onboarded account: what CloudFormation rebuilds a lost launch as."""

PUBLISH_ROLE = "dr-catalog-publish"
"""In each stage's account: what the pipeline publishes as."""
CANARY_ROLE = "dr-catalog-canary"
"""In each stage's account: what the pipeline's canary launches as."""
READER_ROLE = "dr-catalog-reader"
"""In each stage's account: as what the stages beside it see what is published there."""
OBSERVER_ROLE = "dr-catalog-observer"
"""In each onboarded account: as what its hub looks at the launches there."""


@dataclass(frozen=True)
class Name:
    """One physical name.

    Args:
        pattern: The name with ``{suffix}``, ``{account}`` and ``{region}`` where they stand.
        limit: The longest the service allows, in characters.
    """

    pattern: str
    limit: int

    def of(self, *, suffix: str = "", account: str = "", region: str = "") -> str:
        """The name for these values, which may be CDK tokens."""
        return self.pattern.format(suffix=suffix, account=account, region=region)

    def sub(self, *, region: str = "${AWS::Region}") -> str:
        """The name as the text of an ``Fn::Sub``."""
        return self.of(
            suffix="${" + SUFFIX_PARAMETER + "}", account="${AWS::AccountId}", region=region
        )


# What a launch creates.
KEY_ALIAS = Name("alias/dr-data-{suffix}", 256)
TABLE = Name("dr-transactions-{suffix}", 255)
BUCKET = Name("dr-documents-{suffix}-{account}-{region}", 63)
REPLICATION_ROLE = Name("dr-replication-{suffix}-{region}", 64)
PROCESSOR = Name("dr-processor-{suffix}", 64)
PROCESSOR_ROLE = Name("dr-processor-{suffix}-{region}", 64)
SETTLING = Name("dr-settling-{suffix}", 64)
API = Name("dr-transactions-{suffix}", 255)
GUARD = Name("dr-delete-guard-{suffix}", 64)
UPDATE_GUARD = Name("dr-update-guard-{suffix}", 64)
UPDATE_GUARD_ROLE = Name("dr-update-guard-{suffix}-{region}", 64)
GUARD_ROLE = Name("dr-delete-guard-{suffix}-{region}", 64)
PEER_READER = Name("dr-peer-reader-{suffix}", 64)
PEER_READER_ROLE = Name("dr-peer-reader-{suffix}-{region}", 64)
PEER_UNDO = Name("dr-peer-undo-{suffix}", 64)
PEER_UNDO_ROLE = Name("dr-peer-undo-{suffix}-{region}", 64)
REPLICATOR = Name("dr-replicator-{suffix}", 64)
REPLICATOR_ROLE = Name("dr-replicator-{suffix}-{region}", 64)
FOUNDATION = Name("dr-foundation-{suffix}", 128)
WORKLOAD = Name("dr-workload-{suffix}", 128)
WITNESS = Name("dr-witness-{suffix}", 128)
VAULT = Name("dr-vault-{suffix}", 50)
BACKUP_PLAN = Name("dr-backup-{suffix}", 50)
BACKUP_ROLE = Name("dr-backup-{suffix}-{region}", 64)
RESTORE_ROLE = Name("dr-restore-{suffix}-{region}", 64)
RESTORE_STACK = Name("dr-restore-{suffix}", 128)
RESTORED = Name("dr-restored-{suffix}", 64)
RESTORED_ROLE = Name("dr-restored-{suffix}-{region}", 64)
RESTORE_TEST = Name("dr_restore_test_{suffix}", 50)  # {suffix} with underscores: see underscored
RESTORE_TEST_ROLE = Name("dr-restore-test-{suffix}-{region}", 64)
RESTORE_TEST_TOPIC = Name("dr-restore-tests-{suffix}", 256)
RESTORE_TEST_FAILED = Name("dr-restore-test-failed-{suffix}", 64)
BACKUP_FAILED = Name("dr-backup-failed-{suffix}", 64)
RESTORE_FAILED = Name("dr-restore-failed-{suffix}", 64)
RECOVERY_POINT_FAILED = Name("dr-recovery-point-failed-{suffix}", 64)
CONTROL_METRIC = Name("dr-control-metric-{suffix}", 64)
CONTROL_METRIC_ROLE = Name("dr-control-metric-{suffix}-{region}", 64)
SERVING_ALARM = Name("dr-serving-{suffix}-{region}", 255)
ALARM_TOPIC = Name("dr-alarms-{suffix}", 256)
DASHBOARD = Name("dr-{suffix}-{region}", 255)  # dashboards are the account's, not a region's
CIDR_PLAN = Name("dr-cidr-plan-{suffix}", 64)
CIDR_PLAN_ROLE = Name("dr-cidr-plan-{suffix}-{region}", 64)
FLOW_LOGS = Name("/dr/{suffix}/flow-logs", 512)
FLOW_LOGS_ROLE = Name("dr-flow-logs-{suffix}-{region}", 64)
LEDGER = Name("dr-ledger-{suffix}", 63)
LEDGER_CLUSTER = Name("dr-ledger-{suffix}-{region}", 63)
LEDGER_INSTANCE = Name("dr-ledger-{suffix}-{region}-1", 63)
LEDGER_SECRET = Name("dr-aurora-{suffix}", 512)
DATABASE_SETUP = Name("dr-database-setup-{suffix}", 64)
DATABASE_SETUP_ROLE = Name("dr-database-setup-{suffix}-{region}", 64)
RECOVERY_STATE = Name("dr-recovery-{suffix}", 255)  # a table of its own in each region
RECOVERY = Name("dr-recovery-{suffix}", 80)
RECOVERY_ROLE = Name("dr-recovery-machine-{suffix}-{region}", 64)
RECOVERY_LOG = Name("/aws/vendedlogs/states/dr-recovery-{suffix}", 512)
RECOVERY_TASK = Name("dr-recovery-task-{suffix}", 64)
RECOVERY_TASK_ROLE = Name("dr-recovery-task-{suffix}-{region}", 64)
RECOVERY_DETECTED = Name("dr-recovery-detected-{suffix}", 64)
RECOVERY_DETECTED_ROLE = Name("dr-recovery-detected-{suffix}-{region}", 64)
RECOVERY_ENDED = Name("dr-recovery-ended-{suffix}", 64)
RECOVERY_WATCH = Name("dr-recovery-watch-{suffix}", 64)
RECOVERY_DASHBOARD = Name("dr-{suffix}-{region}-recovery", 255)
PROBE = Name("dr-probe-{suffix}", 64)
PROBE_ROLE = Name("dr-probe-{suffix}-{region}", 64)
# What a stage and a tenant account hold once.
ASSET_BUCKET_PREFIX = Name("dr-catalog-assets-{account}", 48)
ASSET_BUCKET = Name("dr-catalog-assets-{account}-{region}", 63)
ACCESS_STACK = "dr-catalog-access"
PIPELINE_STORE_STACK = Name(
    "{suffix}-pipeline-store", 128
)  # {suffix}: the pipeline, in these three
PIPELINE_STACK = Name("{suffix}-pipeline", 128)
ARTIFACT_BUCKET = Name("{suffix}-artifacts-{account}-{region}", 63)
LAUNCH_ROLE = Name("dr-catalog-launch-{suffix}", 64)  # {suffix} is the product here


def layer_stackset(*, layer: str, role: str) -> Name:
    """The StackSet of a layer that is launched alone, for its template of this role."""
    return Name(f"dr-layer-{layer}-{role}-{{suffix}}", 128)


def layer_reader(*, layer: str) -> Name:
    """The function with which such a layer reads what its neighbours tell."""
    return Name(f"dr-neighbours-{layer}-{{suffix}}", 64)


def layer_reader_role(*, layer: str) -> Name:
    """The role of that function."""
    return Name(f"dr-neighbours-{layer}-{{suffix}}-{{region}}", 64)


def layer_undo(*, layer: str) -> Name:
    """The function that takes away what such a layer would leave in the peer when its launch fails."""
    return Name(f"dr-peer-undo-{layer}-{{suffix}}", 64)


def layer_undo_role(*, layer: str) -> Name:
    """The role of that function."""
    return Name(f"dr-peer-undo-{layer}-{{suffix}}-{{region}}", 64)


def layer_guard(*, layer: str) -> Name:
    """The function that guards such a layer."""
    return Name(f"dr-guard-{layer}-{{suffix}}", 64)


def layer_guard_role(*, layer: str) -> Name:
    """The role of that function."""
    return Name(f"dr-guard-{layer}-{{suffix}}-{{region}}", 64)


def launch(*, suffix: str, layer: str = "") -> str:
    """The provisioned product: ``dr-<suffix>`` for a tier, ``dr-<suffix>.<layer>`` for a layer alone.

    Service Catalog keeps it unique per account and region. A tier's product has no place in it, so
    that Service Catalog itself refuses a second tier under a suffix, whichever tool it comes from.
    """
    return f"dr-{suffix}.{layer}" if layer else f"dr-{suffix}"


def of_launch(name: str) -> tuple[str, str]:
    """The suffix that a provisioned product's name carries, and the layer; empty for a tier.

    A suffix holds no dot, so the first one ends it.
    """
    suffix, _, layer = name.removeprefix("dr-").partition(".")
    return suffix, layer


def launch_options(*, suffix: str, layer: str = "") -> str:
    """What a command needs to find the launch: ``--suffix dev``, or ``--suffix dev --layer vpc``."""
    return f"--suffix {suffix} --layer {layer}" if layer else f"--suffix {suffix}"


def build_role(*, pipeline: str, stage: str = "", action: str) -> str:
    """The role and the project of an action of the pipeline: ``dr-catalog-build-dev-assets``.

    The pipeline's and the stage's names have 20 characters at most, so it is never too long for a role.
    """
    return "-".join(part for part in (pipeline, "build", stage, action) if part)


def parameter(*, suffix: str, layer: str, name: str) -> str:
    """The SSM parameter under which ``layer`` tells others ``name``: ``/dr/<suffix>/<layer>/<name>``."""
    return f"{parameter_path(suffix=suffix, layer=layer)}/{name}"


def users_path(*, suffix: str, layer: str) -> str:
    """Where those that use ``layer`` say so: ``/dr/<suffix>/<layer>/used-by/<user>``."""
    return parameter(suffix=suffix, layer=layer, name="used-by")


def parameter_path(*, suffix: str, layer: str) -> str:
    """Where ``layer`` writes what it tells others: ``/dr/<suffix>/<layer>``."""
    return f"/dr/{suffix}/{layer}"


def alarm(*, suffix: str, name: str) -> str:
    """The CloudWatch alarm called ``name``: ``dr-<name>-<suffix>``."""
    return f"dr-{name}-{suffix}"


def api_domain(*, suffix: str, zone_name: str) -> str:
    """The transaction API's own name in the parent zone: ``<suffix>.<zone>``, for both regions."""
    return f"{suffix}.{zone_name}"


def camel(name: str) -> str:
    """``warm-standby`` as ``WarmStandby``, for a logical id."""
    return "".join(part.capitalize() for part in re.split(r"[^a-zA-Z0-9]+", name))


def log_group(function_name: str) -> str:
    """The log group Lambda writes to for this function."""
    return f"/aws/lambda/{function_name}"


def database_log_group(cluster_id: str, log: str) -> str:
    """The log group RDS writes this log of a cluster to."""
    return f"/aws/rds/cluster/{cluster_id}/{log}"


def check_suffix(suffix: str) -> str:
    """The suffix itself, when it is a valid one.

    Raises:
        UsageError: It is not 2 to 20 characters of ``a-z``, ``0-9`` and single inner hyphens,
            beginning with a letter.
    """
    if SUFFIX_MIN <= len(suffix) <= SUFFIX_MAX and re.fullmatch(SUFFIX_PATTERN, suffix):
        return suffix
    raise UsageError(
        f"'{suffix}' is not a valid environment suffix",
        why=f"it must match {SUFFIX_PATTERN} and have {SUFFIX_MIN} to {SUFFIX_MAX} characters",
        hint="choose a suffix such as 'dev' or 'team-a1'",
    )
