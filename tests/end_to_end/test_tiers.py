"""The tiers besides warm standby, each launched in a catalog that offers them alone, read back and purged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.checks.left import left
from dr_catalog.publishing.assembly import synthesise

from ..embedded_aws.conftest import serving
from .catalogs import catalog_root
from .conftest import HUB, PEER, REGION, TENANT, Identity, environment, launch_of, without_synthesis

TIERS = ("pilot-light",)


@pytest.fixture(autouse=True)
def as_tenant() -> None:
    """In place of the one for all: these tests have a tenant of their own."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Identity]:
    """The tenant of an embedded AWS where these tiers are published and nothing else."""
    root = catalog_root(tmp_path_factory.mktemp("tiers"), products=TIERS)
    with serving() as url:
        shared = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION}
        hub = Identity(shared | {"AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "test"})
        make_role(endpoint=url, account=TENANT, role=ACCESS_ROLE, trusted=(HUB,))
        make_role(endpoint=url, account=TENANT, role="dr-tenant", trusted=(TENANT,))
        with without_synthesis(synthesise(root)):
            hub.ok("publish", "--stage", "dev", "--root", str(root))
            hub.ok("onboard", "--account", TENANT, "--stage", "dev", "--root", str(root))
        yield Identity(shared | dict(assume(endpoint=url, account=TENANT, role="dr-tenant")))


@pytest.fixture(scope="module", params=TIERS)
def launched(own: Identity, request: pytest.FixtureRequest) -> Launch:
    """A launch of the tier that is purged when it is terminated."""
    tier: str = request.param
    own.ok(
        *("launch", tier, "--suffix", f"own-{tier[:2]}"),
        *("--set", "DeletionProtection=false", "--set", "OnTermination=purge"),
    )
    with environment(own.settings):
        return launch_of(own, f"own-{tier[:2]}")


def test_every_layer_is_as_the_tier_has_it_in_both_regions(own: Identity, launched: Launch) -> None:
    with environment(own.settings):
        found = inspect(launched)
    assert {check.region for check in found} == {REGION, PEER}
    assert [check for check in found if not check.ok] == []


def test_a_purge_leaves_nothing(own: Identity, launched: Launch) -> None:
    own.ok("terminate", "--suffix", launched.suffix, "--yes")
    with environment(own.settings):
        assert [left(launched, region) for region in (REGION, PEER)] == [[], []]
