"""A drill on a throw-away launch: what it launches, in which order, and that it always goes away again."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dr_catalog import names, provisioning
from dr_catalog.errors import LaunchError, RecoveryError, SetupError
from dr_catalog.failover import drilling
from dr_catalog.failover.drilling import clear, drill, throw_away_suffix
from dr_catalog.failover.load import Loss
from dr_catalog.failover.model import Writer
from dr_catalog.failover.outage import taken_away
from tests.provisioning.fakes import launch as launched

from .fakes import LAUNCH, PEER, PILOT, SITE, World, aws_of, record, world

PARAMETERS = {
    "EnvironmentSuffix": "dev",
    "PeerRegion": "/dr-catalog/peer-region",
    "DeletionProtection": "true",
    "OnTermination": "retain",
    "ZoneId": "Z1",
    "MinCapacity": "16",
}


@pytest.mark.parametrize("suffix", ["ab", "dev", "team-a1", "a" * 14, "a" * 15, "a" * 20])
def test_the_throw_aways_suffix_is_valid_and_its_own(suffix: str) -> None:
    made = throw_away_suffix(suffix)
    assert names.check_suffix(made) == made
    assert made == throw_away_suffix(suffix) != suffix
    assert made != throw_away_suffix(suffix[:-1] + "z")


class Stage:
    """`drill` with everything it calls replaced; ``did`` is what it did, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.did: list[str] = []
        self.world: World = world()
        self.aws = aws_of(self.world)
        self.launches = SimpleNamespace(
            account="222222222222",
            region=LAUNCH,
            peer_region=PEER,
            launch=lambda name: launched(name=name) if name in self.there else None,
        )
        self.there: set[str] = set()
        self.left: list[str] = []
        self.waived: list[tuple[str, ...]] = []
        self.fails = ""
        row = SimpleNamespace(product="warm-standby", version="1.3.0", layer="")
        detail = SimpleNamespace(status=row, parameters=PARAMETERS)
        outputs = {region: {"Endpoint": f"https://{region}/"} for region in (LAUNCH, PEER)}
        for module, name, value in (
            (provisioning, "detail", lambda *_: detail),
            (provisioning, "standing", lambda *_: [row]),
            (provisioning, "outputs", lambda *_: outputs),
            (provisioning, "plan_launch", self.plan_launch),
            (provisioning, "plan_termination", self.plan_termination),
            (drilling, "_perform", self.perform),
            (drilling, "_run", self.run),
            (drilling, "Load", lambda *_, **__: self),
            (drilling, "locate", lambda aws, suffix: SITE),
            (
                drilling,
                "losses",
                lambda *_, **__: (Loss(store="table", confirmed=9, lost=("a",), seconds=1.5),),
            ),
            (drilling, "left", lambda *_: self.left),
        ):
            monkeypatch.setattr(module, name, value)
        self.confirmed: list[Any] = []

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.did.append("stops writing")

    def wait_for(self, count: int, *, region: str) -> None:
        self.did.append(f"writes in {region}")

    def silence(self) -> float:
        return 3.0

    def plan_launch(self, _: Any, request: Any) -> Any:
        self.request = request
        return f"launch {request.suffix}"

    def plan_termination(self, _: Any, suffix: str) -> Any:
        return f"terminate {suffix}"

    def perform(self, _: Any, step: str) -> None:
        self.did.append(step)
        verb, suffix = step.split()
        (self.there.add if verb == "launch" else self.there.discard)(f"dr-{suffix}")
        if self.fails == verb:
            raise LaunchError("it failed")

    def run(self, aws: Any, site: Any, operation: str, **given: Any) -> Any:
        self.did.append(operation)
        self.waived.append(given.get("overrides", ()))
        if self.fails == operation:
            raise RecoveryError("it failed")
        self.world.writer = Writer(region=PEER if operation == "failover" else LAUNCH)
        return SimpleNamespace(record=record(operation=operation))

    def drill(self) -> Any:
        return drill(self.aws, self.launches, "dev", tell=lambda words: None)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(monkeypatch)
    call = made.aws.call.side_effect
    made.kept = {}

    def put(service: str, operation: str, region: str, **given: Any) -> Any:
        if operation != "put_object":
            return call(service, operation, region, **given)
        made.kept[given["Key"]] = given["Body"].decode()
        return {}

    made.aws.call.side_effect = put
    return made


WHOLE = [
    "launch drill-dev",
    f"writes in {LAUNCH}",
    "failover",
    f"writes in {PEER}",
    "stops writing",
    "failback",
    "terminate drill-dev",
]


