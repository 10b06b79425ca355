"""The parameters of templates, one row each: what a tenant may set, and what the primary hands to the peer.

A tier names the rows it needs. Whatever a launch may set has a default, but for the suffix.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import names

ENVIRONMENT, NETWORK, DATABASE, BACKUP, DNS, RECOVERY, DELETION = (
    "Environment",
    "Network",
    "Database",
    "Backup",
    "DNS",
    "Recovery",
    "Deletion",
)
_RANGE = r"(\d{1,3}\.){3}\d{1,3}/(1[6-9]|20)"
_REGION = r"[a-z]{2,4}(-[a-z]+)+-\d"
_SWITCH = ("true", "false")


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Args:
        name: Its name.
        description: What it is, allowed values and units.
        type: CloudFormation's type.
        default: None where a value must be given.
        pattern: What a value must match.
        allowed: The only values there are.
        minimum: The least number.
        maximum: The largest number.
        lengths: The fewest and the most characters.
        group: Where the console shows it; empty for what no person sets.
        label: What the console calls it.
    """

    name: str
    description: str
    type: str = "String"
    default: str | float | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    lengths: tuple[int, int] | None = None
    group: str = ""
    label: str = ""


SUFFIX = Parameter(
    name=names.SUFFIX_PARAMETER,
    description="Names everything this launch creates: 2 to 20 lower-case letters, digits and single "
    "hyphens, beginning with a letter",
    pattern=names.SUFFIX_PATTERN,
    lengths=(names.SUFFIX_MIN, names.SUFFIX_MAX),
    group=ENVIRONMENT,
    label="Environment suffix",
)

# What a tenant may set.
PEER_REGION = Parameter(
    name="PeerRegion",
    description="The SSM parameter that holds the peer region; onboarding writes it",
    type="AWS::SSM::Parameter::Value<String>",
    default=names.PEER_REGION_PARAMETER,
    # Rules on an SSM-typed parameter hold for its key, so no launch can name another one.
    allowed=(names.PEER_REGION_PARAMETER,),
    group=ENVIRONMENT,
    label="Peer region (leave as it is)",
)
CIDR = Parameter(
    name="Cidr",
    description="The launch region's address range, a private /16 to /20, or auto for a free one",
    default="auto",
    pattern=f"^(auto|{_RANGE})$",
    group=NETWORK,
    label="Address range, launch region",
)
PEER_CIDR = Parameter(
    name="PeerCidr",
    description="The peer region's address range, apart from the other, or auto for a free one",
    default="auto",
    pattern=f"^(auto|{_RANGE})$",
    group=NETWORK,
    label="Address range, peer region",
)
ZONES = Parameter(
    name="Zones",
    description="Availability zones that each region's network spans: 3, or 2 where one of the two "
    "regions has no more",
    default="3",
    allowed=("3", "2"),
    group=NETWORK,
    label="Availability zones",
)
NAT_PER_ZONE = Parameter(
    name="NatPerZone",
    description="true makes a NAT gateway in each zone, so that none depends on another; false one for "
    "all, at a third of the cost",
    default="false",
    allowed=_SWITCH,
    group=NETWORK,
    label="NAT gateway per zone",
)
MIN_CAPACITY = Parameter(
    name="MinCapacity",
    description="The least Aurora capacity units of each region's instance, 0.5 to 256; AWS advises "
    "8 or more for a global database",
    type="Number",
    default=8,
    minimum=0.5,
    maximum=256,
    group=DATABASE,
    label="Least capacity (ACU)",
)
MAX_CAPACITY = Parameter(
    name="MaxCapacity",
    description="The most Aurora capacity units of each region's instance, 1 to 256",
    type="Number",
    default=32,
    minimum=1,
    maximum=256,
    group=DATABASE,
    label="Most capacity (ACU)",
)
VAULT_LOCK = Parameter(
    name="VaultLock",
    description="none; governance keeps recovery points for 7 days at least, unless a privileged role "
    "lifts it; compliance lets nobody lift it, 3 days after the launch",
    default="none",
    allowed=("none", "governance", "compliance"),
    group=BACKUP,
    label="Vault lock",
)
ZONE_ID = Parameter(
    name="ZoneId",
    description="The id of the public hosted zone in this account that the API's name goes into; "
    "empty for no name",
    default="",
    pattern=r"^(Z[A-Z0-9]{3,31})?$",
    group=DNS,
    label="Hosted zone id",
)
ZONE_NAME = Parameter(
    name="ZoneName",
    description="The zone's name, without a dot at the end; the API becomes <suffix>.<zone>",
    default="",
    pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)?$",
    group=DNS,
    label="Hosted zone name",
)
PEER_WEIGHT = Parameter(
    name="PeerWeight",
    description="0 for failover records; 1 to 255 for weighted ones, the peer's weight against the "
    "launch region's 100. Chosen once: a launch can't change from one kind to the other",
    default="0",
    pattern=r"^(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$",  # no number: "00" is not "0" to a condition
    group=DNS,
    label="Weight of the peer region",
)
PEER_SHARE = Parameter(
    name="PeerShare",
    description="1 to 255: the share of callers that the peer region answers, against the launch "
    "region's 100",
    default="100",
    pattern=r"^([1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$",
    group=DNS,
    label="Share of the peer region",
)
ROUTING = Parameter(
    name="Routing",
    description="Where both regions serve, how the name chooses between them: weighted shares callers out "
    "by the peer's share; latency answers each with the region that is nearest to it. Chosen once",
    default="weighted",
    allowed=("weighted", "latency"),
    group=DNS,
    label="How callers are shared out",
)
FAILOVER_MODE = Parameter(
    name="FailoverMode",
    description="What follows when the launch region is down: approve waits for a person to approve "
    "the failover, and does nothing without; automatic fails over by itself, which may lose the "
    "newest writes",
    default="approve",
    allowed=("approve", "automatic"),
    group=RECOVERY,
    label="Failover",
)
DETECTION_MINUTES = Parameter(
    name="DetectionMinutes",
    description="Minutes in a row that the launch region must not answer before it counts as down: "
    "2, 3, 5, 10, 15 or 30",
    type="Number",
    default="5",
    allowed=("2", "3", "5", "10", "15", "30"),
    group=RECOVERY,
    label="Detection (minutes)",
)
WITNESS_REGION = Parameter(
    name="WitnessRegion",
    description="A third region, whose probe votes too on whether the launch region is down; onboarding "
    "must have admitted it. Empty for none",
    default="",
    pattern=f"^({_REGION})?$",
    group=RECOVERY,
    label="Witness region",
)
DELETION_PROTECTION = Parameter(
    name="DeletionProtection",
    description="true refuses the launch's termination; false allows it",
    default="true",
    allowed=_SWITCH,
    group=DELETION,
    label="Deletion protection",
)
ON_TERMINATION = Parameter(
    name="OnTermination",
    description="What termination does with the data: retain keeps keys, database, table, documents "
    "and recovery points in both regions; purge deletes them",
    default="retain",
    allowed=("retain", "purge"),
    group=DELETION,
    label="Data on termination",
)

