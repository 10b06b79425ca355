"""The snapshots that a recovery kept go with a purge, and no others; RDS is a stand-in that lists pages."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from guarded_database import Half
from purge_database import _delete_snapshots

LEDGER, CLUSTER = "dr-ledger-dev", "dr-ledger-dev-us-east-1"


class Rds:
    """Snapshots of a cluster, two to a page; one that is busy goes when it is asked again."""

    def __init__(self, *names: str, busy: str = "") -> None:
        self.names, self.busy = list(names), busy

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_db_cluster_snapshots"
        return self

    def paginate(self, **given: str) -> Any:
        assert given == {"DBClusterIdentifier": CLUSTER, "SnapshotType": "manual"}
        names = list(self.names)
        for start in range(0, len(names), 2):
            page = names[start : start + 2]
            yield {"DBClusterSnapshots": [{"DBClusterSnapshotIdentifier": name} for name in page]}

    def delete_db_cluster_snapshot(self, *, DBClusterSnapshotIdentifier: str) -> None:
        if DBClusterSnapshotIdentifier == self.busy:
            self.busy = ""
            code = "InvalidDBClusterSnapshotStateFault"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "DeleteDBClusterSnapshot")
        self.names.remove(DBClusterSnapshotIdentifier)


KEPT = [f"{LEDGER}-unplanned-global-failover-{number}" for number in range(3)]


@pytest.mark.parametrize("busy", ["", KEPT[1]])
def test_those_that_a_recovery_kept_go_until_none_is_left(busy: str) -> None:
    rds = Rds("somebodys-own", *KEPT, busy=busy)
    half = Half(rds, CLUSTER, f"{CLUSTER}-1")
    rounds = 0
    while _delete_snapshots(half, LEDGER):
        rounds += 1
        assert rounds < 5
    assert rds.names == ["somebodys-own"]
    assert rounds == (2 if busy else 1)
