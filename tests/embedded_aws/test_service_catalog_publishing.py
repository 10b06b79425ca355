"""What the hub publishes: the nine resource types, read back through the service's own operations."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from .service_catalog_estate import LAUNCH_ROLE, TINY, Estate

RULES = {
    "SmallOnly": {
        "Assertions": [
            {
                "Assert": {"Fn::Contains": [["small"], {"Ref": "Size"}]},
                "AssertDescription": "only small is allowed in production",
            }
        ]
    }
}


@pytest.fixture(scope="module")
def estate(endpoint: str) -> Estate:
    """A published catalog with all nine types."""
    made = Estate(endpoint).declare()
    pair = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
    made.add("Rules", "LaunchTemplateConstraint", Rules=json.dumps(RULES), **pair)
    made.client("iam", made.hub).create_role(RoleName="dr-tenant", AssumeRolePolicyDocument="{}")
    made.add(
        "Principal",
        "PortfolioPrincipalAssociation",
        PortfolioId={"Ref": "Portfolio"},
        PrincipalARN=f"arn:aws:iam::{made.hub}:role/dr-tenant",
        PrincipalType="IAM",
    )
    made.add("Option", "TagOption", Key="data-class", Value="internal")
    made.add(
        "OptionAssociation",
        "TagOptionAssociation",
        TagOptionId={"Ref": "Option"},
        ResourceId={"Ref": "Portfolio"},
    )
    made.outputs = {
        name: {"Value": {"Fn::GetAtt": list(attribute)}}
        for name, attribute in {
            "PortfolioName": ("Portfolio", "PortfolioName"),
            "ProductName": ("Product", "ProductName"),
            "Ids": ("Product", "ProvisioningArtifactIds"),
            "Names": ("Product", "ProvisioningArtifactNames"),
        }.items()
    }
    made.publish()
    return made


@pytest.fixture
def changed(estate: Estate) -> Any:
    """The catalog, whose declaration may be changed: it is put back afterwards."""
    before, ids = copy.deepcopy(estate.resources), dict(estate.ids)
    yield estate
    estate.resources = before
    stack = estate.stacks.describe_stacks(StackName="catalog")["Stacks"][0]
    if stack["StackStatus"] == "UPDATE_COMPLETE":
        estate.publish()
    assert {name: estate.ids[name] for name in ids} == ids


def refused(estate: Estate) -> str:
    """Publish what can't be, and say why it failed."""
    estate.publish(wanted="UPDATE_ROLLBACK_COMPLETE")
    return estate.reasons()[0]


def test_references_and_attributes_are_those_of_aws(estate: Estate) -> None:
    ids = estate.ids
    stack = estate.stacks.describe_stacks(StackName="catalog")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs == {
        "PortfolioName": "Tiers",
        "ProductName": "tiny",
        "Ids": f"{estate.artifact('1.0.0')},{estate.artifact('1.1.0')}",
        "Names": "1.0.0,1.1.0",
    }
    assert ids["Association"] == f"{ids['Portfolio']}|{ids['Product']}"
    assert [ids[name][:5] for name in ("LaunchRole", "Rules")] == ["cons-", "cons-"]
    assert ids["Portfolio"].startswith("port-")
    assert ids["Product"].startswith("prod-")
    assert ids["Option"].startswith("tag-")


def test_the_service_answers_what_was_declared(estate: Estate) -> None:
    admin, portfolio = estate.admin, estate.ids["Portfolio"]
    assert admin.describe_portfolio(Id=portfolio)["TagOptions"][0]["Value"] == "internal"
    assert admin.list_portfolio_access(PortfolioId=portfolio)["AccountIds"] == [estate.tenant]
    principals = admin.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"]
    assert principals == [
        {"PrincipalARN": f"arn:aws:iam::{estate.hub}:role/dr-tenant", "PrincipalType": "IAM"}
    ]
    parameters = {
        constraint["Type"]: json.loads(
            admin.describe_constraint(Id=constraint["ConstraintId"])["ConstraintParameters"]
        )
        for constraint in admin.list_constraints_for_portfolio(PortfolioId=portfolio)[
            "ConstraintDetails"
        ]
    }
    assert parameters == {"LAUNCH": {"LocalRoleName": LAUNCH_ROLE}, "TEMPLATE": {"Rules": RULES}}


def test_a_version_is_known_by_its_url_and_its_name(changed: Estate) -> None:
    admin, product = changed.admin, changed.ids["Product"]
    first, second = changed.artifact("1.0.0"), changed.artifact("1.1.0")
    admin.update_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=first, Guidance="DEPRECATED", Active=False
    )
    versions = changed.resources["Product"]["Properties"]["ProvisioningArtifactParameters"]
    versions[0]["Description"] = "the first"
    versions[1] = changed.version("1.1.0-moved") | {"Name": "1.1.0"}
    versions.append(changed.version("1.2.0"))
    changed.publish()

    kept = admin.describe_provisioning_artifact(ProductId=product, ProvisioningArtifactId=first)
    detail = kept["ProvisioningArtifactDetail"]
    assert (detail["Guidance"], detail["Active"]) == ("DEPRECATED", False)
    assert detail["Description"] == "the first"
    assert changed.artifact("1.0.0") == first
    assert changed.artifact("1.1.0") != second
    admin.update_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=first, Guidance="DEFAULT", Active=True
    )


