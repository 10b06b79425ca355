"""What is looked at before a recovery: one function a check, and the table of them.

A look answers in words what it found, or raises `NotReady` with a fix, or `Unknown` where it can't be
looked at. `hinders` in the table says whether a run would fail or lose data for it; the others tell of
what should be mended while there is time. Nothing is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .. import names
from ..errors import DrCatalogError, NotFoundError
from .lagging import ANSWERS, NAMESPACE, lag
from .resting import at_rest, off
from .settling import settled
from .surroundings import FRESH, NotReady, Surroundings, Unknown

SERVING = "Serving"
POINT_AGE = timedelta(hours=3)
"""An hourly backup, its start window of an hour, and its copy."""
NONE = "none"
"""What is told where there is no zone, or no witness."""


def recovery(look: Surroundings) -> str:
    """The state machine stands and nothing runs in it."""
    status = look.call(
        "stepfunctions", "describe_state_machine", stateMachineArn=look.site.machine
    )["status"]
    if status != "ACTIVE":
        raise NotReady(f"the state machine is {status}", look.fix("upgrade"))
    if lock := look.lock:
        raise NotReady(
            f"{lock.operation} {lock.run} runs since {lock.since}",
            f"follow it with {look.fix(lock.operation or 'failover')}",
        )
    return f"{look.site.machine.rpartition(':')[2]} stands, nothing runs"


def launch_region(look: Surroundings) -> str:
    """The launch region's API answers: then a planned switchover loses nothing."""
    region = look.site.launch_region
    try:
        endpoint = look.site.told["launch-endpoint"]
        status = look.aws.get(endpoint, region=region, path="health").status
    except DrCatalogError as error:
        raise Unknown(f"{region} does not answer: {error.why or error.what}") from error
    if status != 200:
        raise Unknown(f"{region} answers {status}")
    return f"{region} answers"


def roles(look: Surroundings) -> str:
    """The state tables and the database agree on who writes."""
    writer, launch = look.writer, look.site.launch_region
    database = next((arn.split(":")[3] for arn, writes in look.members.items() if writes), "nobody")
    if database != writer.region:
        raise NotReady(
            f"the database's writer is in {database}, writes are taken in {writer.region}",
            f"a run stopped half-way: finish it with {look.fix('failover')}",
        )
    if writer.fenced:
        raise NotReady(
            f"writes are fenced in {writer.region} by {writer.run}",
            f"a run stopped half-way: finish it with {look.fix('failover')}",
        )
    if writer.region != launch:
        raise NotReady(
            f"the writer is in {writer.region} since epoch {writer.epoch}: it has failed over",
            f"bring it back with {look.fix('failback')}",
        )
    with contextlib.suppress(DrCatalogError):  # a region that is gone believes nothing
        believed = look.aws.writer(look.site, region=launch)
        if (believed.region, believed.epoch, believed.fenced) != (launch, writer.epoch, False):
            raise NotReady(
                f"{launch} believes that {believed.region} writes in epoch {believed.epoch}",
                f"it is told within a minute; else see the log of "
                f"{names.RECOVERY_TASK.of(suffix=look.site.suffix)} in {look.site.region}",
            )
    if look.site.both_serve:
        return f"both regions serve, the ledger's writer is {writer.region}, epoch {writer.epoch}"
    return f"writer {writer.region}, standby {look.standby}, epoch {writer.epoch}"


def standby(look: Surroundings) -> str:
    """The API of the region that would take over could do its work, or is off as it is to be."""
    if look.resting:
        return f"{look.standby} is {'off' if off(look) else 'on'}; a run sees to it that it is on"
    told = look.ready(look.standby)
    failing = [
        f"{name}: {check.get('reason', '')}"
        for name, check in told.get("checks", {}).items()
        if not check.get("ok")
    ]
    if not told.get("ready"):
        raise NotReady(
            f"{look.standby} is not ready: {', '.join(failing) or 'it does not say why'}",
            f"see `dr-catalog status --suffix {look.site.suffix} --health`",
        )
    return f"{look.standby} {'serves' if look.site.both_serve else 'could serve'}"


def versions(look: Surroundings) -> str:
    """Both regions run the same code and engine."""
    function = names.PROCESSOR.of(suffix=look.site.suffix)
    code, engine = {}, {}
    for region in look.site.regions:
        try:
            code[region] = look.call(
                "lambda", "get_function_configuration", region=region, FunctionName=function
            )["CodeSha256"]
            engine[region] = _cluster(look, region)["EngineVersion"]
        except DrCatalogError as error:
            raise Unknown(f"{region}: {error.why or error.what}") from error
    for what, found in (("code", code), ("engine", engine)):
        if len(set(found.values())) > 1:
            told = ", ".join(f"{region} {value}" for region, value in found.items())
            raise NotReady(
                f"the {what} differs: {told}", f"finish the upgrade: {look.fix('upgrade')}"
            )
    return f"same code, engine {next(iter(engine.values()))}"


