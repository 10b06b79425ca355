"""The tiers besides warm standby, each launched in a catalog that offers them alone, read back and purged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from dr_catalog import failover, names
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.checks.left import left

from .both_regions import BothRegions
from .conftest import PEER, REGION, TENANT, Identity, environment, launch_of
from .rehearsal import PACE, Rehearsal
from .test_launch import post

ZONE = "dr.example.com"
TIERS = {"active-active": {"Routing": "latency", "ZoneName": ZONE}, "pilot-light": {}}
"""Each tier, and what its launch sets besides the rest."""


@pytest.fixture(autouse=True)
def as_tenant() -> None:
    """In place of the one for all: these tests have a tenant of their own."""


@pytest.fixture(scope="module")
def own(elsewhere: Identity) -> Identity:
    """The tenant."""
    return elsewhere


@pytest.fixture(scope="module")
def zone(own: Identity) -> str:
    """The id of a public zone that the tenant account has."""
    route53 = own.client("route53")
    made = route53.create_hosted_zone(Name=ZONE, CallerReference="tiers")["HostedZone"]
    found: str = made["Id"].rpartition("/")[2]
    return found


@pytest.fixture(scope="module", params=tuple(TIERS))
def launched(own: Identity, zone: str, request: pytest.FixtureRequest) -> Launch:
    """A launch of the tier that is purged when it is terminated."""
    tier: str = request.param
    given = {
        "DeletionProtection": "false",
        "OnTermination": "purge",
        **TIERS[tier],
        **({"ZoneId": zone} if "ZoneName" in TIERS[tier] else {}),
    }
    words = [word for name, value in given.items() for word in ("--set", f"{name}={value}")]
    own.ok("launch", tier, "--suffix", tier, *words)
    with environment(own.settings):
        return launch_of(own, tier)


def test_every_layer_is_as_the_tier_has_it_in_both_regions(own: Identity, launched: Launch) -> None:
    with environment(own.settings):
        found = inspect(launched)
    assert {check.region for check in found} == {REGION, PEER}
    assert [check for check in found if not check.ok] == []


@pytest.mark.parametrize("launched", ["active-active"], indirect=True)
def test_either_region_takes_a_transaction_which_the_ledger_keeps(
    own: Identity, launched: Launch
) -> None:
    with environment(own.settings):
        for region, other in ((REGION, PEER), (PEER, REGION)):
            assert post(launched, region, transactionId=f"from-{region}", amount="1").status == 201
            assert post(launched, other, transactionId=f"from-{region}", amount="2").status == 409


@pytest.mark.parametrize("launched", ["active-active"], indirect=True)
def test_a_region_that_is_lost_costs_reads_and_writes_nothing_and_the_ledger_a_promotion(
    own: Identity, launched: Launch, zone: str
) -> None:
    with environment(own.settings):
        rehearsal = rehearsing(own, launched)
        both = BothRegions(rehearsal, zone, f"{launched.suffix}.{ZONE}")
        metric = names.CONTROL_METRIC.of(suffix=launched.suffix)
        rehearsal.control("rules", account=TENANT, region=PEER, rule=metric)
        rehearsal.control("nearest", region=REGION)
        both.asked()
        assert both.answers() == both.served_by() == REGION
        before = both.rows()
        with rehearsal.region("cut-off"):  # both go on, and neither hears of the other
            with both.without_ledger(PEER):
                assert both.post("before-here", region=REGION) == 201  # the writer is here
                assert both.post("before-there", region=PEER) == 201
                assert both.post("both", region=REGION, amount="1") == 201
                assert both.post("both", region=PEER, amount="2") == 201
            rehearsal.control("regions", region=REGION, mode="gone")

            # No promotion: the other region serves at once, and the name leaves the lost one.
            assert rehearsal.writer().epoch == 1
            assert both.post("while-gone", region=PEER) == 201
            assert both.post("while-gone", region=PEER) == 200
            assert both.post("while-gone", region=PEER, amount="3") == 409
            assert rehearsal.has("while-gone", region=PEER)
            both.asked()
            assert both.answers() == both.served_by() == PEER
            assert both.settled(PEER) == "3 not in the ledger yet"

            over = rehearsal.done("failover")
            assert (over["outcome"], over["figures"]["traffic"]) == ("done", "untouched")
            assert both.post("after", region=PEER) == 201
            both.settle()
            assert both.settled(PEER) == ""
            mine = {"before-there": "1", "both": "2", "while-gone": "1", "after": "1"}
            assert both.rows() == before | mine

        both.asked()
        assert (
            both.answers() == both.served_by() == REGION
        )  # it is back, and serves before it leads
        rehearsal.control(
            "rules",
            account=TENANT,
            region=PEER,
            rule=names.RECOVERY_WATCH.of(suffix=launched.suffix),
        )
        assert both.post("back", region=REGION) == 201  # the ledger's writer is in the other region
        back = settling(both, lambda: rehearsal.done("failback"))
        assert back["figures"]["unmerged"]["count"] == 1
        assert both.listed(back) == [("both", "1")]
        assert both.settled(REGION) == both.settled(PEER) == "1 taken twice"
        everything = before | mine | {"before-here": "1", "back": "1"}
        assert both.rows() == everything
        for region in (REGION, PEER):
            kept = dict(both.items(region))
            assert kept.pop("both") == 2
            assert kept == dict.fromkeys(everything.keys() - {"both"}, 1)
        found = json.loads(rehearsal.run("readiness", "--output", "json").stdout)["checks"]
        told = {each["check"]: (each["state"], each["found"]) for each in found}
        assert told["settled"][0] == "not ready"
        assert told["roles"] == (
            "ok",
            f"both regions serve, the ledger's writer is {REGION}, epoch 3",
        )
        rehearsal.control("pace", waits=1)


def settling(both: BothRegions, what: Callable[[], Any]) -> Any:
    """What comes of something while both regions settle, more often than each minute."""
    over = threading.Event()

    def settle() -> None:
        while not over.wait(0.5):
            both.settle()

    thread = threading.Thread(target=settle)
    thread.start()
    try:
        return what()
    finally:
        over.set()
        thread.join()


def rehearsing(own: Identity, launched: Launch) -> Rehearsal:
    """The launch, to be failed over and back without waiting."""
    rehearsal = Rehearsal(
        tenant=own,
        launch=launched,
        url=own.settings["AWS_ENDPOINT_URL"],
        aws=failover.Aws(region=PEER, session=own.session()),
    )
    rehearsal.control("pace", waits=PACE)
    rehearsal.settings(DRAIN_SECONDS="0", COOLDOWN_SECONDS="0")
    rehearsal.probe()
    return rehearsal


OFF = {"concurrency": 0, "instances": []}
"""What a pilot light's peer has of processor and database at rest."""


