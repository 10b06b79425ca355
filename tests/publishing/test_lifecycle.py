"""What tenants run decides what may be retired, removed and no longer shared; on the embedded AWS.

One stage with three tenants: one with a share of its own, one in a unit of the organisation, and one
that has not accepted its share. The first two launched what they have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from dr_catalog import names
from dr_catalog.cli.main import cli
from dr_catalog.cli.organisation import assume, make_role
from dr_catalog.definitions import load_product
from dr_catalog.errors import NotFoundError, PublishError, SetupError
from dr_catalog.publishing import (
    Onboarding,
    Rollback,
    Tenants,
    UnitOnboarding,
    assembly,
    onboard_unit,
    refusals,
    sharing,
    stack,
)

from .estate import HOME, OTHER, ROLE, Estate, estate_of, new_account
from .small_catalog import Entry
from .wire import Wire

ALPHA: list[Entry] = [
    ("1.0.0", "guidance: available"),
    ("1.1.0", "guidance: retired"),
    ("1.2.0", "guidance: default"),
]


@dataclass
class Tenancy:
    """A published catalog and its tenants."""

    estate: Estate
    own: str
    member: str
    waiting: str
    unit: str
    organization: str

    @property
    def shares(self) -> str:
        return self.sharing(own=True)

    def sharing(self, *, own: bool = True, waiting: bool = True, unit: bool = True) -> str:
        """What stands under shares, with or without one of the three."""
        listed = [f'"{self.own}"'] * own + [f'"{self.waiting}"'] * waiting
        nodes = f", organization: {self.organization}, organizational_units: [{self.unit}]" * unit
        return f"{{accounts: [{', '.join(listed)}]{nodes}}}"


@pytest.fixture(scope="module")
def settings(endpoint: str) -> Iterator[None]:
    """Calls go to the embedded AWS, and nothing waits long between two looks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_DEFAULT_REGION", HOME)
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        for module in (stack, sharing):
            patch.setattr(module, "poll_seconds", lambda: 0.01)
        yield


@pytest.fixture(scope="module")
def tenancy(
    settings: None, endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tenancy]:
    estate = estate_of(endpoint, tmp_path_factory.mktemp("catalog"), products={"alpha": ALPHA})
    hub = estate.hub()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", hub)
        organizations = estate.client("organizations")
        organization = organizations.create_organization()["Organization"]["Id"]
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(ParentId=root, Name="teams")
        made = Tenancy(
            estate,
            own=new_account(),
            member=new_account(),
            waiting=new_account(),
            unit=unit["OrganizationalUnit"]["Id"],
            organization=organization,
        )
        handshake = organizations.invite_account_to_organization(
            Target={"Id": made.member, "Type": "ACCOUNT"}
        )["Handshake"]["Id"]
        estate.client("organizations", account=made.member).accept_handshake(HandshakeId=handshake)
        organizations.move_account(
            AccountId=made.member, SourceParentId=root, DestinationParentId=made.unit
        )
        estate.roles(made.own, made.member, made.waiting, trusted=hub)
        estate.catalog.shares = made.shares
        estate.catalog.write()
        with pytest.raises(SetupError, match="can't be shared with an organisation yet"):
            estate.publish()
        assert estate.wire.writes == []
        estate.client("servicecatalog").enable_aws_organizations_access()
        estate.publish()
        onboard(made)
        launch(made, made.own, "team-a", "1.0.0", HOME)
        launch(made, made.member, "team-b", "1.2.0", OTHER)
        yield made


def onboard(tenancy: Tenancy) -> None:
    """Onboard the account with its own share, and the unit."""
    estate = tenancy.estate
    templates = assembly.read(estate.catalog.root / "assembly")
    given: dict[str, Any] = {"root": estate.catalog.root, "stage": "one", "say": estate.said.append}
    Onboarding(account=tenancy.own, accounts=Wire(role=ROLE), templates=templates, **given).run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onboard_unit, "synthesise", lambda root: templates)
        for expected in ("stack dr-catalog-roles", None):
            (outcome,) = UnitOnboarding(unit=tenancy.unit, accounts=Wire(role=ROLE), **given).run()
            assert (outcome.account, outcome.error) == (tenancy.member, None)
            changes = [change for region in outcome.regions for change in region.changes]
            assert changes[:1] == ([expected] if expected else [])
            assert not {"Small: share accepted", "Small: principal dr-tenant"} & set(changes)


