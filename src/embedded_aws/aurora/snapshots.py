"""Cluster snapshots that hold data: a folder each, which nobody changes and copies share.

One is taken of a cluster that a failover left behind, before it follows the new writer: it may hold
the only copy of what that cluster accepted last. It is RDS's own, so it goes with its cluster; a copy
of it is kept. The others are AWS Backup's recovery points, which go with those. A snapshot of any other
kind holds no data here and can't be restored; nor does that of a cluster that has no server.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import rds

from ..extension import require
from . import folder
from .postgres import Server

Record = dict[str, Any]

PREFIX = "rds:unplanned-global-failover-"
AUTOMATED, MANUAL, BACKUP = "automated", "manual", "awsbackup"
_snapshots = require(rds, "_db_cluster_snapshots")
_create = require(rds, "_create_cluster_snapshot_internal")
_numbers = itertools.count(1)
_places: dict[str, Path] = {}


def keep(account: str, region: str, cluster: Record, server: Server) -> None:
    """Take the data of a cluster's server, which is stopped, as a snapshot."""
    place = _new_place()
    server.keep_data(place)
    now = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S-%f")[:-3]
    with request_scope(account, region):
        name = f"{PREFIX}{cluster['DBClusterIdentifier']}-{now}"
        _places[_made(name, cluster, AUTOMATED)] = place


def take(name: str, cluster: Record, server: Server | None) -> None:
    """Take the data of a cluster of this account and region, which goes on, as AWS Backup's snapshot.

    Args:
        server: Its server; None where it never had an instance, and then the snapshot holds no data.
    """
    arn = _made(name, cluster, BACKUP)
    if server is not None:
        _places[arn] = _new_place()
        server.save_data(_places[arn])


def _new_place() -> Path:
    return folder.root() / f"snapshot-{next(_numbers)}"


def _made(name: str, cluster: Record, kind: str) -> str:
    """A snapshot's record in this account and region; its ARN."""
    made = _create(name, cluster)
    made |= {
        "SnapshotType": kind,
        "VpcId": cluster.get("VpcId", ""),
        "_MasterUserPassword": cluster.get("_MasterUserPassword"),
    }
    return str(made["DBClusterSnapshotArn"])


def place(arn: str) -> Path:
    """The data of a snapshot.

    Raises:
        KeyError: It holds none.
    """
    return _places[arn]


def holds_data(arn: str) -> bool:
    """Whether a snapshot can be restored."""
    return arn in _places


def find(account: str, region: str, name: str) -> Record | None:
    """A snapshot by its name, or by an ARN of any region."""
    if name.startswith("arn:"):
        _, _, _, region, account, _, name = name.split(":", 6)
    found: Record | None = _snapshots.get_scoped(account, region, name)
    return found


def copy(
    source: Record, *, name: str, account: str, region: str, key: str, kind: str = MANUAL
) -> Record:
    """A snapshot with the same data.

    Args:
        source: The snapshot that is copied.
        key: The KMS key of the copy.
        kind: What kind of snapshot it is.
    """
    arn = f"arn:aws:rds:{region}:{account}:cluster-snapshot:{name}"
    made = {
        **source,
        "DBClusterSnapshotIdentifier": name,
        "DBClusterSnapshotArn": arn,
        "SnapshotType": kind,
        "KmsKeyId": key,
        "SourceDBClusterSnapshotArn": source["DBClusterSnapshotArn"],
    }
    _snapshots.set_scoped(account, region, name, made)
    if source["DBClusterSnapshotArn"] in _places:
        _places[arn] = _places[source["DBClusterSnapshotArn"]]
    return made


def delete(account: str, region: str, name: str) -> None:
    """Delete a snapshot, if it is there."""
    found = find(account, region, name)
    if found is not None:
        with request_scope(account, region):
            del _snapshots[name]
        drop(found["DBClusterSnapshotArn"])


def drop(arn: str) -> None:
    """Forget the data of a snapshot that was deleted, unless another shares them."""
    left = _places.pop(arn, None)
    if left is not None and left not in _places.values():
        shutil.rmtree(left, ignore_errors=True)


def drop_automated(account: str, region: str, cluster: str) -> None:
    """Delete RDS's own snapshots of a cluster that is deleted."""
    with request_scope(account, region):
        for name, snapshot in list(_snapshots.items()):
            if (snapshot["DBClusterIdentifier"], snapshot["SnapshotType"]) == (
                cluster,
                AUTOMATED,
            ):
                del _snapshots[name]
                drop(snapshot["DBClusterSnapshotArn"])


def forget() -> None:
    """Forget all data."""
    for arn in list(_places):
        drop(arn)
