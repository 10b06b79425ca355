"""The database that the guard looks after, as its properties name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from response import client, ignoring, text

PROPERTIES = (
    "GlobalCluster",
    "LaunchCluster",
    "PeerCluster",
    "LaunchInstance",
    "PeerInstance",
    "DatabaseGroup",
    "DatabaseSecretName",
)


@dataclass(frozen=True)
class Half:
    """The cluster of one region.

    Args:
        rds: An RDS client of the region.
        cluster: The cluster's identifier.
        instance: The one instance that the templates made.
    """

    rds: Any
    cluster: str
    instance: str

    def describe(self) -> dict[str, Any]:
        """The cluster's description; empty when it is gone."""
        with ignoring("DBClusterNotFoundFault"):
            found: dict[str, Any] = self.rds.describe_db_clusters(DBClusterIdentifier=self.cluster)[
                "DBClusters"
            ][0]
            return found
        return {}

    def instances(self) -> list[str]:
        """The identifiers of its instances, those under deletion too."""
        members = self.describe().get("DBClusterMembers", ())
        return [str(member["DBInstanceIdentifier"]) for member in members]

    def delete_instance(self, name: str) -> None:
        """Begin to delete an instance, unless it is gone, or its state does not let it be."""
        with ignoring("DBInstanceNotFound", "InvalidDBInstanceState", "InvalidDBClusterStateFault"):
            self.rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@dataclass(frozen=True)
class GuardedDatabase:
    """A global database.

    Args:
        global_cluster: The global cluster's identifier.
        launch: The launch region's half.
        peer: The peer region's.
        group: The name of subnet group and parameter group in each region.
        secret: The name of the master user's secret.
    """

    global_cluster: str
    launch: Half
    peer: Half
    group: str
    secret: str

    def __iter__(self) -> Iterator[Half]:
        """Both halves, the peer's first: it must leave before the writer can."""
        yield self.peer
        yield self.launch


def guarded_database(event: dict[str, Any]) -> GuardedDatabase | None:
    """The database; None for a launch of a release that had none, and so names nothing of it.

    Raises:
        Refused: Some of its names are there and some are not.
    """
    if not any(name in event["ResourceProperties"] for name in PROPERTIES):
        return None
    launch, peer = (
        Half(
            client("rds", text(event, f"{side}Region")),
            text(event, f"{side}Cluster"),
            text(event, f"{side}Instance"),
        )
        for side in ("Launch", "Peer")
    )
    return GuardedDatabase(
        text(event, "GlobalCluster"),
        launch,
        peer,
        text(event, "DatabaseGroup"),
        text(event, "DatabaseSecretName"),
    )
