"""Which region holds the writer of an Aurora global database."""

from __future__ import annotations

from response import client, ignoring


def writer_region(global_cluster: str, region: str) -> str:
    """The writer's region; ``region`` itself where there is no such database.

    Args:
        global_cluster: The global cluster's identifier.
        region: The region to ask.
    """
    with ignoring("GlobalClusterNotFoundFault"):
        found = client("rds", region).describe_global_clusters(
            GlobalClusterIdentifier=global_cluster
        )["GlobalClusters"][0]
        for member in found["GlobalClusterMembers"]:
            if member["IsWriter"]:
                return str(member["DBClusterArn"]).split(":")[3]
    return region
