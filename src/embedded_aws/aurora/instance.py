"""``AWS::RDS::DBInstance``: an instance of an Aurora PostgreSQL cluster.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbinstance.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known, refuse_replacement, tags
from .tagging import retag

TYPE = "AWS::RDS::DBInstance"
TAGS = "Tags"
FIXED = (
    "AvailabilityZone",
    "DBClusterIdentifier",
    "DBInstanceIdentifier",
    "DBSubnetGroupName",
    "Engine",
)
CHANGEABLE = (
    "DBInstanceClass",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "PreferredMaintenanceWindow",
    "PromotionTier",
    "PubliclyAccessible",
)
UNCHANGED = (
    "AutoMinorVersionUpgrade",
    "EnablePerformanceInsights",
    "PerformanceInsightsRetentionPeriod",
)
"""What RDS would change in place, and is not changed here."""
PROPERTIES = (*FIXED, *CHANGEABLE, *UNCHANGED)


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it; the cluster's first starts the cluster's server."""
    known(properties, ("Tags", *PROPERTIES))
    if not properties.get("DBClusterIdentifier"):
        raise ValueError("The embedded AWS has instances of Aurora clusters alone")
    name = properties.get("DBInstanceIdentifier") or f"{stack_name}-{logical_id}".lower()
    wanted = {each: properties[each] for each in PROPERTIES if each in properties}
    here("rds").create_db_instance(
        **{**wanted, "DBInstanceIdentifier": name}, Tags=tags(properties)
    )
    return _made(name)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Settings change in place."""
    known(new, ("Tags", *PROPERTIES))
    if any(old.get(each) != new.get(each) for each in FIXED):
        refuse_replacement(TYPE, physical_id)
    for each in UNCHANGED:
        if old.get(each) != new.get(each):
            raise ValueError(f"The embedded AWS does not change {each} of an instance")
    rds = here("rds")
    changed = {each: new[each] for each in CHANGEABLE if each in new and old.get(each) != new[each]}
    if changed:
        rds.modify_db_instance(DBInstanceIdentifier=physical_id, ApplyImmediately=True, **changed)
    retag(rds, _describe(physical_id)["DBInstanceArn"], old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it; the cluster's last stops the cluster's server."""
    try:
        here("rds").delete_db_instance(DBInstanceIdentifier=physical_id, SkipFinalSnapshot=True)
    except ClientError as error:
        if error.response["Error"]["Code"] != "DBInstanceNotFound":
            raise ValueError(error.response["Error"]["Message"]) from error


def _describe(name: str) -> dict[str, Any]:
    answer = here("rds").describe_db_instances(DBInstanceIdentifier=name)
    found: dict[str, Any] = answer["DBInstances"][0]
    return found


def _made(name: str) -> Made:
    record = _describe(name)
    return name, {
        "DBInstanceArn": record["DBInstanceArn"],
        "DbiResourceId": record["DbiResourceId"],
        "Endpoint.Address": record["Endpoint"]["Address"],
        "Endpoint.HostedZoneId": record["Endpoint"]["HostedZoneId"],
        "Endpoint.Port": str(record["Endpoint"]["Port"]),
    }