def launch(tenancy: Tenancy, account: str, suffix: str, version: str, region: str) -> None:
    """Launch as the tenant's role, which a pattern lets in, and wait."""
    endpoint = tenancy.estate.endpoint
    make_role(endpoint=endpoint, account=account, role="dr-tenant", trusted=(account,))
    keys = assume(endpoint=endpoint, account=account, role="dr-tenant")
    catalog = boto3.client(
        "servicecatalog",
        region_name=region,
        endpoint_url=endpoint,
        **{name.lower(): value for name, value in keys.items()},
    )
    record = catalog.provision_product(
        ProductName="alpha",
        ProvisioningArtifactName=version,
        ProvisionedProductName=f"dr-{suffix}",
        ProvisioningParameters=[{"Key": "EnvironmentSuffix", "Value": suffix}],
    )["RecordDetail"]["RecordId"]
    for _ in range(1000):
        found = catalog.describe_record(Id=record)["RecordDetail"]
        if found["Status"] in ("SUCCEEDED", "FAILED"):
            break
    assert found["Status"] == "SUCCEEDED", found


@pytest.fixture
def estate(tenancy: Tenancy, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """The published catalog, with the hub's credentials; its files are put back afterwards."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", tenancy.estate.hub())
    yield tenancy.estate
    catalog = tenancy.estate.catalog
    as_it_was = ({"alpha": ALPHA}, tenancy.shares, {})
    if (catalog.products, catalog.shares, catalog.text) != as_it_was:
        catalog.products, catalog.shares, catalog.text = as_it_was
        catalog.write()


def refused(estate: Estate, match: str) -> PublishError:
    """Publish what must not be published, and see that nothing was written."""
    estate.catalog.write()
    with pytest.raises(PublishError, match=match) as caught:
        estate.publish()
    assert estate.wire.writes == []
    return caught.value


def test_tenants_are_listed_with_what_they_run(tenancy: Tenancy, estate: Estate) -> None:
    found, closed = Tenants(root=estate.catalog.root, stages=("one",), accounts=Wire()).run()
    assert closed == ()
    assert [(each.account, each.share, each.accepted, bool(each.unseen)) for each in found] == [
        (tenancy.own, "account", True, False),
        (tenancy.waiting, "account", False, True),
        (tenancy.member, "organisation", True, False),
    ]
    launches = [launch for each in found for launch in each.launches]
    assert [
        (each.suffix, each.region, each.version, each.guidance, each.newest, each.behind)
        for each in launches
    ] == [
        ("team-a", HOME, "1.0.0", "available", "1.2.0", 1),
        ("team-b", OTHER, "1.2.0", "default", "1.2.0", 0),
    ]
    told = CliRunner().invoke(
        cli, ("tenants", "--root", str(estate.catalog.root), "--stage", "one")
    )
    assert told.exit_code == 0, told.output
    rows = [line.split() for line in told.stdout.splitlines()]
    assert rows[1] == [
        *("one", tenancy.own, "account", "team-a", HOME, "alpha"),
        *("1.0.0", "available", "1.2.0", "1"),
    ]
    assert rows[2][:5] == ["one", tenancy.waiting, "not", "accepted", "-"]
    assert told.stderr == ""
    root = ("--root", str(estate.catalog.root), "--output", "json")
    (own, *_) = json.loads(CliRunner().invoke(cli, ("tenants", *root)).stdout)
    assert own["launches"][0] | {"suffix": "team-a", "behind": 1} == own["launches"][0]


def test_an_account_of_a_unit_that_can_not_be_onboarded_keeps_no_other_from_it(
    tenancy: Tenancy, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, organizations = new_account(), estate.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    invited = organizations.invite_account_to_organization(Target={"Id": closed, "Type": "ACCOUNT"})
    estate.client("organizations", account=closed).accept_handshake(
        HandshakeId=invited["Handshake"]["Id"]
    )
    places = {"AccountId": closed, "SourceParentId": root, "DestinationParentId": tenancy.unit}
    organizations.move_account(**places)
    templates = assembly.read(estate.catalog.root / "assembly")
    monkeypatch.setattr(onboard_unit, "synthesise", lambda root: templates)
    told = CliRunner().invoke(
        cli,
        (
            *("onboard", "--ou", tenancy.unit, "--stage", "one", "--role", ROLE),
            *("--root", str(estate.catalog.root)),
        ),
    )
    organizations.move_account(
        AccountId=closed, SourceParentId=tenancy.unit, DestinationParentId=root
    )
    assert told.exit_code == 1
    assert told.stdout.count(tenancy.member) == 2
    assert told.stdout.count("nothing to do") == 2
    assert f"{closed}  failed: " in told.stdout
    assert "1 of 2 accounts are not onboarded; run it again once mended" in told.stderr
    assert "  hint: name a role that is there" in told.stderr


def test_a_unit_that_is_not_there_is_refused(tenancy: Tenancy, estate: Estate) -> None:
    words = ("onboard", "--stage", "one", "--role", ROLE, "--root", str(estate.catalog.root))
    refused = CliRunner().invoke(cli, (*words, "--ou", "ou-aaaa-00000000"))
    assert refused.exit_code == 1
    assert "there is no such organisational unit" in refused.stderr
    both = CliRunner().invoke(cli, (*words, "--ou", tenancy.unit, "--account", tenancy.own))
    assert both.exit_code == 2
    assert "name either an --account or an --ou" in both.stderr


@pytest.mark.parametrize("how", ["retired", "removed", "no longer offered"])
def test_what_tenants_run_is_not_closed(tenancy: Tenancy, estate: Estate, how: str) -> None:
    if how == "retired":
        estate.catalog.products = {"alpha": [("1.0.0", "guidance: retired"), *ALPHA[1:]]}
    elif how == "removed":
        estate.catalog.products = {"alpha": ALPHA[1:]}
        error = refused(estate, "alpha 1.0.0 is still open in stage one")
        assert error.why == "only a retired version can be removed"
        return
    else:
        estate.catalog.products = {"other": [("1.0.0", "guidance: default")]}
    error = refused(estate, "alpha 1.0.0.* can't be retired or removed: . launch")
    listed = [f"'team-a' (alpha 1.0.0) of {tenancy.own} in {HOME}"]
    if how == "no longer offered":
        listed.append(f"'team-b' (alpha 1.2.0) of {tenancy.member} in {OTHER}")
    assert error.why == ", ".join(listed)
    assert f"dr-catalog upgrade --suffix team-a --region {HOME}" in error.hint


def test_a_retired_version_that_nobody_runs_is_removed(estate: Estate) -> None:
    before = estate.ids()
    estate.catalog.products = {"alpha": [ALPHA[0], ALPHA[2]]}
    estate.catalog.write()
    estate.publish()
    assert estate.ids().keys() == {key for key in before if not key.endswith("1.1.0")}
    assert estate.ids().items() <= before.items()
    assert [each.changes for each in estate.publish()] == [(), ()]
    assert estate.wire.writes == []
    # Put back for the others, under a new id: a version that is gone does not come back.
    estate.catalog.products = {"alpha": ALPHA}
    estate.catalog.write()
    estate.publish()


def test_an_account_that_can_not_be_asked_holds_a_retirement_up(
    tenancy: Tenancy, estate: Estate
) -> None:
    """Unless it has never accepted its share, as one of the three."""
    iam = estate.client("iam", account=tenancy.own)
    role = iam.get_role(RoleName=names.OBSERVER_ROLE)["Role"]
    nobody = {"Version": "2012-10-17", "Statement": []}
    iam.update_assume_role_policy(RoleName=names.OBSERVER_ROLE, PolicyDocument=json.dumps(nobody))
    estate.catalog.products = {"alpha": [("1.0.0", "guidance: retired"), *ALPHA[1:]]}
    try:
        told = CliRunner().invoke(cli, ("tenants", "--root", str(estate.catalog.root)))
        assert "(unseen)" in told.stdout
        assert f"stage one: {tenancy.own} can't be looked into: User: " in told.stderr
        error = refused(estate, f"no one can tell what account {tenancy.own} runs")
    finally:
        iam.update_assume_role_policy(
            RoleName=names.OBSERVER_ROLE,
            PolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]),
        )
    assert f"dr-catalog onboard --account {tenancy.own} --stage one" in error.hint


def test_the_observer_lets_the_hub_alone_in_and_only_to_look(
    tenancy: Tenancy, estate: Estate
) -> None:
    iam = estate.client("iam", account=tenancy.own)
    trust = iam.get_role(RoleName=names.OBSERVER_ROLE)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{estate.hub()}:root"}
    (attached,) = iam.list_attached_role_policies(RoleName=names.OBSERVER_ROLE)["AttachedPolicies"]
    version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
    (statement,) = document["PolicyVersion"]["Document"]["Statement"]
    assert statement["Action"] == ["servicecatalog:ScanProvisionedProducts"]


@pytest.mark.parametrize("dropped", ["own", "unit"])
def test_who_runs_something_keeps_the_share(tenancy: Tenancy, estate: Estate, dropped: str) -> None:
    estate.catalog.shares = tenancy.sharing(**{dropped: False})
    account = tenancy.own if dropped == "own" else tenancy.member
    error = refused(estate, f"no longer shares with {account}: 1 launch needs it")
    assert f"of {account} in" in error.why
    assert "dr-catalog terminate --suffix team-" in error.hint


def test_shares_follow_the_file(tenancy: Tenancy, estate: Estate) -> None:
    """An account that runs nothing is dropped, and one more unit is shared with, and dropped again."""
    catalog, portfolio = estate.client("servicecatalog"), estate.portfolios()["Small"]
    organizations = estate.client("organizations")
    empty = organizations.create_organizational_unit(ParentId=tenancy.unit, Name="later")
    unit = empty["OrganizationalUnit"]["Id"]
    estate.catalog.shares = tenancy.sharing(waiting=False).replace("units: [", f"units: [{unit}, ")
    estate.catalog.write()
    done = estate.publish()
    assert [each.changes for each in done] == [
        ("stack dr-catalog-assets", "stack dr-catalog-portfolio", f"Small: shared with {unit}")
    ] * 2

    def shared(kind: str) -> set[str]:
        found = catalog.describe_portfolio_shares(PortfolioId=portfolio, Type=kind)
        return {each["PrincipalId"] for each in found["PortfolioShareDetails"]}

    assert shared("ACCOUNT") == {tenancy.own}
    assert shared("ORGANIZATIONAL_UNIT") == {tenancy.unit, unit}
    policy = json.loads(
        estate.client("s3").get_bucket_policy(Bucket=f"dr-catalog-assets-{estate.hub()}-{HOME}")[
            "Policy"
        ]
    )
    (reads,) = [
        each for each in policy["Statement"] if each.get("Sid") == "CatalogOrganizationReads"
    ]
    assert reads["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": tenancy.organization}
    assert reads["Condition"]["ForAnyValue:StringLike"] == {
        "aws:PrincipalOrgPaths": [
            f"{tenancy.organization}/*/{each}/*" for each in (unit, tenancy.unit)
        ]
    }
    estate.catalog.shares = tenancy.shares
    estate.catalog.write()
    assert f"Small: no longer shared with {unit}" in estate.publish()[1].changes
    assert shared("ORGANIZATIONAL_UNIT") == {tenancy.unit}
    assert shared("ACCOUNT") == {tenancy.own, tenancy.waiting}


def test_too_many_versions_are_refused_with_those_that_can_go(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusals.VERSIONS == 100
    monkeypatch.setattr(refusals, "VERSIONS", 2)
    error = refused(estate, "alpha has 3 versions, and Service Catalog holds 2")
    assert error.why == "retired and run by nobody: 1.1.0"
    assert "product.yaml" in error.hint


def rollback(estate: Estate, version: str, **more: Any) -> Rollback:
    return Rollback(
        **{
            "root": estate.catalog.root,
            "product": "alpha",
            "stage": "one",
            "version": version,
            "accounts": Wire(),
            **more,
        }
    )


def test_a_rollback_changes_two_words_and_tells_whom_it_concerns(
    tenancy: Tenancy, estate: Estate
) -> None:
    file = estate.catalog.root / "products/alpha/product.yaml"
    before = file.read_text()
    told = CliRunner().invoke(
        cli,
        (
            *("rollback", "alpha", "--stage", "one", "--to", "1.0.0"),
            *("--root", str(estate.catalog.root)),
        ),
    )
    assert told.exit_code == 0, told.output
    assert file.read_text() == before.replace(
        "1.2.0, guidance: default", "1.2.0, guidance: X"
    ).replace("1.0.0, guidance: available", "1.0.0, guidance: default").replace(
        "guidance: X", "guidance: available"
    )
    product = load_product(file)
    assert product.default == product.version("1.0.0")
    assert f"'team-b' (alpha 1.2.0) of {tenancy.member} in {OTHER}" in told.stdout
    assert f"dr-catalog plan --suffix team-b --region {OTHER} --version 1.0.0" in told.stdout
    assert f"they can't be looked into: {tenancy.waiting}" in told.stdout
    assert "next: git commit" in told.stderr
    again = CliRunner().invoke(
        cli,
        (
            *("rollback", "alpha", "--stage", "one", "--to", "1.0.0", "--output", "json"),
            *("--root", str(estate.catalog.root)),
        ),
    )
    found = json.loads(again.stdout)
    assert (found["changed"], found["former"], found["losses"]) == (False, "1.0.0", {"1.2.0": []})
    estate.catalog.assemble()
    estate.publish()
    assert estate.told(OTHER)["alpha 1.0.0"] == ("DEFAULT", True, "alpha 1.0.0 [default]")
    assert estate.told(OTHER)["alpha 1.2.0"] == ("DEFAULT", True, "alpha 1.2.0")
    estate.catalog.write()
    estate.publish()


def test_a_rollback_concerns_the_hubs_own_launches_too(tenancy: Tenancy, estate: Estate) -> None:
    file = estate.catalog.root / "products/alpha/product.yaml"
    before = file.read_text()
    launch(tenancy, estate.hub(), "own", "1.2.0", HOME)
    try:
        done = rollback(estate, "1.0.0").run()
    finally:
        file.write_text(before)
        estate.client("servicecatalog").terminate_provisioned_product(
            ProvisionedProductName="dr-own", TerminateToken="own"
        )
    assert [(each.account, each.suffix) for each in done.launches] == sorted(
        [(estate.hub(), "own"), (tenancy.member, "team-b")]
    )


@pytest.mark.parametrize(
    ("version", "more", "match"),
    [
        ("9.0.0", {}, "alpha has no version 9.0.0"),
        ("1.1.0", {}, "alpha 1.1.0 is retired"),
        ("1.0.0", {"product": "beta"}, "stage one offers no product 'beta'"),
        ("1.0.0", {"stage": "none"}, "there is no stage 'none'"),
        ("1.3.0", {}, "stage one does not have alpha 1.3.0"),
    ],
)
def test_a_rollback_to_what_is_not_there_changes_nothing(
    estate: Estate, version: str, more: dict[str, str], match: str
) -> None:
    if version == "1.3.0":
        estate.catalog.products = {"alpha": [*ALPHA, ("1.3.0", "guidance: available")]}
        estate.catalog.write()
    file = estate.catalog.root / "products/alpha/product.yaml"
    before = file.read_text()
    with pytest.raises((NotFoundError, PublishError), match=match):
        rollback(estate, version, **more).run()
    assert file.read_text() == before


def test_the_stage_before_must_have_what_comes_next(
    settings: None, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a release may not change on the way, nor once it is there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    estate = estate_of(
        endpoint, tmp_path, stages=2, products={"alpha": [("1.0.0", "guidance: default")]}
    )
    first, second = estate.hub("one"), estate.hub("two")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", second)
    root = ("--root", str(tmp_path))
    told = CliRunner().invoke(cli, ("tenants", *root, "--role", ROLE))
    assert told.exit_code == 1  # the first can't be entered; the second has simply nothing yet
    assert f"error: stage one: arn:aws:iam::{first}:role/entry can't be assumed" in told.stderr
    assert "stage two is not published in us-east-1" in told.stderr
    assert CliRunner().invoke(cli, ("tenants", *root, "--stage", "two")).exit_code == 1
    with pytest.raises(SetupError, match=f"{first}:role/entry can't be assumed") as unreachable:
        estate.publish("two")
    assert "--role" in unreachable.value.hint
    assert estate.wire.writes == []
    estate.roles(first, trusted=second)
    with pytest.raises(
        PublishError, match=r"alpha 1\.0\.0 skips stage one on its way to two"
    ) as skips:
        estate.publish("two")
    assert skips.value.hint == "dr-catalog publish --stage one"
    assert estate.wire.writes == []

    estate.publish("one")  # from the second's account, by the role
    published = estate.publish("two")
    assert all(list(each.portfolios) == ["Small"] for each in published)
    # With nothing new, the stage before is not asked.
    estate.publish("two")
    assert estate.wire.counted()["AssumeRole"] == 0
    assert list(estate.wire._sessions) == [second]

    estate.catalog.text = {"alpha 1.0.0": "another"}
    estate.catalog.write()
    with pytest.raises(
        PublishError, match=r"alpha 1\.0\.0 changed after it was published"
    ) as changed:
        estate.publish("one")
    assert estate.catalog.sha256("alpha", "1.0.0") in changed.value.why
    assert "dr-catalog release alpha" in changed.value.hint
    assert estate.wire.writes == []

    release = estate.catalog.root / "products/alpha/releases"
    (release / "1.0.0").rename(release / "1.1.0")
    file = estate.catalog.root / "products/alpha/product.yaml"
    file.write_text(file.read_text().replace("1.0.0", "1.1.0"))
    with pytest.raises(PublishError, match="two releases would have one version"):
        estate.publish("one")
    assert estate.wire.calls == []