@pytest.mark.parametrize("launched", ["pilot-light"], indirect=True)
def test_a_peer_at_rest_takes_over_what_it_followed_and_is_off_again(
    own: Identity, launched: Launch
) -> None:
    with environment(own.settings):
        rehearsal = rehearsing(own, launched)
        there = own.json("status", "--suffix", launched.suffix, "--health")["health"][1]
        assert (there["region"], there["off"], there["error"]) == (PEER, True, "")
        assert running(rehearsal) == OFF
        assert {"peer at rest", "standby", "replica instance", "alarms"} <= well(rehearsal)
        assert rehearsal.posted("t-off", region=PEER) == 500
        assert rehearsal.posted("t-before", region=REGION) == 201
        with rehearsal.region("gone"):
            refused = rehearsal.refused("failover")
            assert "nobody knows how far us-west-2 is behind" in refused
            assert "--accept-loss" in refused
            assert running(rehearsal) == OFF
            over = rehearsal.done("failover", "--accept-loss")
            assert rehearsal.has("t-before", region=PEER)
            assert rehearsal.posted("t-there", region=PEER) == 201
        assert over["outcome"] == "done"
        assert running(rehearsal) == {"concurrency": None, "instances": ["available"]}
        assert "peer at rest" in well(rehearsal)
        assert rehearsal.done("failback")["outcome"] == "done"
        rehearsal.until(lambda: running(rehearsal), lambda found: found == OFF)
        assert rehearsal.has("t-there", region=REGION)
        drilled = {step["step"]: step["told"] for step in rehearsal.done("drill")["steps"]}
        assert "answers in database, table, documents" in drilled["rehearse"]
        rehearsal.until(lambda: running(rehearsal), lambda found: found == OFF)
        rehearsal.control("pace", waits=1)
        assert [check for check in inspect(launched) if not check.ok] == []


def running(rehearsal: Rehearsal) -> dict[str, Any]:
    """What runs of the peer's processor and database."""
    limit = rehearsal.tenant.client("lambda", PEER).get_function_concurrency(
        FunctionName=names.PROCESSOR.of(suffix=rehearsal.suffix)
    )
    cluster = names.LEDGER_CLUSTER.of(suffix=rehearsal.suffix, region=PEER)
    instances = rehearsal.tenant.client("rds", PEER).describe_db_instances(
        Filters=[{"Name": "db-cluster-id", "Values": [cluster]}]
    )["DBInstances"]
    return {
        "concurrency": limit.get("ReservedConcurrentExecutions"),
        "instances": [each["DBInstanceStatus"] for each in instances],
    }


def well(rehearsal: Rehearsal) -> set[str]:
    """The checks of the readiness that are well."""
    found = json.loads(rehearsal.run("readiness", "--output", "json").stdout)["checks"]
    return {each["check"] for each in found if each["state"] == "ok"}


def test_a_purge_leaves_nothing(own: Identity, launched: Launch) -> None:
    own.ok("terminate", "--suffix", launched.suffix, "--yes")
    with environment(own.settings):
        assert [left(launched, region) for region in (REGION, PEER)] == [[], []]