def replica(look: Surroundings) -> str:
    """The standby's cluster has an instance that can be promoted, or has none as it is to be."""
    cluster = _cluster(look, look.standby)
    name = cluster["DBClusterIdentifier"]
    instances = look.call(
        "rds",
        "describe_db_instances",
        region=look.standby,
        Filters=[{"Name": "db-cluster-id", "Values": [name]}],
    )["DBInstances"]
    states = [each["DBInstanceStatus"] for each in instances]
    if look.resting and cluster["Status"] == "available" and not states:
        return f"{name} has no instance, as is right at rest; a run makes one, which takes minutes"
    if cluster["Status"] != "available" or "available" not in states:
        raise NotReady(
            f"{name} is {cluster['Status']}, instances: {', '.join(states) or 'none'}",
            "wait until an instance is available; a run makes one, which takes minutes",
        )
    return f"{name}: {len(states)} instance available"


def recovery_point(look: Surroundings) -> str:
    """A backup of the database was copied here lately: what is left when data is destroyed."""
    vault = names.VAULT.of(suffix=look.site.suffix)
    points = look.call("backup", "list_recovery_points_by_backup_vault", BackupVaultName=vault)[
        "RecoveryPoints"
    ]
    made = [
        each["CreationDate"]
        for each in points
        if each.get("Status") == "COMPLETED" and ":cluster:" in each.get("ResourceArn", "")
    ]
    newest = max(made, default=None)
    if newest is None:
        born = look.call("backup", "describe_backup_vault", BackupVaultName=vault)["CreationDate"]
        if look.now - born < POINT_AGE:
            return "none yet: the vault is younger than the first copy takes"
    if newest is None or look.now - newest > POINT_AGE:
        raise NotReady(
            f"the last copy of the database is from {newest:%Y-%m-%d %H:%M} UTC"
            if newest
            else "no copy of the database is in the vault",
            f"see the copy jobs in {look.site.launch_region}: `aws backup list-copy-jobs --by-state FAILED`",
        )
    return f"copied {(look.now - newest).total_seconds() / 60:.0f} min ago"


def probes(look: Surroundings) -> str:
    """Each probe reported within minutes."""
    silent, answers = [], []
    witness = look.site.told.get("witness-region", NONE)
    for region in (*look.site.regions, *([witness] if witness != NONE else [])):
        dimensions = {"Suffix": look.site.suffix, "From": region}
        values = look.points(ANSWERS, dimensions, namespace=NAMESPACE)
        if values:
            answers.append(f"{region} says {'up' if values[0] >= 1 else 'DOWN'}")
        else:
            silent.append(region)
    if silent:
        function = names.PROBE.of(suffix=look.site.suffix)
        raise NotReady(
            f"no report within {FRESH.seconds // 60} min from {' and '.join(silent)}",
            f"see the log of {function} there: `aws logs tail {names.log_group(function)}`",
        )
    return ", ".join(answers)


def alarms(look: Surroundings) -> str:
    """The alarms of the region that would take over can go off, and none has."""
    found = [
        each
        for page in _pages(look, "cloudwatch", "describe_alarms", AlarmNamePrefix="dr-")
        for kind in ("MetricAlarms", "CompositeAlarms")
        for each in page.get(kind, ())
        if each["AlarmName"].endswith(f"-{look.site.suffix}")
    ]
    mute = [each["AlarmName"] for each in found if not each.get("ActionsEnabled", True)]
    if mute or not found:
        raise NotReady(
            f"actions are off: {', '.join(mute)}" if mute else "there are no alarms",
            f"`aws cloudwatch enable-alarm-actions --alarm-names {' '.join(mute)}`"
            if mute
            else look.fix("upgrade"),
        )
    ringing = [each["AlarmName"] for each in found if each["StateValue"] == "ALARM"]
    if ringing:
        raise NotReady(
            f"in ALARM: {', '.join(ringing)}", "each alarm's description says what to look at first"
        )
    return f"{len(found)} alarms, none in ALARM"


def told(look: Surroundings) -> str:
    """Somebody is told: a request for approval that nobody gets ends as an abort."""
    topic = look.aws.told(look.site.suffix, "monitoring", look.site.region).get("topic-arn", "")
    subscribed = look.call("sns", "list_subscriptions_by_topic", TopicArn=topic)["Subscriptions"]
    if not subscribed:
        raise NotReady(
            "nobody is subscribed to the topic that asks for approval",
            f"`aws sns subscribe --region {look.site.region} --topic-arn {topic} "
            "--protocol email --notification-endpoint ON-CALL`",
        )
    return f"{len(subscribed)} subscribed"


