"""A launch `dev` of which everything is well, as a wrapper of AWS that answers from plain data.

`World` holds what the services say; a test changes that and looks at what comes of it. A region in
`World.gone` does not answer.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import create_autospec

from dr_catalog import names
from dr_catalog.errors import NotFoundError, SetupError
from dr_catalog.failover.aws import Aws, as_run
from dr_catalog.failover.model import Lock, Site, Writer
from dr_catalog.provisioning.endpoint import Answer

LAUNCH, PEER = "us-east-1", "us-west-2"
ACCOUNT, CALLER = "222222222222", "arn:aws:sts::222222222222:assumed-role/on-call/jo"
NOW = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
MACHINE = f"arn:aws:states:{PEER}:{ACCOUNT}:stateMachine:dr-recovery-dev"
SITE = Site(
    suffix="dev",
    account=ACCOUNT,
    region=PEER,
    launch_region=LAUNCH,
    machine=MACHINE,
    told={
        "rpo-seconds": "60",
        "rto-seconds": "900",
        "launch-endpoint": "https://us-east-1.example/live/",
    },
)

PILOT = replace(SITE, told={**SITE.told, "peer-at-rest": "off"})
"""The same where the peer is off until a recovery switches it on."""
SERVING = replace(SITE, told={**SITE.told, "serves": "both"})
"""The same where both regions serve."""


def cluster(region: str) -> str:
    return names.LEDGER_CLUSTER.of(suffix="dev", region=region)


def arn(region: str) -> str:
    return f"arn:aws:rds:{region}:{ACCOUNT}:cluster:{cluster(region)}"


@dataclass
class World:
    """What the services of both regions say."""

    gone: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    writer: Writer = field(default_factory=lambda: Writer(region=LAUNCH))
    believed: Writer | None = None
    ready: bool = True
    settled: str = ""
    """What is still to be settled, where both regions serve."""
    database_writer: str = LAUNCH
    lock: Lock | None = None
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: dict[str, tuple[str, str]] = field(default_factory=dict)
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    counts: bool = True
    told: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    metrics: dict[tuple[str, str], float | dict[datetime, float]] = field(default_factory=dict)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    def call(self, service: str, operation: str, region: str, **given: Any) -> Any:
        self.reach(region)
        if operation == "get_metric_statistics":
            return self.points(given)
        found = self.answers.get((operation, region), self.answers.get((operation, "")))
        assert found is not None, f"{service} {operation} in {region} is not answered"
        if isinstance(found, Exception):
            raise found
        return copy.deepcopy(found)

    def points(self, given: dict[str, Any]) -> Any:
        (mark,) = [
            each["Value"]
            for each in given["Dimensions"]
            if each["Name"] in ("From", "Region", "DBClusterIdentifier")
        ]
        value = self.metrics.get((given["MetricName"], mark))
        values = {} if value is None else value if isinstance(value, dict) else {NOW: value}
        points = [
            {"Timestamp": at, "Maximum": each, "Minimum": each} for at, each in values.items()
        ]
        return {"Datapoints": points}

    def reach(self, region: str) -> None:
        if region in self.gone:
            raise SetupError(
                "AWS can't be reached", why=f"no answer from {region}", hint="check the network"
            )

    def parameter(self, name: str, region: str) -> str:
        self.reach(region)
        if name == names.PEER_REGION_PARAMETER:
            return SITE.other(region)
        if name not in self.parameters:
            raise NotFoundError(f"{name} is not there")
        return self.parameters[name]


def world(now: datetime = NOW) -> World:
    """All is well at this time."""
    instance = {"DBInstanceStatus": "available"}
    made = World(
        told={
            ("compute", region): {"endpoint": f"https://{region}.example/live/"}
            for region in (LAUNCH, PEER)
        }
        | {
            ("recovery", PEER): dict(SITE.told),
            ("monitoring", PEER): {"topic-arn": "arn:topic"},
            ("route53", PEER): {"domain-name": "dev.example.com"},
        },
        metrics={
            ("AuroraGlobalDBRPOLag", cluster(PEER)): 800,
            ("LaunchRegionAnswers", LAUNCH): 1,
            ("LaunchRegionAnswers", PEER): 1,
            ("Serving", LAUNCH): 1,
            ("Serving", PEER): 0,
        },
        parameters={
            names.parameter(suffix="dev", layer="route53", name="serving-region"): LAUNCH,
            names.parameter(suffix="dev", layer="guard", name="deletion-protection"): "true",
        },
    )
    made.answers = {
        ("describe_state_machine", ""): {"status": "ACTIVE", "stateMachineArn": MACHINE},
        ("get_function_configuration", ""): {"CodeSha256": "abc"},
        ("describe_db_instances", ""): {"DBInstances": [instance]},
        ("list_recovery_points_by_backup_vault", ""): {
            "RecoveryPoints": [
                {
                    "Status": "COMPLETED",
                    "ResourceArn": arn(LAUNCH),
                    "CreationDate": now - timedelta(minutes=40),
                }
            ]
        },
        ("describe_backup_vault", ""): {"CreationDate": now - timedelta(days=9)},
        ("describe_alarms", ""): {
            "MetricAlarms": [{"AlarmName": "dr-database-lag-dev", "StateValue": "OK"}],
            "CompositeAlarms": [{"AlarmName": "dr-launch-region-down-dev", "StateValue": "OK"}],
        },
        ("list_subscriptions_by_topic", ""): {"Subscriptions": [{}]},
        ("describe_stacks", ""): {"Stacks": [stack("CREATE_COMPLETE")]},
        **{
            ("describe_db_clusters", region): {
                "DBClusters": [
                    {
                        "DBClusterIdentifier": cluster(region),
                        "Status": "available",
                        "EngineVersion": "17.9",
                    }
                ]
            }
            for region in (LAUNCH, PEER)
        },
    }
    return made


def pilot() -> World:
    """All is well where the peer is off at rest: its API would not answer, and no metric comes."""
    made = world()
    made.answers["get_function_concurrency", ""] = {"ReservedConcurrentExecutions": 0}
    made.answers["describe_db_instances", ""] = {"DBInstances": []}
    made.off = {PEER}
    del made.metrics["AuroraGlobalDBRPOLag", cluster(PEER)]
    return made


def stack(status: str) -> dict[str, Any]:
    """A stack of the launch."""
    return {
        "StackName": "SC-1",
        "StackStatus": status,
        "Parameters": [{"ParameterKey": "EnvironmentSuffix", "ParameterValue": "dev"}],
    }


def aws_of(world: World, *, region: str = LAUNCH) -> Any:
    """`Aws` that answers from the world."""
    aws = create_autospec(Aws, instance=True)
    aws.region, aws.chosen_region, aws.local, aws.endpoint = region, "", False, ""

    def call(service: str, operation: str, region: str, **given: Any) -> Any:
        if operation == "describe_global_clusters":
            world.reach(region)
            members = [
                {"DBClusterArn": arn(each), "IsWriter": each == world.database_writer}
                for each in (LAUNCH, PEER)
            ]
            return {"GlobalClusters": [{"GlobalClusterMembers": members}]}
        return world.call(service, operation, region, **given)

    def caller(region: str) -> tuple[str, str]:
        world.reach(region)
        return ACCOUNT, CALLER

    def told(suffix: str, layer: str, region: str) -> dict[str, str]:
        world.reach(region)
        return world.told.get((layer, region), {})

    def machine(*, suffix: str, account: str, region: str) -> str:
        world.reach(region)
        return MACHINE if (suffix, region) == ("dev", PEER) else ""

    def get(endpoint: str, *, region: str, path: str) -> Answer:
        world.reach(region)
        assert region not in world.off, f"a call to {region}, which is off, is one turned away"
        role = "writer" if region == world.writer.region else "standby"
        checks: dict[str, Any] = {"lag": {"ok": True}} if role == "standby" else {}
        checks["settled"] = {"ok": not world.settled, "reason": world.settled}
        checks |= {} if world.ready else {"ledger": {"ok": False, "reason": "Timeout"}}
        return Answer(status=200, body={"ready": world.ready, "role": role, "checks": checks})

    def start(site: Site, *, run_id: str, given: dict[str, Any]) -> str:
        world.started.append((run_id, dict(given)))
        return execution(run_id)

    def decide(site: Site, **given: Any) -> tuple[bool, str]:
        world.decisions.append(given)
        return world.counts, "approved" if world.counts else "jo was first"

    def writer(site: Site, *, region: str = "") -> Writer:
        world.reach(region or PEER)
        return world.believed if region == LAUNCH and world.believed else world.writer

    def run(site: Site, run_id: str) -> Any:
        return as_run(world.runs[run_id]) if run_id in world.runs else None

    aws.call.side_effect, aws.caller.side_effect = call, caller
    aws.parameter.side_effect, aws.told.side_effect = world.parameter, told
    aws.machine.side_effect, aws.get.side_effect = machine, get
    aws.writer.side_effect = writer
    aws.lock.side_effect = lambda site: world.lock
    aws.run.side_effect = run
    aws.runs.side_effect = lambda site: tuple(map(as_run, world.runs.values()))
    aws.start.side_effect, aws.decide.side_effect = start, decide
    aws.execution.side_effect = lambda site, arn: world.executions.get(arn, ("", ""))
    return aws


def execution(name: str) -> str:
    return f"{MACHINE.replace('stateMachine', 'execution')}:{name}"


def record(run_id: str = "failover-1", **changes: Any) -> dict[str, Any]:
    """The record of a failover that has just ended well."""
    return {
        "run": run_id,
        "operation": "failover",
        "mode": "approve",
        "requestedBy": CALLER,
        "reason": "",
        "overrides": [],
        "began": "2026-01-05T03:00:00.000Z",
        "ended": "2026-01-05T03:01:00.000Z",
        "state": "done",
        "outcome": "done",
        "told": "us-west-2 serves",
        "execution": execution(run_id),
        "from": LAUNCH,
        "to": PEER,
        "epoch": 2,
        "steps": [step("lock"), step("promote")],
        "figures": {"rto": 42, "rtoPromise": 900, "rpo": {"database": 0.8}, "rpoPromise": 60},
        "approval": {},
        **changes,
    }


def step(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "step": name,
        "began": "2026-01-05T03:00:00.000Z",
        "ended": "2026-01-05T03:00:05.000Z",
        "outcome": "done",
        "looks": 1,
        "told": f"{name} is done",
        **changes,
    }
