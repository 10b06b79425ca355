"""Deletes an Aurora global database: instances, clusters, the global cluster, and what it was made with;
and the snapshots of it that a recovery kept.

Each round looks at everything, does what RDS lets be done now, in both regions, and looks again until
nothing is left; so a purge that was cut off goes on where it stopped. The peer's cluster leaves the
global cluster first, because the writer is the last that may; no final snapshot is taken.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-deleting.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

from deadline import Deadline
from guarded_database import GuardedDatabase, Half
from response import ignoring

BUSY = ("InvalidDBClusterStateFault", "InvalidGlobalClusterStateFault")
"""RDS is at something else, or something else must go first."""
GONE = ("DBClusterNotFoundFault", "GlobalClusterNotFoundFault")


def purge_database(database: GuardedDatabase, *, deadline: Deadline) -> None:
    """Delete the database with all it holds, and then its subnet and parameter groups.

    Raises:
        Refused, Unfinished: Time is short.
    """
    deadline.repeat(lambda: _delete_database(database))
    for half in database:
        deadline.repeat(partial(_delete_snapshots, half, database.global_cluster))
        _purge_groups(half.rds, database.group, deadline)


def purge_half(database: GuardedDatabase, half: Half, *, deadline: Deadline) -> None:
    """Delete the cluster of one region, which is not the writer, and its groups.

    Raises:
        Refused, Unfinished: Time is short.
    """
    deadline.repeat(
        lambda: _delete_half(half, database.global_cluster, _members(_global_cluster(database)))
    )
    _purge_groups(half.rds, database.group, deadline)


def _delete_database(database: GuardedDatabase) -> bool:
    """Whether anything was left."""
    found = _global_cluster(database)
    members = _members(found)
    left = [_delete_half(half, database.global_cluster, members) for half in database]
    name = {"GlobalClusterIdentifier": database.global_cluster}
    if found.get("DeletionProtection"):
        database.launch.rds.modify_global_cluster(**name, DeletionProtection=False)
    elif found and not members:
        with ignoring(*BUSY, *GONE):
            database.launch.rds.delete_global_cluster(**name)
    return bool(found) or any(left)


def _global_cluster(database: GuardedDatabase) -> dict[str, Any]:
    """Its description; empty when it is gone."""
    with ignoring("GlobalClusterNotFoundFault"):
        description: dict[str, Any] = database.launch.rds.describe_global_clusters(
            GlobalClusterIdentifier=database.global_cluster
        )["GlobalClusters"][0]
        return description
    return {}


def _members(global_cluster: dict[str, Any]) -> dict[str, bool]:
    """The clusters' ARNs, with whether each is the writer."""
    return {
        each["DBClusterArn"]: each["IsWriter"]
        for each in global_cluster.get("GlobalClusterMembers", ())
    }


def _delete_half(half: Half, global_cluster: str, members: dict[str, bool]) -> bool:
    """Do for one cluster what it lets be done; whether it was there."""
    found = half.describe()
    if not found:
        return False
    arn = found["DBClusterArn"]
    if found["DeletionProtection"]:
        with ignoring(*BUSY, *GONE):
            half.rds.modify_db_cluster(
                DBClusterIdentifier=half.cluster, DeletionProtection=False, ApplyImmediately=True
            )
    if arn in members and (len(members) == 1 or not members[arn]):
        with ignoring(*BUSY, *GONE):
            half.rds.remove_from_global_cluster(
                GlobalClusterIdentifier=global_cluster, DbClusterIdentifier=arn
            )
    for member in found["DBClusterMembers"]:
        half.delete_instance(member["DBInstanceIdentifier"])
    if not (found["DeletionProtection"] or arn in members or found["DBClusterMembers"]):
        with ignoring(*BUSY, *GONE):
            # Backups that AWS Backup's continuous rule made would be kept without a word.
            half.rds.delete_db_cluster(
                DBClusterIdentifier=half.cluster,
                SkipFinalSnapshot=True,
                DeleteAutomatedBackups=True,
            )
    return True


def _delete_snapshots(half: Half, global_cluster: str) -> bool:
    """Whether there was one: a recovery names those it keeps after the global cluster."""
    pages = half.rds.get_paginator("describe_db_cluster_snapshots").paginate(
        DBClusterIdentifier=half.cluster, SnapshotType="manual"
    )
    found = [
        each["DBClusterSnapshotIdentifier"] for page in pages for each in page["DBClusterSnapshots"]
    ]
    kept = [name for name in found if name.startswith(f"{global_cluster}-")]
    for name in kept:
        with ignoring("DBClusterSnapshotNotFoundFault", "InvalidDBClusterSnapshotStateFault"):
            half.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    return bool(kept)


def _purge_groups(rds: Any, group: str, deadline: Deadline) -> None:
    deadline.repeat(lambda: _delete_groups(rds, group))


def _delete_groups(rds: Any, group: str) -> bool:
    """Whether there was one of them, which RDS may not have let go."""
    left = False
    with ignoring("DBSubnetGroupNotFoundFault"):
        rds.describe_db_subnet_groups(DBSubnetGroupName=group)
        left = True
        with ignoring("InvalidDBSubnetGroupStateFault"):
            rds.delete_db_subnet_group(DBSubnetGroupName=group)
    with ignoring("DBParameterGroupNotFound"):
        rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=group)
        left = True
        with ignoring("InvalidDBParameterGroupState"):
            rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=group)
    return left
