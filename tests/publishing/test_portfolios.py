"""A second portfolio comes to a stage that has tenants; on the embedded AWS, with an organisation.

One tenant has shares of its own, which it accepts; another is in a unit of the organisation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from dr_catalog.cli.organisation import assume, make_role
from dr_catalog.errors import PublishError
from dr_catalog.publishing import (
    Offboarding,
    Onboarding,
    Tenants,
    assembly,
    sharing,
    stack,
)

from .estate import HOME, OTHER, ROLE, Estate, estate_of, new_account
from .wire import Wire

ONE, TWO = {"Small": ["alpha"]}, {"Small": ["alpha"], "Blocks": ["beta"]}
REGIONS = (HOME, OTHER)


@dataclass
class Tenancy:
    """A stage with one portfolio and two tenants, and what was there before the second came."""

    estate: Estate
    own: str
    member: str
    ids: Mapping[str, str]
    portfolios: Mapping[str, Mapping[str, str]]

    def onboard(self, account: str) -> list[list[str]]:
        """Onboard it; the changes by region."""
        root = self.estate.catalog.root
        done = Onboarding(
            root=root,
            stage="one",
            account=account,
            accounts=Wire(role=ROLE),
            say=self.estate.said.append,
            templates=assembly.read(root / "assembly"),
        ).run()
        return [list(each.changes) for each in done]

    def accepted(self) -> dict[str, bool]:
        """Each tenant, and whether it has everything that is shared with it."""
        root = self.estate.catalog.root
        found, closed = Tenants(root=root, stages=(), accounts=Wire()).run()
        assert closed == ()
        return {each.account: each.accepted for each in found}

    def client(self, account: str, region: str = HOME) -> Any:
        """Service Catalog for someone of the account in the role that may launch."""
        endpoint = self.estate.endpoint
        make_role(endpoint=endpoint, account=account, role="dr-tenant", trusted=(account,))
        keys = assume(endpoint=endpoint, account=account, role="dr-tenant")
        return boto3.client(
            "servicecatalog",
            region_name=region,
            endpoint_url=endpoint,
            **{name.lower(): value for name, value in keys.items()},
        )

    def sees(self, account: str) -> set[str]:
        """The products that the role is offered."""
        found = self.client(account).search_products()["ProductViewSummaries"]
        return {each["Name"] for each in found}


@pytest.fixture(scope="module")
def tenancy(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenancy]:
    estate = estate_of(endpoint, tmp_path_factory.mktemp("catalog"), portfolios=ONE)
    own, member, hub = new_account(), new_account(), estate.hub()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ENDPOINT_URL", endpoint), ("DEFAULT_REGION", HOME)):
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_ACCESS_KEY_ID", hub)
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        for module in (stack, sharing):
            patch.setattr(module, "poll_seconds", lambda: 0.01)
        organizations = estate.client("organizations")
        organization = organizations.create_organization()["Organization"]["Id"]
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(ParentId=root, Name="teams")
        unit_id = unit["OrganizationalUnit"]["Id"]
        invited = organizations.invite_account_to_organization(
            Target={"Id": member, "Type": "ACCOUNT"}
        )["Handshake"]["Id"]
        estate.client("organizations", account=member).accept_handshake(HandshakeId=invited)
        organizations.move_account(
            AccountId=member, SourceParentId=root, DestinationParentId=unit_id
        )
        estate.client("servicecatalog").enable_aws_organizations_access()
        estate.roles(own, member, trusted=hub)
        estate.catalog.shares = (
            f'{{accounts: ["{own}"], organization: {organization}, '
            f"organizational_units: [{unit_id}]}}"
        )
        estate.catalog.write()
        estate.publish()
        made = Tenancy(estate, own, member, ids=estate.ids(), portfolios=_portfolios(estate))
        for account in (own, member):
            made.onboard(account)
        assert made.sees(own) == made.sees(member) == {"alpha"}
        yield made


def _portfolios(estate: Estate) -> Mapping[str, Mapping[str, str]]:
    return {region: estate.portfolios(region) for region in REGIONS}


@pytest.fixture(scope="module")
def both(tenancy: Tenancy) -> Tenancy:
    """The stage with a second portfolio, which no tenant has accepted."""
    tenancy.estate.catalog.portfolios = TWO
    tenancy.estate.catalog.write()
    done = tenancy.estate.publish()
    (unit,) = {
        change.rpartition(" ")[2] for each in done for change in each.changes if "ou-" in change
    }
    assert [change for each in done for change in each.changes if "shared" in change] == [
        f"Blocks: shared with {unit}"
    ] * 2
    assert [each.portfolios for each in done] == list(_portfolios(tenancy.estate).values())
    told = [line for line in tenancy.estate.said if line.startswith("new: ")]
    assert told == [
        "new: beta; an account that is onboarded again gets their launch roles, and their portfolio"
    ]
    return tenancy


@pytest.fixture(autouse=True)
def as_the_hub(both: Tenancy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With the hub's credentials; the catalog's files are put back afterwards."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", both.estate.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", both.estate.hub())
    yield
    if both.estate.catalog.portfolios != TWO:
        both.estate.catalog.portfolios = TWO
        both.estate.catalog.products.pop("gamma", None)
        both.estate.catalog.write()


def test_what_was_published_keeps_its_ids(both: Tenancy) -> None:
    assert both.ids.items() <= both.estate.ids().items()
    for region, there in _portfolios(both.estate).items():
        assert list(there) == ["Small", "Blocks"]
        assert both.portfolios[region].items() <= there.items()
    both.estate.publish()
    assert both.estate.wire.writes == []


def test_an_account_gets_what_is_new_when_it_is_onboarded_again(both: Tenancy) -> None:
    assert both.accepted() == {both.own: False, both.member: True}
    assert both.sees(both.own) == {"alpha"}
    new = ["Blocks: share accepted", "Blocks: principal dr-tenant"]
    # With the launch roles of its products, which are the account's and made once.
    assert both.onboard(both.own) == [["stack dr-catalog-roles", *new], new]
    assert both.onboard(both.own) == [[], []]
    assert both.accepted() == {both.own: True, both.member: True}
    assert both.sees(both.own) == {"alpha", "beta"}


def test_the_organisation_s_share_brings_both_without_a_word(both: Tenancy) -> None:
    assert both.sees(both.member) == {"alpha", "beta"}
    assert both.onboard(both.member) == [["stack dr-catalog-roles"], []]


def test_portfolios_keep_their_places(both: Tenancy) -> None:
    estate = both.estate
    for portfolios in (
        {"Blocks": ["beta"], "Small": ["alpha"]},
        {"Blocks": ["alpha", "beta"]},
        {"New": ["beta"], "Small": ["alpha"]},
    ):
        estate.catalog.portfolios = portfolios
        estate.catalog.write()
        with pytest.raises(PublishError, match="'Small' is the first portfolio of stage one") as no:
            estate.publish()
        assert estate.wire.writes == []
        assert "put 'Small' first in portfolio/portfolio.yaml" in no.value.hint


def test_the_first_is_renamed_and_a_product_moved_where_they_stand(both: Tenancy) -> None:
    estate = both.estate
    record = both.client(both.own).provision_product(
        ProductName="beta",
        ProvisioningArtifactName="1.0.0",
        ProvisionedProductName="dr-moved",
        ProvisioningParameters=[{"Key": "EnvironmentSuffix", "Value": "moved"}],
    )["RecordDetail"]["RecordId"]
    catalog = both.client(both.own)
    for _ in range(1000):
        if catalog.describe_record(Id=record)["RecordDetail"]["Status"] == "SUCCEEDED":
            break
    before = estate.portfolios()
    estate.catalog.products["gamma"] = [("1.0.0", "guidance: default")]
    estate.catalog.portfolios = {"Tiers": ["alpha", "beta"], "Blocks": ["gamma"]}
    estate.catalog.write()
    estate.publish()
    assert estate.portfolios() == {"Tiers": before["Small"], "Blocks": before["Blocks"]}
    assert both.ids.items() <= estate.ids().items()
    assert both.sees(both.own) == {"alpha", "beta", "gamma"}
    catalog.terminate_provisioned_product(ProvisionedProductName="dr-moved", TerminateToken="moved")


def test_offboarding_takes_both_away(both: Tenancy) -> None:
    offboarding = Offboarding(
        root=both.estate.catalog.root,
        stage="one",
        account=both.own,
        accounts=Wire(role=ROLE),
        say=both.estate.said.append,
    )
    plan = offboarding.plan()
    names = list(both.estate.portfolios())
    assert [[each.name for each in region.portfolios] for region in plan.regions] == [names] * 2
    for region, done in zip(REGIONS, offboarding.run(plan), strict=True):
        assert set(done.changes) >= {
            f"{name}: {what}" for name in names for what in ("principal dr-tenant", "share")
        }
        catalog = both.estate.client("servicecatalog", account=both.own, region=region)
        assert catalog.list_accepted_portfolio_shares()["PortfolioDetails"] == []
    assert offboarding.plan().nothing
    assert both.sees(both.member) >= {"alpha", "beta"}
