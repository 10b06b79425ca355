"""Which version is what in which stage, what differs, and what the next stage's tenants get."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from dr_catalog.cli import pipeline_changes, pipeline_status
from dr_catalog.definitions import Catalog, Stage, load_catalog
from dr_catalog.definitions.product import DEFAULT_MARK
from dr_catalog.errors import SetupError
from dr_catalog.promotion import changes, gates, standing
from dr_catalog.promotion.changes import LONGEST, promotions, text
from dr_catalog.promotion.record import FAILED, WAITING, Record
from dr_catalog.promotion.standing import Standing, Version, rows
from dr_catalog.publishing.inventory import Artifact, Inventory

from .small import Ssm

ROOT = Path(__file__).parents[2]
PAIR = ("us-east-1", "us-west-2")


def stage(name: str, *other: Mapping[str, str], **versions: str) -> Standing:
    """A stage with versions ``v1_0_0="default a"``: state and digest; ``other`` is the peer's."""
    home, peer = (
        {
            key[1:].replace("_", "."): Version(state=each.split()[0], digest=each.split()[1])
            for key, each in found.items()
        }
        for found in (versions, other[0] if other else versions)
    )
    return Standing(
        stage=name, regions={PAIR[0]: {"warm-standby": home}, PAIR[1]: {"warm-standby": peer}}
    )


DOWN = Standing(stage="prod", unreachable="the role can't be assumed")
EVEN = {"v1_0_0": "available a", "v1_1_0": "default b"}
DIFFERING = [
    ([stage("dev", **EVEN), stage("prod", **EVEN)], []),
    (
        [stage("dev", **EVEN), stage("prod", v1_0_0="default a")],
        [
            "1.1.0: not in prod",
            "1.1.0: default elsewhere: prod 1.0.0",
            "1.0.0: default elsewhere: dev 1.1.0",
        ],
    ),
    (
        [stage("dev", **EVEN), stage("prod", **EVEN | {"v1_1_0": "default c"})],
        ["1.1.0: other bytes: dev b, prod c"],
    ),
    (
        [stage("dev", EVEN | {"v1_1_0": "available b"}, **EVEN)],
        ["1.1.0: dev: us-east-1 default b, us-west-2 available b"],
    ),
    (
        [stage("dev", {"v1_0_0": "available a"}, **EVEN)],
        ["1.1.0: dev: us-east-1 default b, us-west-2 lacks it"],
    ),
    ([stage("dev", **EVEN), DOWN], []),
    (
        [stage("dev", **EVEN), Standing(stage="prod")],
        ["1.1.0: not in prod", "1.1.0: default elsewhere: prod none", "1.0.0: not in prod"],
    ),
]


@pytest.mark.parametrize(("found", "expected"), DIFFERING)
def test_differences_between_stages_and_regions_are_named(
    found: list[Standing], expected: list[str]
) -> None:
    assert [
        f"{row.version}: {differs}" for row in rows(found) for differs in row.differs
    ] == expected


def test_every_version_has_a_row_the_newest_first() -> None:
    found = rows([stage("dev", v1_9_0="retired a", v1_10_0="default b"), DOWN])
    assert [(row.version, dict(row.stages)) for row in found] == [
        ("1.10.0", {"dev": "default"}),
        ("1.9.0", {"dev": "retired"}),
    ]


STATES = [
    (("DEFAULT", True, f"First{DEFAULT_MARK}"), "default"),
    (("DEFAULT", True, "First"), "available"),
    (("DEPRECATED", True, "First"), "deprecated"),
    (("DEPRECATED", False, "First"), "retired"),
]


