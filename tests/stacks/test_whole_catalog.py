"""The repository's own catalog, all of it: published in one stage of an embedded AWS, and onboarded to.

Everywhere else a test publishes what it launches; here is every product with every version, once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from dr_catalog import names
from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.definitions import Catalog, load_catalog
from dr_catalog.publishing import Onboarding, Publishing, assembly
from dr_catalog.publishing.membership import pages

from ..embedded_aws.conftest import serving
from ..publishing.wire import Wire
from .conftest import ROOT, Template

HUB, TENANT = "111111111111", "222222222222"
REGIONS = ("us-east-1", "us-west-2")
REGION = pytest.mark.parametrize("region", REGIONS)


@dataclass(frozen=True)
class Published:
    """The stage, and the tenant's role in an account that is onboarded to it."""

    endpoint: str
    catalog: Catalog
    tenant: Mapping[str, str]

    def client(self, service: str, region: str, **keys: str) -> Any:
        """A client of the hub's administrator, or with these keys."""
        keys = keys or {"aws_access_key_id": HUB, "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, **keys)


@pytest.fixture(scope="module")
def published(
    app_templates: Mapping[str, Template], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("whole") / "assembly"
    stacks = ("Assets-dev", "Portfolio-dev", "Onboarding")

    templates = {
        name: json.dumps(template)
        for name, template in app_templates.items()
        if name.startswith(stacks)
    }
    assembly.write(templates, folder)
    given: dict[str, Any] = {"root": ROOT, "stage": "dev", "say": lambda line: None}
    with serving() as endpoint, pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_DEFAULT_REGION", REGIONS[0])
        patch.setenv("AWS_ACCESS_KEY_ID", HUB)
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        Publishing(accounts=Wire(), folder=folder, **given).run()
        for role, trusted in ((ACCESS_ROLE, HUB), ("dr-tenant", TENANT)):
            make_role(endpoint=endpoint, account=TENANT, role=role, trusted=(trusted,))
        Onboarding(
            account=TENANT, accounts=Wire(role=ACCESS_ROLE), templates=templates, **given
        ).run()
        keys = assume(endpoint=endpoint, account=TENANT, role="dr-tenant")
        tenant = {name.lower(): value for name, value in keys.items()}
        yield Published(endpoint, load_catalog(ROOT), tenant)


@REGION
def test_each_portfolio_holds_its_products_with_every_version(
    published: Published, region: str
) -> None:
    hub, offer = published.client("servicecatalog", region), published.catalog.offer
    portfolios = hub.list_portfolios()["PortfolioDetails"]
    assert len(portfolios) == len(offer.portfolios)
    for there, ours in zip(portfolios, offer.portfolios, strict=True):
        views = pages(hub.search_products_as_admin, "ProductViewDetails", PortfolioId=there["Id"])
        found = {
            each["ProductViewSummary"]["Name"]: each["ProductViewSummary"]["ProductId"]
            for each in views
        }
        assert set(found) == set(ours.products)
        for name, key in found.items():
            versions = hub.list_provisioning_artifacts(ProductId=key)
            assert [each["Name"] for each in versions["ProvisioningArtifactDetails"]] == [
                entry.version for entry in published.catalog.products[name].versions
            ]


@REGION
def test_the_tenant_is_offered_every_product(published: Published, region: str) -> None:
    catalog = published.client("servicecatalog", region, **published.tenant)
    found = [each["Name"] for each in pages(catalog.search_products, "ProductViewSummaries")]
    assert sorted(found) == sorted(published.catalog.offered)


def test_each_product_has_its_launch_role_within_iam_s_limits(published: Published) -> None:
    iam = published.client(
        "iam", REGIONS[0], aws_access_key_id=TENANT, aws_secret_access_key="test"
    )
    for name in published.catalog.offered:
        role = names.LAUNCH_ROLE.of(suffix=name)
        trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        assert "servicecatalog.amazonaws.com" in str(trust)
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert 1 <= len(attached) <= 10
