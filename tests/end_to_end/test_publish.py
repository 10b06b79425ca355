"""What publishing and onboarding make, read back from Service Catalog in both regions."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dr_catalog.definitions import load_catalog
from dr_catalog.errors import PublishError
from dr_catalog.publishing import assembly, onboard, publish
from dr_catalog.publishing.stack import INLINE_LIMIT, Store, deploy
from dr_catalog.releases import load_release

from .conftest import HUB, PEER, REGION, TENANT, Identity

REGIONS = pytest.mark.parametrize("region", [REGION, PEER])


def portfolio_id(hub: Identity, region: str) -> str:
    (found,) = hub.client("servicecatalog", region).list_portfolios()["PortfolioDetails"]
    assert found["DisplayName"] == "Recovery tiers"
    return str(found["Id"])


def versions(hub: Identity, region: str) -> dict[str, dict[str, Any]]:
    servicecatalog = hub.client("servicecatalog", region)
    (product,) = servicecatalog.search_products_as_admin(PortfolioId=portfolio_id(hub, region))[
        "ProductViewDetails"
    ]
    found = servicecatalog.list_provisioning_artifacts(
        ProductId=product["ProductViewSummary"]["ProductId"]
    )["ProvisioningArtifactDetails"]
    return {each["Name"]: each for each in found}


@REGIONS
def test_every_release_is_a_version_whose_template_is_the_frozen_one(
    hub: Identity, catalog: Path, region: str
) -> None:
    product = load_catalog(catalog).products["warm-standby"]
    published = versions(hub, region)
    assert list(published) == [entry.version for entry in product.versions]
    bucket = f"dr-catalog-assets-{HUB}-{region}"
    for name in published:
        digest = load_release(product, name).manifest.templates["primary"].sha256
        body = hub.client("s3", region).get_object(Bucket=bucket, Key=f"templates/{digest}.json")
        assert hashlib.sha256(body["Body"].read()).hexdigest() == digest
        assert (published[name]["Active"], published[name]["Guidance"]) == (True, "DEFAULT")


@REGIONS
def test_the_product_is_launched_under_a_local_role_and_by_rules(
    hub: Identity, region: str
) -> None:
    servicecatalog = hub.client("servicecatalog", region)
    found = servicecatalog.list_constraints_for_portfolio(PortfolioId=portfolio_id(hub, region))
    constraints = {each["Type"]: each["ConstraintId"] for each in found["ConstraintDetails"]}
    assert set(constraints) == {"LAUNCH", "TEMPLATE"}
    launch = servicecatalog.describe_constraint(Id=constraints["LAUNCH"])
    assert json.loads(launch["ConstraintParameters"]) == {
        "LocalRoleName": "dr-catalog-launch-warm-standby"
    }


@REGIONS
def test_the_portfolio_is_shared_opened_and_tagged(
    hub: Identity, tenant: Identity, region: str
) -> None:
    servicecatalog, portfolio = hub.client("servicecatalog", region), portfolio_id(hub, region)
    assert servicecatalog.list_portfolio_access(PortfolioId=portfolio)["AccountIds"] == [TENANT]
    principals = servicecatalog.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"]
    assert sorted(each["PrincipalARN"] for each in principals) == [
        "arn:aws:iam:::role/dr-catalog-canary",  # the stage's gates ask for one
        "arn:aws:iam:::role/dr-tenant",
    ]
    assert {each["PrincipalType"] for each in principals} == {"IAM_PATTERN"}
    options = servicecatalog.describe_portfolio(Id=portfolio)["TagOptions"]
    assert [(each["Key"], each["Value"]) for each in options] == [("managed-by", "dr-catalog")]


@REGIONS
def test_the_tenant_account_finds_code_and_peer_region(tenant: Identity, region: str) -> None:
    parameters = tenant.client("ssm", region).get_parameters(
        Names=["/dr-catalog/asset-bucket-prefix", "/dr-catalog/peer-region"]
    )["Parameters"]
    assert {each["Name"]: each["Value"] for each in parameters} == {
        "/dr-catalog/asset-bucket-prefix": f"dr-catalog-assets-{HUB}",
        "/dr-catalog/peer-region": PEER if region == REGION else REGION,
    }


def test_who_is_no_principal_sees_no_product(
    tenant: Identity, person: Callable[[str], Identity]
) -> None:
    assert [each["name"] for each in tenant.json("products")] == ["warm-standby"]
    assert person(TENANT).json("products") == []


def test_publishing_and_onboarding_again_change_nothing(
    hub: Identity, tenant: Identity, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew = functools.cache(assembly.synthesise)  # once more, for both
    for module in (publish, onboard):
        monkeypatch.setattr(module, "synthesise", anew)
    before = [versions(hub, region) for region in (REGION, PEER)]
    again = hub.json("publish", "--stage", "dev", "--root", str(catalog))
    assert [each["changes"] for each in again] == [[], []]
    assert [versions(hub, region) for region in (REGION, PEER)] == before
    again = hub.json("onboard", "--account", TENANT, "--stage", "dev", "--root", str(catalog))
    assert [each["changes"] for each in again] == [[], []]


def test_a_template_too_long_for_a_request_goes_through_the_hubs_bucket(
    hub: Identity, tenant: Identity, person: Callable[[str], Identity]
) -> None:
    """As the roles of a catalog of several tiers do: the tenant's CloudFormation reads it there."""
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "dr-long"}}
    body = json.dumps({"Metadata": {"Long": "x" * INLINE_LIMIT}, "Resources": {"Topic": topic}})
    bucket = f"dr-catalog-assets-{HUB}-{REGION}"
    cloudformation = person(TENANT).client("cloudformation")
    with pytest.raises(PublishError, match="the template of stack dr-long is too long"):
        deploy(cloudformation, name="dr-long", template=body)
    store = Store(s3=hub.client("s3"), bucket=bucket)
    assert deploy(cloudformation, name="dr-long", template=body, store=store).changed
    assert not deploy(cloudformation, name="dr-long", template=body, store=store).changed
    key = f"templates/{hashlib.sha256(body.encode()).hexdigest()}.json"
    assert store.put(body) == f"https://s3.{REGION}.amazonaws.com/{bucket}/{key}"
    assert hub.client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [
        {"Key": "servicecatalog:provisioning", "Value": "true"}
    ]
    policy = json.loads(hub.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    (read,) = [each for each in policy["Statement"] if each.get("Sid") == "CatalogAccountsRead"]
    assert (read["Effect"], read["Action"]) == ("Allow", "s3:GetObject")
    assert read["Principal"] == {"AWS": f"arn:aws:iam::{TENANT}:root"}
    assert read["Resource"] == f"arn:aws:s3:::{bucket}/*"
    cloudformation.delete_stack(StackName="dr-long")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("publish", "--stage", "none"), "there is no stage 'none'"),
        (("onboard", "--stage", "dev", "--account", "333333333333"), "is not shared with"),
    ],
)
def test_what_is_not_defined_is_refused_by_name(
    hub: Identity, catalog: Path, words: tuple[str, ...], expected: str
) -> None:
    refused = hub.run(*words, "--root", str(catalog))
    assert refused.exit_code == 1
    assert expected in refused.stderr


def test_publishing_with_another_accounts_credentials_is_refused(
    person: Callable[[str], Identity], catalog: Path
) -> None:
    refused = person(TENANT).run("publish", "--stage", "dev", "--root", str(catalog))
    assert refused.exit_code == 1
    assert f"is published in account {HUB}" in refused.stderr