def test_an_unknown_property_is_refused(changed: Estate) -> None:
    changed.resources["Portfolio"]["Properties"]["Colour"] = "red"
    assert "#: extraneous key [Colour] is not permitted" in refused(changed)


def test_a_broken_template_is_refused(changed: Estate) -> None:
    versions = changed.resources["Product"]["Properties"]["ProvisioningArtifactParameters"]
    versions.append(changed.version("broken", {"Resources": {"X": {"Type": "AWS::No::Such"}}}))
    assert "Unrecognized resource types: [AWS::No::Such]" in refused(changed)


def test_a_missing_template_is_refused(changed: Estate) -> None:
    versions = changed.resources["Product"]["Properties"]["ProvisioningArtifactParameters"]
    url = versions[0]["Info"]["LoadTemplateFromURL"].replace("1.0.0", "absent")
    versions.append({"Name": "absent", "Info": {"LoadTemplateFromURL": url}})
    assert "Unable to load template" in refused(changed)


def test_a_product_takes_a_hundred_versions(changed: Estate) -> None:
    versions = changed.resources["Product"]["Properties"]["ProvisioningArtifactParameters"]
    versions += [{**versions[0], "Name": f"2.{number}"} for number in range(99)]
    assert "maximum number of provisioning artifacts (100)" in refused(changed)


def test_a_local_role_must_exist_in_the_hub(changed: Estate) -> None:
    changed.resources["LaunchRole"]["Properties"]["LocalRoleName"] = "absent"
    assert f"The role absent does not exist in account {changed.hub}" in refused(changed)


def test_a_second_launch_constraint_is_refused(changed: Estate) -> None:
    changed.resources["Second"] = copy.deepcopy(changed.resources["LaunchRole"])
    assert "Only one launch constraint is allowed" in refused(changed)


def test_a_principal_must_exist(changed: Estate) -> None:
    changed.resources["Principal"]["Properties"]["PrincipalARN"] += "-absent"
    assert "Invalid principal ARN" in refused(changed)


def test_a_role_replaces_another_in_place(changed: Estate) -> None:
    before = changed.ids["LaunchRole"]
    properties = changed.resources["LaunchRole"]["Properties"]
    del properties["LocalRoleName"]
    properties["RoleArn"] = f"arn:aws:iam::{changed.hub}:role/{LAUNCH_ROLE}"
    assert changed.publish()["LaunchRole"] == before


def test_a_portfolio_in_use_stays(endpoint: str) -> None:
    estate = Estate(endpoint)
    estate.add("Portfolio", "Portfolio", DisplayName="Tiers", ProviderName="Platform team")
    estate.publish()
    principal = {
        "PortfolioId": estate.ids["Portfolio"],
        "PrincipalARN": f"arn:aws:iam::{estate.hub}:root",
    }
    estate.admin.associate_principal_with_portfolio(**principal, PrincipalType="IAM")
    estate.stacks.delete_stack(StackName="catalog")
    estate.settle("DELETE_FAILED")
    still_used = f"Portfolio {estate.ids['Portfolio']} still has associated Principals"
    assert still_used in estate.reasons()
    estate.admin.disassociate_principal_from_portfolio(**principal)
    estate.stacks.delete_stack(StackName="catalog")
    estate.settle("DELETE_COMPLETE")


@pytest.mark.parametrize(
    ("association", "user", "reason"),
    [
        (
            "TagOptionAssociation",
            ("TagOptionId", "ResourceId"),
            "TagOption {0} is still associated",
        ),
        ("PortfolioProductAssociation", ("ProductId", "PortfolioId"), "Product {0} is still assoc"),
    ],
)
def test_what_another_stack_uses_stays(
    endpoint: str, association: str, user: tuple[str, str], reason: str
) -> None:
    estate = Estate(endpoint)
    used, holder = ("Option", "Product") if "Tag" in association else ("Product", "Portfolio")
    estate.add("Portfolio", "Portfolio", DisplayName="Tiers", ProviderName="Platform team")
    estate.add("Option", "TagOption", Key="data-class", Value="internal")
    estate.add(
        "Product",
        "CloudFormationProduct",
        Name="tiny",
        Owner="Platform team",
        ProvisioningArtifactParameters=[estate.version("1.0.0")],
    )
    estate.resources[holder]["DeletionPolicy"] = "Retain"
    estate.publish()
    other = Estate(endpoint, hub=estate.hub)
    other.name = "other"
    other.add(
        "A", association, **dict(zip(user, (estate.ids[used], estate.ids[holder]), strict=True))
    )
    other.publish()
    estate.stacks.delete_stack(StackName="catalog")
    estate.settle("DELETE_FAILED")
    assert reason.format(estate.ids[used]) in estate.reasons()[-1]


def test_everything_goes_with_its_stack(endpoint: str) -> None:
    estate = Estate(endpoint).declare()
    estate.publish()
    estate.stacks.delete_stack(StackName="catalog")
    estate.settle("DELETE_COMPLETE")
    assert estate.admin.list_portfolios()["PortfolioDetails"] == []
    assert estate.admin.search_products_as_admin()["ProductViewDetails"] == []


def test_large_templates_are_read(endpoint: str) -> None:
    estate = Estate(endpoint).declare()
    padded = {**TINY, "Metadata": {"padding": "x" * 60000}}
    versions = estate.resources["Product"]["Properties"]["ProvisioningArtifactParameters"]
    versions.append(estate.version("large", padded))
    estate.publish()
    estate.onboard()
    assert estate.launched("large", version="large")["Status"] == "SUCCEEDED"