def traffic(look: Surroundings) -> str:
    """The record follows a control metric that is alive and names the writer."""
    told = look.aws.told(look.site.suffix, "route53", look.site.region)
    domain = told.get("domain-name", NONE)
    if domain == NONE:
        return "no zone: a run names the surviving endpoint, and traffic is moved by hand"
    name = names.parameter(suffix=look.site.suffix, layer="route53", name="serving-region")
    serving = look.aws.parameter(name, look.site.region).split(",")
    out = [region for region in look.site.regions if region not in serving]
    if look.site.both_serve and out:
        both = ",".join(look.site.regions)
        raise NotReady(
            f"{domain} leads to {', '.join(serving)} alone: {' and '.join(out)} was taken out of service",
            f"`aws ssm put-parameter --region {look.site.region} --name {name} --value {both} --overwrite`",
        )
    if look.writer.region not in serving:
        raise NotReady(
            f"{domain} leads to {', '.join(serving)}, the writer is in {look.writer.region}",
            f"a run stopped half-way: finish it with {look.fix('failover')}",
        )
    silent = [
        region
        for region in look.site.regions
        if not look.points(
            SERVING, {"Suffix": look.site.suffix, "Region": region}, namespace=NAMESPACE
        )
    ]
    if silent:
        function = names.CONTROL_METRIC.of(suffix=look.site.suffix)
        raise NotReady(
            f"the control metric of {' and '.join(silent)} is silent",
            f"see its log: `aws logs tail {names.log_group(function)} --region {look.site.region}`",
        )
    return f"{domain} leads to {', '.join(serving)}, the control metric is alive"


def updates(look: Surroundings) -> str:
    """No update is under way in either region: a recovery would meet it half-way."""
    for region in look.site.regions:
        try:
            busy = [
                f"{each['StackName']} is {each['StackStatus']}"
                for page in _pages(look, "cloudformation", "describe_stacks", region=region)
                for each in page["Stacks"]
                if _of(each, look.site.suffix) and each["StackStatus"].endswith("_IN_PROGRESS")
            ]
        except DrCatalogError as error:
            raise Unknown(f"{region}: {error.why or error.what}") from error
        if busy:
            raise NotReady(
                f"{region}: {', '.join(busy)}",
                f"wait for its end: `dr-catalog events --suffix {look.site.suffix} --follow`",
            )
    return "nothing is being updated"


def guards(look: Surroundings) -> str:
    """The deletion guard stands: the tier's, or the database's where layers are launched alone."""
    layer: tuple[str, ...] = ()
    try:
        try:
            protected = _protection(look, "guard")
        except NotFoundError:
            protected, layer = _protection(look, "aurora"), ("--layer", "aurora")
    except DrCatalogError as error:
        raise Unknown(f"{look.site.launch_region}: {error.why or error.what}") from error
    if protected != "true":
        raise NotReady(
            "DeletionProtection is off: anyone may terminate the launch",
            look.fix("upgrade", *layer, "--set", "DeletionProtection=true"),
        )
    return "DeletionProtection is on"


def _protection(look: Surroundings, owner: str) -> str:
    name = names.parameter(suffix=look.site.suffix, layer=owner, name="deletion-protection")
    return look.aws.parameter(name, look.site.launch_region)


def _cluster(look: Surroundings, region: str) -> Mapping[str, Any]:
    name = names.LEDGER_CLUSTER.of(suffix=look.site.suffix, region=region)
    found: Mapping[str, Any] = look.call(
        "rds", "describe_db_clusters", region=region, DBClusterIdentifier=name
    )["DBClusters"][0]
    return found


def _of(stack: Mapping[str, Any], suffix: str) -> bool:
    given = {
        each["ParameterKey"]: each.get("ParameterValue") for each in stack.get("Parameters", ())
    }
    return given.get(names.SUFFIX_PARAMETER) == suffix


def _pages(
    look: Surroundings, service: str, operation: str, *, region: str = "", **arguments: Any
) -> Any:
    while True:
        page = look.call(service, operation, region=region, **arguments)
        yield page
        if not page.get("NextToken"):
            return
        arguments["NextToken"] = page["NextToken"]


@dataclass(frozen=True)
class Row:
    """One check.

    Args:
        name: What is looked at.
        look: Looks at it.
        region: ``launch``, ``peer`` or empty for both.
        hinders: A run would fail, or lose more than the objective, while this is not ready.
    """

    name: str
    look: Callable[[Surroundings], str]
    region: str
    hinders: bool = False


AT_REST = Row("peer at rest", at_rest, "peer")
"""Looked at where the peer is off until a recovery switches it on."""
STANDBY = Row("standby", standby, "", hinders=True)
OTHER = Row("other region", standby, "", hinders=True)
"""The same where both regions serve and none stands by."""
SETTLED = Row("settled", settled, "")
"""Looked at where both regions serve."""
ROWS = (
    Row("recovery", recovery, "peer", hinders=True),
    Row("launch region", launch_region, "launch"),
    Row("roles", roles, "", hinders=True),
    STANDBY,
    Row("versions", versions, "", hinders=True),
    Row("replica instance", replica, "peer", hinders=True),
    Row("lag", lag, "peer", hinders=True),
    Row("recovery point", recovery_point, "peer"),
    Row("probes", probes, ""),
    Row("alarms", alarms, "peer"),
    Row("notifications", told, "peer"),
    Row("traffic", traffic, "", hinders=True),
    Row("updates", updates, "", hinders=True),
    Row("guards", guards, "launch"),
)