@pytest.mark.parametrize(("told", "state"), STATES)
def test_service_catalog_is_asked_in_both_regions(
    monkeypatch: pytest.MonkeyPatch, told: tuple[str, bool, str], state: str
) -> None:
    guidance, active, description = told
    inventory = Inventory(
        portfolios={"Tiers": "port-1"},
        products={"warm-standby": "prod-1"},
        digests={"warm-standby": {"1.0.0": "d1g"}},
    )
    monkeypatch.setattr(standing, "look", lambda cloudformation: inventory)
    artifact = Artifact("pa-1", "1.0.0", description, guidance, active)
    monkeypatch.setattr(standing, "artifacts", lambda client, **_: {"1.0.0": artifact})
    asked: list[tuple[str, str]] = []

    class Accounts:
        def client(self, service: str, *, account: str, region: str) -> None:
            asked.append((service, region))

    accounts: Any = Accounts()
    found = standing.standing(Stage("dev", "111111111111", PAIR), accounts)
    version = Version(state=state, digest="d1g")
    assert found.regions == {region: {"warm-standby": {"1.0.0": version}} for region in PAIR}
    assert ("servicecatalog", "us-west-2") in asked


class Unreachable:
    """Accounts of which one can't be entered."""

    own = "555555555555"

    def __init__(self, *, role: str = "") -> None:
        self.ssm = Ssm()

    def client(self, service: str, *, account: str, region: str) -> Any:
        if account == "444444444444":
            raise SetupError("the role can't be assumed", why="no trust")
        if account == "333333333333":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "Look")
        return self.ssm


def test_a_stage_that_can_not_be_entered_is_told_and_the_others_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inventory = Inventory(
        products={"warm-standby": "prod-1"}, digests={"warm-standby": {"1.0.0": "d1g"}}
    )
    artifact = Artifact("pa-1", "1.0.0", "First", "DEFAULT", True)
    monkeypatch.setattr(standing, "look", lambda cloudformation: inventory)
    monkeypatch.setattr(standing, "artifacts", lambda client, **_: {"1.0.0": artifact})
    monkeypatch.setattr("dr_catalog.publishing.Accounts", Unreachable)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    result = CliRunner().invoke(pipeline_status.command, ["--root", str(ROOT)])
    assert result.exit_code == 0
    assert "stage prod is unreachable: the role can't be assumed: no trust" in result.stderr
    assert "stage staging is unreachable: these credentials may not call Look" in result.stderr
    assert result.stdout.split("\n")[1].split() == [
        *("warm-standby", "1.0.0", "available", "unreachable", "unreachable", "-")
    ]
    told = json.loads(
        CliRunner()
        .invoke(pipeline_status.command, ["--root", str(ROOT), "--output", "json"])
        .stdout
    )
    assert [bool(each["unreachable"]) for each in told["stages"]] == [False, True, True]
    # Nobody approves what can't be told.
    gate = CliRunner().invoke(pipeline_changes.command, ["--stage", "staging", "--root", str(ROOT)])
    assert gate.exit_code == 1
    assert gate.stdout == ""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The repository's warm standby alone, with 1.2.0 as its default."""
    found = load_catalog(ROOT)
    product = found.products["warm-standby"]
    versions = tuple(
        replace(entry, guidance="default" if entry.version == "1.2.0" else "available")
        for entry in product.versions
    )
    product = replace(product, versions=versions)
    offers = {
        name: replace(offer, portfolios=(replace(offer.portfolios[0], products=("warm-standby",)),))
        for name, offer in found.offers.items()
    }
    return replace(found, products=MappingProxyType({"warm-standby": product}), offers=offers)


def said(catalog: Catalog, there: Standing) -> str:
    """What an approval shows."""
    following = catalog.pipeline.stages[-1]
    return text(promotions(catalog, following=following, there=there), following="prod")


def test_an_approval_says_what_the_next_stages_tenants_get(catalog: Catalog) -> None:
    told = said(catalog, stage("prod", v1_1_0="default b", v1_2_0="available c"))
    assert told.startswith("warm-standby 1.1.0 -> 1.2.0: 10 parameters (added, with a default): ")
    assert "266 resources added, 18 changed in place." in told
    assert said(catalog, Standing(stage="prod")).startswith("warm-standby new -> 1.2.0: first")
    assert "can't be compared" in said(catalog, stage("prod", v0_1_0="default b"))
    nothing = said(catalog, stage("prod", v1_2_0="default c"))
    assert nothing == "Nothing changes for the tenants of stage prod."