def test_a_drill_from_launch_to_termination(stage: Stage) -> None:
    done = stage.drill()
    assert stage.did == WHOLE
    assert (done.product, done.silence, done.survived[0].lost) == (
        "warm-standby 1.3.0",
        3.0,
        ("a",),
    )
    assert "by fencing only" in done.how
    assert stage.request.parameters == {
        "DeletionProtection": "false",
        "OnTermination": "purge",
        "ZoneId": "",
        "MinCapacity": "16",
    }
    assert (stage.request.product, stage.request.version) == ("warm-standby", "1.3.0")


def test_only_a_peer_at_rest_is_drilled_with_a_loss_that_nobody_knows(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.drill()
    assert stage.waived == [("answers",), ()]
    monkeypatch.setattr(drilling, "locate", lambda aws, suffix: PILOT)
    stage.drill()
    assert stage.waived[2:] == [("answers", "lag"), ()]


def test_layers_that_were_launched_one_by_one_are_not_launched_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [SimpleNamespace(layer=layer) for layer in ("kms", "vpc")]
    monkeypatch.setattr(provisioning, "standing", lambda *_: rows)
    with pytest.raises(RecoveryError, match="can't be drilled on a throw-away launch") as caught:
        stage.drill()
    assert "`dr-catalog drill --suffix dev`" in caught.value.hint
    assert stage.did == []


def test_what_it_showed_is_kept_with_the_launch_that_was_drilled(stage: Stage) -> None:
    done = stage.drill()
    told = json.loads(stage.kept["dr-recovery/failover-1/drill.json"])
    assert told["survived"] == [{"store": "table", "confirmed": 9, "lost": ["a"], "seconds": 1.5}]
    assert "9 confirmed, 1 lost" in stage.kept["dr-recovery/failover-1/drill.html"]
    assert (
        done.kept == f"s3://dr-documents-dev-222222222222-{PEER}/dr-recovery/failover-1/drill.json"
    )


@pytest.mark.parametrize("fails", ["launch", "failover", "failback"])
def test_whatever_fails_it_is_terminated(stage: Stage, fails: str) -> None:
    stage.fails = fails
    with pytest.raises((LaunchError, RecoveryError)):
        stage.drill()
    if fails == "failback":
        assert stage.did[-1] == "failback"  # tried again, and the launch stays as its error says
        return
    assert stage.did[-1] == "terminate drill-dev"
    assert stage.there == set()


def test_what_an_interrupted_drill_left_is_cleared_first(stage: Stage) -> None:
    stage.there, stage.world.writer = {"dr-drill-dev"}, Writer(region=PEER, epoch=2)
    stage.drill()
    assert stage.did == ["failback", "terminate drill-dev", *WHOLE]


def test_what_is_left_behind_is_named(stage: Stage) -> None:
    stage.there, stage.left = {"dr-drill-dev"}, ["role dr-x-drill-dev"]
    with pytest.raises(RecoveryError, match="left 2 things behind") as failed:
        clear(stage.aws, stage.launches, "drill-dev", tell=lambda words: None)
    assert f"role dr-x-drill-dev in {PEER}" in failed.value.why


def test_a_termination_that_fails_names_the_command(stage: Stage) -> None:
    stage.there, stage.fails = {"dr-drill-dev"}, "terminate"
    with pytest.raises(RecoveryError) as failed:
        clear(stage.aws, stage.launches, "drill-dev", tell=lambda words: None)
    assert failed.value.hint == "`dr-catalog terminate --suffix drill-dev --yes`"


@pytest.fixture
def simulation() -> Iterator[Any]:
    """Something that listens for controls; ``status`` is what it answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append((self.path, json.loads(body)))
            self.send_response(told.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = SimpleNamespace(got=[], status=200, url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def test_a_region_is_given_back_whatever_happens(simulation: Any) -> None:
    with contextlib.suppress(RuntimeError), taken_away(simulation.url, LAUNCH) as lose:
        lose()
        raise RuntimeError
    assert simulation.got == [
        ("/_embedded/regions", {"region": LAUNCH, "mode": "gone"}),
        ("/_embedded/regions", {"region": LAUNCH, "mode": "here"}),
    ]


def test_what_knows_no_such_control_is_told(simulation: Any) -> None:
    simulation.status = 404
    with (
        pytest.raises(SetupError, match="does not take us-east-1 away"),
        taken_away(simulation.url, LAUNCH) as lose,
    ):
        lose()


def test_on_aws_no_region_is_taken_away() -> None:
    with taken_away("", LAUNCH) as lose:
        lose()
