"""What the recovery function's environment says; all of it is literal, so that nothing is looked up.

The function runs in the peer region, ``AWS_REGION``. What a launch lacks, a database or a zone, is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

APPROVE, AUTOMATIC = "approve", "automatic"
PROCESSOR_TIMEOUT = 15
"""Seconds; the same as the time-out of the processor's function."""
DNS_SECONDS = 240
"""A minute of the control metric, the health check's periods and the records' TTL, with one for the slow."""


@dataclass(frozen=True)
class DatabaseSettings:
    """The database, where the tier has one.

    Attributes:
        global_cluster: ``GLOBAL_CLUSTER``.
        clusters: By region, of ``LAUNCH_CLUSTER`` and ``PEER_CLUSTER``.
        port: ``LEDGER_PORT``.
        database: ``LEDGER_DATABASE``.
        user: ``LEDGER_USER``, who logs in by IAM token.
        ready_capacity: ``READY_CAPACITY``: the least ACU with which a cluster is promoted.
    """

    global_cluster: str
    clusters: Mapping[str, str]
    port: int
    database: str
    user: str
    ready_capacity: float


@dataclass(frozen=True)
class RecoverySettings:
    """The environment of the function, read once.

    Attributes:
        suffix: ``SUFFIX``.
        launch: ``LAUNCH_REGION``.
        peer: ``AWS_REGION``.
        mode: ``FAILOVER_MODE``: ``approve`` or ``automatic``.
        witness: ``WITNESS_REGION``, a third region whose probe votes too; empty for none.
        rpo: ``RPO_SECONDS``, the tier's promise.
        rto: ``RTO_SECONDS``, the tier's promise.
        cooldown: ``COOLDOWN_SECONDS`` after a run in which detection starts none.
        drain: ``DRAIN_SECONDS`` that a request of the processor may take, by default its time-out.
        state_table: ``RECOVERY_TABLE``, the same name in both regions.
        table: ``TABLE_NAME``, the transactions table.
        index: ``STATUS_INDEX``, its index by status and time.
        buckets: By region, of ``LAUNCH_BUCKET`` and ``PEER_BUCKET``.
        endpoints: By region, of ``LAUNCH_ENDPOINT`` and ``PEER_ENDPOINT``: the APIs, ending in ``/``.
        processor: ``PROCESSOR``, the function behind both.
        topic: ``TOPIC_ARN``, in the peer.
        serving_parameter: ``SERVING_PARAMETER``; empty without a zone.
        control_metric: ``CONTROL_METRIC``, the function that publishes it; empty without a zone.
        zone_url: ``ZONE_URL``, the name for both regions; empty without a zone.
        simulation: Whether this is the embedded AWS: ``AWS_ENDPOINT_URL`` is there.
        database: None where there is none.
        switches_on: ``SWITCHES_ON``, ``yes``: the peer's processor is off at rest and its cluster has no
            instance; a recovery switches the one on and makes the other.
        both_serve: ``BOTH_SERVE``, ``true``: both regions take writes into the table at any time; a recovery
            moves the ledger's writer alone.
        linger: ``LINGER_SECONDS`` that the peer stays on once a failback has moved the traffic, by default
            as long as DNS may lead callers there.
    """

    suffix: str
    launch: str
    peer: str
    mode: str
    rpo: int
    rto: int
    cooldown: int
    state_table: str
    table: str
    index: str
    buckets: Mapping[str, str]
    endpoints: Mapping[str, str]
    processor: str
    topic: str
    serving_parameter: str = ""
    control_metric: str = ""
    zone_url: str = ""
    simulation: bool = False
    database: DatabaseSettings | None = None
    drain: int = PROCESSOR_TIMEOUT
    witness: str = ""
    switches_on: bool = False
    linger: int = DNS_SECONDS
    both_serve: bool = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> RecoverySettings:
        """The settings of this environment.

        Raises:
            KeyError: A variable is missing.
            ValueError: A number is none, or the mode is unknown.
        """
        launch, peer = environment["LAUNCH_REGION"], environment["AWS_REGION"]

        def both(name: str) -> dict[str, str]:
            return {launch: environment[f"LAUNCH_{name}"], peer: environment[f"PEER_{name}"]}

        mode = environment["FAILOVER_MODE"]
        if mode not in (APPROVE, AUTOMATIC):
            raise ValueError(f"FAILOVER_MODE is '{mode}', and must be {APPROVE} or {AUTOMATIC}")
        database = None
        if environment.get("GLOBAL_CLUSTER"):
            database = DatabaseSettings(
                global_cluster=environment["GLOBAL_CLUSTER"],
                clusters=both("CLUSTER"),
                port=int(environment["LEDGER_PORT"]),
                database=environment["LEDGER_DATABASE"],
                user=environment["LEDGER_USER"],
                ready_capacity=float(environment["READY_CAPACITY"]),
            )
        return cls(
            suffix=environment["SUFFIX"],
            launch=launch,
            peer=peer,
            mode=mode,
            rpo=int(environment["RPO_SECONDS"]),
            rto=int(environment["RTO_SECONDS"]),
            cooldown=int(environment["COOLDOWN_SECONDS"]),
            state_table=environment["RECOVERY_TABLE"],
            table=environment["TABLE_NAME"],
            index=environment["STATUS_INDEX"],
            buckets=both("BUCKET"),
            endpoints=both("ENDPOINT"),
            processor=environment["PROCESSOR"],
            topic=environment["TOPIC_ARN"],
            serving_parameter=environment.get("SERVING_PARAMETER", ""),
            control_metric=environment.get("CONTROL_METRIC", ""),
            zone_url=environment.get("ZONE_URL", ""),
            simulation="AWS_ENDPOINT_URL" in environment,
            database=database,
            drain=int(environment.get("DRAIN_SECONDS", PROCESSOR_TIMEOUT)),
            witness=environment.get("WITNESS_REGION", ""),
            switches_on=environment.get("SWITCHES_ON") == "yes",
            linger=int(environment.get("LINGER_SECONDS", DNS_SECONDS)),
            both_serve=environment.get("BOTH_SERVE") == "true",
        )

    def other(self, region: str) -> str:
        """The other region of the pair."""
        return self.peer if region == self.launch else self.launch