def test_what_breaks_or_holds_data_stands_first(catalog: Catalog) -> None:
    back = replace(
        catalog.products["warm-standby"],
        versions=tuple(
            replace(entry, guidance="default" if entry.version == "1.1.0" else "available")
            for entry in catalog.products["warm-standby"].versions
        ),
    )
    older = replace(catalog, products=MappingProxyType({"warm-standby": back}))
    told = said(older, stage("prod", v1_2_0="default c"))
    assert told.startswith("warm-standby 1.2.0 -> 1.1.0: a rollback")
    assert "resources removed, which hold data" in told
    assert "parameters (breaks: removed)" in told
    assert len(told) <= LONGEST


def test_it_is_never_longer_than_an_approval_holds(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_words", lambda *_: ["x" * 2000])
    product = catalog.products["warm-standby"]
    several = tuple(
        changes._promotion(replace(product, product=f"tier-{number}"), "1.0.0")
        for number in range(7)
    )
    told = text(several, following="prod")
    assert len(told) <= LONGEST
    assert [line.split()[0] for line in told.splitlines()] == [f"tier-{n}" for n in range(7)]
    assert told.count("(cut)") == 7


def test_codepipeline_tells_what_waits_and_what_failed() -> None:
    def action(name: str, status: str, **more: Any) -> Any:
        at = datetime(2026, 1, 5, tzinfo=UTC)
        return {
            "actionName": name,
            "latestExecution": {"status": status, "lastStatusChange": at, **more},
        }

    class CodePipeline:
        def get_pipeline_state(self, *, name: str) -> Any:
            assert name == "catalog"
            return {
                "stageStates": [
                    {"stageName": "dev", "actionStates": [action("canary", "InProgress")]},
                    {
                        "stageName": "staging",
                        "actionStates": [
                            action("digests", "Failed", errorDetails={"message": "no"}),
                            action("approval", "InProgress", token="t"),
                            {"actionName": "never"},
                        ],
                    },
                ]
            }

    found = gates.on_aws(CodePipeline(), "catalog")
    assert [(each.stage, each.action, each.status, each.text) for each in found] == [
        ("staging", "digests", "failed", "no"),
        ("staging", "approval", "waiting", ""),
    ]


def test_a_local_run_tells_what_waits_and_what_failed() -> None:
    record = Record(Ssm(), "catalog")
    assert gates.of_record(record) == ()
    record.begin(run="r", commit="c", since="then")
    assert gates.of_record(record) == ()
    record.change("r", status=WAITING, at="staging/approval", text="new")
    (gate,) = gates.of_record(record)
    assert (gate.stage, gate.action, gate.status, gate.text) == (
        *("staging", "approval", "waiting", "new"),
    )
    record.change("r", status=FAILED, at="dev/canary", text="")
    (gate,) = gates.of_record(record)
    assert (gate.stage, gate.status) == ("dev", "failed")


def test_status_shows_what_waits_in_a_table_and_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    ssm = Ssm()
    record = Record(ssm, "dr-catalog")
    record.begin(run="r", commit="c", since="then")
    record.change("r", status=WAITING, at="staging/approval", text="on")

    class Waits(Unreachable):
        def __init__(self, *, role: str = "") -> None:
            self.ssm = ssm

    monkeypatch.setattr(standing, "look", lambda cloudformation: Inventory())
    monkeypatch.setattr("dr_catalog.publishing.Accounts", Waits)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    words = ["--root", str(ROOT)]
    shown = CliRunner().invoke(pipeline_status.command, words)
    assert [line.split() for line in shown.stdout.splitlines()[-2:]] == [
        ["STAGE", "ACTION", "IS", "SINCE", "ABOUT"],
        ["staging", "approval", "waiting", "then", "on"],
    ]
    told = json.loads(
        CliRunner().invoke(pipeline_status.command, [*words, "--output", "json"]).stdout
    )
    assert [(each["stage"], each["status"], each["text"]) for each in told["gates"]] == [
        ("staging", "waiting", "on")
    ]
