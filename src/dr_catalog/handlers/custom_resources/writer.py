"""Which region holds the writer of an Aurora global database."""

from __future__ import annotations

from response import Refused, client, ignoring

SWITCHING = ("pending", "failing-over", "cancelling")


def writer_region(global_cluster: str, region: str) -> str:
    """The writer's region; ``region`` itself where there is no such database.

    Args:
        global_cluster: The global cluster's identifier.
        region: The region to ask.

    Raises:
        Refused: The writer is on its way from one region to another.
    """
    with ignoring("GlobalClusterNotFoundFault"):
        found = client("rds", region).describe_global_clusters(
            GlobalClusterIdentifier=global_cluster
        )["GlobalClusters"][0]
        if found.get("FailoverState", {}).get("Status") in SWITCHING:
            raise Refused(
                f"Nothing has been touched: the global cluster {global_cluster} is in the middle of "
                f"a switchover or a failover. Wait for its end, then repeat."
            )
        for member in found["GlobalClusterMembers"]:
            if member["IsWriter"]:
                return str(member["DBClusterArn"]).split(":")[3]
    return region
