"""``AWS::RDS::DBCluster``: an Aurora PostgreSQL cluster, alone or a member of a global one.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known, refuse_replacement, tags
from .tagging import retag

TYPE = "AWS::RDS::DBCluster"
TAGS = "Tags"
FIXED = (
    "DBClusterIdentifier",
    "DBSubnetGroupName",
    "DatabaseName",
    "Engine",
    "KmsKeyId",
    "ManageMasterUserPassword",
    "MasterUsername",
    "Port",
    "SnapshotIdentifier",
    "StorageEncrypted",
)
CHANGEABLE = (
    "BackupRetentionPeriod",
    "CopyTagsToSnapshot",
    "DBClusterParameterGroupName",
    "DeletionProtection",
    "EnableIAMDatabaseAuthentication",
    "EngineVersion",
    "MasterUserPassword",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "ServerlessV2ScalingConfiguration",
    "VpcSecurityGroupIds",
)
SWITCHES = ("CopyTagsToSnapshot", "DeletionProtection", "EnableIAMDatabaseAuthentication")
LOGS, GLOBAL = "EnableCloudwatchLogsExports", "GlobalClusterIdentifier"
PROPERTIES = (*FIXED, *CHANGEABLE, LOGS, GLOBAL)
SNAPSHOT = "SnapshotIdentifier"
INHERITED = ("DatabaseName", "MasterUserPassword", "MasterUsername", "StorageEncrypted")
"""What a cluster has from its snapshot; only encryption may be stated all the same."""
AFTER_RESTORING = ("BackupRetentionPeriod", "PreferredBackupWindow", "PreferredMaintenanceWindow")
"""What RDS takes no word on while it restores."""


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it; its server starts with its first instance."""
    known(properties, ("Tags", *PROPERTIES))
    name = properties.get("DBClusterIdentifier") or f"{stack_name}-{logical_id}".lower()
    wanted = {each: properties[each] for each in PROPERTIES if each in properties}
    wanted |= {"DBClusterIdentifier": name, "Tags": tags(properties)}
    if SNAPSHOT in properties:
        _restore(wanted)
    else:
        here("rds").create_db_cluster(**wanted)
    return _made(name)


def _restore(wanted: dict[str, Any]) -> None:
    """Make it from a snapshot, and set then what can't be set with that."""
    if GLOBAL in wanted or any(each in wanted for each in INHERITED[:-1]):
        raise ValueError(
            f"{wanted['DBClusterIdentifier']} has {', '.join(INHERITED[:-1])} from its snapshot, and "
            "joins no global cluster: say none of them"
        )
    later = {each: wanted[each] for each in AFTER_RESTORING if each in wanted}
    known_then = {each: value for each, value in wanted.items() if each not in (*later, *INHERITED)}
    rds, name = here("rds"), wanted["DBClusterIdentifier"]
    rds.restore_db_cluster_from_snapshot(**known_then)
    if later:
        rds.modify_db_cluster(DBClusterIdentifier=name, ApplyImmediately=True, **later)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Settings change in place; leaving the global cluster does, joining one does not."""
    known(new, ("Tags", *PROPERTIES))
    if any(old.get(each) != new.get(each) for each in FIXED):
        refuse_replacement(TYPE, physical_id)
    if new.get(GLOBAL) and old.get(GLOBAL) != new[GLOBAL]:
        raise ValueError(
            f"The embedded AWS adds no existing cluster to a global one: {physical_id}"
        )
    rds, record = here("rds"), _describe(physical_id)
    if old.get(GLOBAL) and not new.get(GLOBAL):
        _leave(rds, record)
    changed = {each: new[each] for each in CHANGEABLE if each in new and old.get(each) != new[each]}
    changed |= {each: False for each in SWITCHES if each in old and each not in new}
    before, after = set(old.get(LOGS, ())), set(new.get(LOGS, ()))
    if before != after:
        changed["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(after - before),
            "DisableLogTypes": sorted(before - after),
        }
    if changed:
        rds.modify_db_cluster(DBClusterIdentifier=physical_id, ApplyImmediately=True, **changed)
    retag(rds, record["DBClusterArn"], old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Take it out of its global cluster and delete it, unless it is protected."""
    rds = here("rds")
    try:
        record = _describe(physical_id)
        if record["DeletionProtection"]:
            raise ValueError(
                "Cannot delete protected Cluster, please disable deletion protection and try again."
            )
        _leave(rds, record)
        rds.delete_db_cluster(DBClusterIdentifier=physical_id, SkipFinalSnapshot=True)
    except ClientError as error:
        if error.response["Error"]["Code"] != "DBClusterNotFoundFault":
            raise ValueError(error.response["Error"]["Message"]) from error


def refuse_snapshot(physical_id: str, properties: dict[str, Any]) -> None:
    """What a stack's deletion takes of a cluster whose template says nothing of it.

    Raises:
        ValueError: Always.
    """
    raise ValueError(
        f"The embedded AWS takes no snapshot of {physical_id}: its DeletionPolicy, Snapshot unless "
        "the template says otherwise, must be Delete, Retain or RetainExceptOnCreate"
    )


def _leave(rds: Any, record: dict[str, Any]) -> None:
    if record.get(GLOBAL):
        rds.remove_from_global_cluster(
            GlobalClusterIdentifier=record[GLOBAL], DbClusterIdentifier=record["DBClusterArn"]
        )


def _describe(name: str) -> dict[str, Any]:
    answer = here("rds").describe_db_clusters(DBClusterIdentifier=name)
    found: dict[str, Any] = answer["DBClusters"][0]
    return found


def _made(name: str) -> Made:
    record = _describe(name)
    attributes = {
        "DBClusterArn": record["DBClusterArn"],
        "DBClusterResourceId": record["DbClusterResourceId"],
        "Endpoint.Address": record["Endpoint"],
        "Endpoint.Port": str(record["Port"]),
        "ReadEndpoint.Address": record["ReaderEndpoint"],
    }
    if "MasterUserSecret" in record:
        attributes["MasterUserSecret.SecretArn"] = record["MasterUserSecret"]["SecretArn"]
    return name, attributes