OFFERED = tuple(row for row in tuple(globals().values()) if isinstance(row, Parameter))
"""All that a tenant may set, in the order in which a person is shown them."""

# What the primary hands to the peer's templates.
ASSET_BUCKET_PREFIX = Parameter(
    name="AssetBucketPrefix",
    description="What stands before the region in the name of the asset bucket",
    pattern=r"^[a-z0-9][a-z0-9-]{2,47}$",
)
LAUNCH_REGION = Parameter(
    name="LaunchRegion",
    description="The region the tenant launched in",
    pattern=f"^{_REGION}$",
)
PRIMARY_KEY_ARN = Parameter(
    name="PrimaryKeyArn",
    description="The ARN of the launch region's multi-Region key",
    pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/mrk-[0-9a-f]+$",
)
KEY_ID = Parameter(
    name="KeyId",
    description="The id of the multi-Region key",
    pattern=r"^mrk-[0-9a-f]+$",
)
RESTORE_TEMPLATE = Parameter(
    name="RestoreTemplate",
    description="Where in the asset bucket the template lies that rebuilds the launch from copies",
    pattern=r"^templates/[0-9a-f]{64}\.json$",
)
SNAPSHOT = Parameter(
    name="Snapshot",
    description="The ARN of the cluster snapshot in this region that the database is made from",
    pattern=r"^arn:[a-z-]+:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:[A-Za-z][A-Za-z0-9:-]+$",
)
RANGE = Parameter(name="Range", description="This region's address range", pattern=f"^{_RANGE}$")
LAUNCH_RANGE = Parameter(
    name="LaunchRange", description="The launch region's address range", pattern=f"^{_RANGE}$"
)
LAUNCH_VPC_ID = Parameter(
    name="LaunchVpcId", description="The launch region's VPC", pattern=r"^vpc-[0-9a-f]+$"
)
VPC_ID = Parameter(name="VpcId", description="This region's VPC", pattern=r"^vpc-[0-9a-f]+$")
PRIVATE_SUBNET_IDS = Parameter(
    name="PrivateSubnetIds",
    description="Where functions run in this region",
    type="CommaDelimitedList",
    pattern=r"^subnet-[0-9a-f]+$",
)
ISOLATED_SUBNET_IDS = Parameter(
    name="IsolatedSubnetIds",
    description="Where the database runs in this region",
    type="CommaDelimitedList",
    pattern=r"^subnet-[0-9a-f]+$",
)
FUNCTION_SECURITY_GROUP_ID = Parameter(
    name="FunctionSecurityGroupId",
    description="What functions may reach in this region",
    pattern=r"^sg-[0-9a-f]+$",
)
WRITER_ENDPOINT = Parameter(
    name="WriterEndpoint",
    description="The name that leads to the database's writer",
    pattern=r"^[a-z0-9.-]+$",
)
SERVING_REGIONS = Parameter(
    name="ServingRegions",
    description="The regions that serve at first, with commas between them",
    pattern=f"^{_REGION}(,{_REGION})?$",
)
VOTES_REGION = Parameter(
    name="VotesRegion",
    description="The peer region, which the witness tells what it finds",
    pattern=f"^{_REGION}$",
)
LAUNCH_ENDPOINT = Parameter(
    name="LaunchEndpoint",
    description="The transaction API in the launch region",
    pattern=r"^https://[a-z0-9.-]+/[a-z0-9]+/$",
)
