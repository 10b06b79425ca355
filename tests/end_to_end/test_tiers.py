"""The tiers besides warm standby, each launched in a catalog that offers them alone, read back and purged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dr_catalog import failover, names
from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.checks.left import left
from dr_catalog.publishing.assembly import synthesise

from ..embedded_aws.conftest import serving
from .catalogs import catalog_root
from .conftest import HUB, PEER, REGION, TENANT, Identity, environment, launch_of, without_synthesis
from .rehearsal import PACE, Rehearsal
from .test_launch import post

ZONE = "dr.example.com"
TIERS = {"active-active": {"Routing": "latency", "ZoneName": ZONE}, "pilot-light": {}}
"""Each tier, and what its launch sets besides the rest."""


@pytest.fixture(autouse=True)
def as_tenant() -> None:
    """In place of the one for all: these tests have a tenant of their own."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Identity]:
    """The tenant of an embedded AWS where these tiers are published and nothing else."""
    root = catalog_root(tmp_path_factory.mktemp("tiers"), products=tuple(TIERS))
    with serving() as url:
        shared = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION}
        hub = Identity(shared | {"AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "test"})
        make_role(endpoint=url, account=TENANT, role=ACCESS_ROLE, trusted=(HUB,))
        make_role(endpoint=url, account=TENANT, role="dr-tenant", trusted=(TENANT,))
        with without_synthesis(synthesise(root)):
            hub.ok("publish", "--stage", "dev", "--root", str(root))
            hub.ok("onboard", "--account", TENANT, "--stage", "dev", "--root", str(root))
        yield Identity(shared | dict(assume(endpoint=url, account=TENANT, role="dr-tenant")))


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


OFF = {"concurrency": 0, "instances": []}
"""What a pilot light's peer has of processor and database at rest."""


@pytest.mark.parametrize("launched", ["pilot-light"], indirect=True)
def test_a_peer_at_rest_takes_over_what_it_followed_and_is_off_again(
    own: Identity, launched: Launch
) -> None:
    with environment(own.settings):
        rehearsal = Rehearsal(
            tenant=own,
            launch=launched,
            url=own.settings["AWS_ENDPOINT_URL"],
            aws=failover.Aws(region=PEER, session=own.session()),
        )
        rehearsal.control("pace", waits=PACE)
        rehearsal.settings(DRAIN_SECONDS="0", COOLDOWN_SECONDS="0")
        rehearsal.probe()
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
