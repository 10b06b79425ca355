"""What a recovery moves, and what moves traffic, as the one who composes it says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecoveredDatabase:
    """The global database.

    Args:
        global_cluster: The global cluster's identifier.
        launch_cluster: The cluster in the launch region.
        peer_cluster: The cluster in the peer region.
        port: The port of both.
        database: The database.
        user: The role that logs in by IAM token.
        ready_capacity: The least ACU with which the peer's cluster is promoted.
    """

    global_cluster: str
    launch_cluster: str
    peer_cluster: str
    port: str
    database: str
    user: str
    ready_capacity: str


@dataclass(frozen=True)
class Recovered:
    """What a recovery moves, and the promise it is measured by.

    Args:
        table: The transactions table, the same name in both regions.
        status_index: Its index by status.
        launch_bucket: The documents in the launch region.
        peer_bucket: The documents in the peer region.
        launch_endpoint: The launch region's API, ending in ``/``.
        peer_endpoint: The peer's.
        processor: The function behind both.
        rpo_seconds: Seconds of writes that a failover may lose.
        rto_seconds: Seconds from the request until traffic has moved.
        database: The global database, where there is one.
        both_serve: Whether both regions serve and write: a failover then moves the database's writer alone.
        switches_on: Whether the peer's processor is off until a recovery switches it on, and its cluster
            has no instance until a recovery makes one; after the failback both are as they were.
    """

    table: str
    status_index: str
    launch_bucket: str
    peer_bucket: str
    launch_endpoint: str
    peer_endpoint: str
    processor: str
    rpo_seconds: int
    rto_seconds: int
    database: RecoveredDatabase | None = None
    both_serve: bool = False
    switches_on: bool = False


@dataclass(frozen=True)
class Traffic:
    """What moves traffic; all of it is empty without a zone.

    Args:
        serving_parameter: The SSM parameter that says which region serves.
        control_metric: The function that publishes it.
        url: The API's name in whichever region serves.
    """

    serving_parameter: str = ""
    control_metric: str = ""
    url: str = ""
