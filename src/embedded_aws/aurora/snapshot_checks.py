"""What RDS refuses of cluster snapshots, and of a cluster whose global cluster changes its writer.

See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterSnapshot.html and
API_RestoreDBClusterFromSnapshot.html there
"""

from __future__ import annotations

import re
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds

from ..extension import require
from ..regions import state
from . import databases, snapshots
from .checks import RefusedError, enabled_key
from .databases import Record

Params = dict[str, Any]

_value = require(rds, "_p")
_instances = require(rds, "_instances")
_resolve_cluster = require(rds, "_resolve_cluster")
_NAME = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9]){0,254}")
_NOT_FOUND = "DBClusterSnapshotNotFoundFault"


def settled(cluster: str) -> None:
    """Check that no promotion is under way in the cluster's global cluster, if it has one."""
    record = _resolve_cluster(cluster) or {}
    found = databases.global_cluster(get_account_id(), record.get("GlobalClusterIdentifier") or "")
    if found is not None and found.get("FailoverState"):
        raise RefusedError(
            "InvalidDBClusterStateFault",
            f"DB cluster {cluster} is not available: its global cluster "
            f"{found['GlobalClusterIdentifier']} is {found['Status']}",
        )


def settled_instance(instance: str) -> None:
    """The same of an instance's cluster."""
    settled(_instances.get(instance, {}).get("DBClusterIdentifier", ""))


def copy(params: Params) -> tuple[Record, str, str]:
    """Check CopyDBClusterSnapshot.

    Returns:
        The snapshot, the copy's name and the copy's key.
    """
    source = _found(_value(params, "SourceDBClusterSnapshotIdentifier"))
    name = _value(params, "TargetDBClusterSnapshotIdentifier")
    if not _NAME.fullmatch(name):
        raise RefusedError(
            "InvalidParameterValue",
            f"The parameter TargetDBClusterSnapshotIdentifier is not a valid identifier: {name}",
        )
    if snapshots.find(get_account_id(), get_region(), name) is not None:
        raise RefusedError(
            "DBClusterSnapshotAlreadyExistsFault",
            f"Cannot create the snapshot because a snapshot with the identifier {name} already "
            "exists.",
        )
    asked, region = _value(params, "KmsKeyId"), source["DBClusterSnapshotArn"].split(":")[3]
    if source["StorageEncrypted"] and region != get_region() and not asked:
        raise RefusedError(
            "InvalidParameterCombination", f"KmsKeyId, a key of {get_region()}, must be given"
        )
    return source, name, enabled_key(asked) if asked else source["KmsKeyId"]


def deletion(name: str) -> Record:
    """Check DeleteDBClusterSnapshot.

    Returns:
        The snapshot; empty if there is none, as RDS will say.
    """
    found = snapshots.find(get_account_id(), get_region(), name) or {}
    if found and found["SnapshotType"] != "manual":
        raise RefusedError(
            "InvalidDBClusterSnapshotStateFault",
            f"Only manual snapshots may be deleted, and {name} is {found['SnapshotType']}",
        )
    return found


def restoration(params: Params) -> Record:
    """Check RestoreDBClusterFromSnapshot.

    Returns:
        The snapshot.
    """
    found = _found(_value(params, "SnapshotIdentifier"))
    if found["DBClusterSnapshotArn"].split(":")[3] != get_region():
        raise RefusedError(
            "InvalidParameterValue", "A snapshot is restored in its own region; copy it first"
        )
    if _value(params, "Engine") != found["Engine"]:
        raise RefusedError(
            "InvalidParameterValue",
            f"The snapshot's engine is {found['Engine']}, not {_value(params, 'Engine')}",
        )
    return found


def _found(name: str) -> Record:
    found = snapshots.find(get_account_id(), get_region(), name)
    if found is None:
        raise RefusedError(_NOT_FOUND, f"DBClusterSnapshot not found: {name}")
    arn = found["DBClusterSnapshotArn"]
    if state.gone(arn.split(":")[3]):
        raise RefusedError(_NOT_FOUND, f"{arn}: its region does not answer")
    if not snapshots.holds_data(arn):
        raise RefusedError(
            "InvalidDBClusterSnapshotStateFault", f"The embedded AWS keeps no data of {arn}"
        )
    return found
