"""The service against botocore's model: which operations there are, what they take and answer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.core import persistence

import embedded_aws
from embedded_aws.service_catalog import OPERATIONS, resource_types, state
from embedded_aws.service_catalog.errors import InvalidParametersError
from embedded_aws.service_catalog.paging import page
from embedded_aws.service_catalog.validation import check_request, service_model

from . import service_catalog_contract as contract
from .service_catalog_estate import Estate

ACCOUNT_LEVEL = {"AccessLevelFilter": {"Key": "Account", "Value": "self"}}


def test_the_operations_are_those_of_the_document() -> None:
    text = (Path(embedded_aws.__file__).parent / "OPERATIONS.md").read_text()
    section = re.search(r"^## servicecatalog\n((?:- \w+\n)+)", text, re.MULTILINE)
    assert section is not None
    assert set(re.findall(r"^- (\w+)$", section[1], re.MULTILINE)) == OPERATIONS


def test_another_operation_is_refused(endpoint: str) -> None:
    with pytest.raises(ClientError, match=r"OPERATIONS\.md"):
        Estate(endpoint).admin.list_service_actions()


@pytest.fixture(scope="module")
def estate(endpoint: str) -> Estate:
    """A catalog with a tag option, ready to launch from."""
    made = Estate(endpoint).declare()
    made.add("Option", "TagOption", Key="tier", Value="tiny")
    made.add(
        "OptionAssociation",
        "TagOptionAssociation",
        TagOptionId={"Ref": "Option"},
        ResourceId={"Ref": "Portfolio"},
    )
    made.publish()
    return made.onboard()


def test_every_operation_answers_as_the_model_says(estate: Estate) -> None:
    contract.ANSWERED.clear()
    admin, user, ids = estate.admin, estate.user, estate.ids
    portfolio, product = {"PortfolioId": ids["Portfolio"]}, {"ProductId": ids["Product"]}
    root = {**portfolio, "PrincipalARN": f"arn:aws:iam::{estate.hub}:root"}
    version = {**product, "ProvisioningArtifactId": estate.artifact("1.0.0")}

    admin.associate_principal_with_portfolio(**root, PrincipalType="IAM")
    admin.list_principals_for_portfolio(**portfolio)
    admin.disassociate_principal_from_portfolio(**root)
    admin.list_portfolios()
    admin.describe_portfolio(Id=ids["Portfolio"])
    admin.describe_portfolio_shares(**portfolio, Type="ACCOUNT")
    unit = {"Type": "ORGANIZATIONAL_UNIT", "Value": estate.organize()}
    admin.get_aws_organizations_access_status()
    admin.create_portfolio_share(**portfolio, OrganizationNode=unit)
    shared = admin.update_portfolio_share(
        **portfolio, OrganizationNode=unit, SharePrincipals=True, ShareTagOptions=True
    )
    admin.describe_portfolio_share_status(PortfolioShareToken=shared["PortfolioShareToken"])
    admin.describe_portfolio_shares(**portfolio, Type="ORGANIZATIONAL_UNIT")
    admin.delete_portfolio_share(**portfolio, OrganizationNode=unit)
    admin.list_portfolio_access(**portfolio)
    admin.list_portfolios_for_product(**product)
    admin.list_constraints_for_portfolio(**portfolio, **product)
    admin.describe_constraint(Id=ids["LaunchRole"])
    admin.list_tag_options(Filters={"Key": "tier"})
    assert admin.list_resources_for_tag_option(TagOptionId=ids["Option"])["ResourceDetails"]
    admin.search_products_as_admin(**portfolio, Filters={"FullTextSearch": ["TINY"]})
    admin.describe_product_as_admin(Id=ids["Product"])
    admin.update_provisioning_artifact(**version, Description="the first")
    admin.list_provisioning_artifacts(**product)
    admin.describe_provisioning_artifact(
        **version, Verbose=True, IncludeProvisioningArtifactParameters=True
    )

    user.reject_portfolio_share(**portfolio)
    estate.join()
    user.list_accepted_portfolio_shares()
    user.search_products(Filters={"Owner": ["Platform team"]}, SortBy="Title")
    user.describe_product(Name="tiny")
    user.list_launch_paths(**product)
    user.describe_provisioning_parameters(**version)
    tags = [{"Key": "team", "Value": "blue"}]
    record = estate.launched("contract", parameters={"Suffix": "contract"}, Tags=tags)
    assert record["Status"] == "SUCCEEDED"
    estate.launched("failing", parameters={"Suffix": "failing", "Broken": "yes"})
    user.describe_provisioned_product(Name="contract")
    user.search_provisioned_products(**ACCOUNT_LEVEL)
    user.scan_provisioned_products(**ACCOUNT_LEVEL)
    user.list_record_history(**ACCOUNT_LEVEL)
    user.get_provisioned_product_outputs(ProvisionedProductName="contract")
    estate.updated("contract", "u", ProvisioningArtifactName="1.1.0")
    plan = estate.planned("contract", version="1.0.0")
    user.list_provisioned_product_plans(**ACCOUNT_LEVEL)
    user.delete_provisioned_product_plan(PlanId=plan["PlanId"])
    estate.terminated("contract", "t")
    assert contract.ANSWERED >= OPERATIONS


def test_the_contract_notices_a_wrong_answer() -> None:
    shape = service_model().operation_model("ListPortfolios").output_shape
    wrong = {"PortfolioDetails": [{"Id": "no spaces", "CreatedTime": "today", "Colour": "red"}]}
    assert len(contract.breaks(shape, wrong, "answer")) == 3
    assert contract.breaks(shape, {"PortfolioDetails": [{"Id": "port-1"}]}, "answer") == []


@pytest.mark.parametrize(
    ("operation", "request_", "rule"),
    [
        (
            "DescribePortfolio",
            {},
            "null at 'id' failed to satisfy constraint: Member must not be null",
        ),
        ("DescribePortfolio", {"Id": "a b"}, "at 'id' .*regular expression pattern"),
        ("DescribePortfolio", {"Id": "a" * 101}, "length less than or equal to 100"),
        ("DescribeProduct", {"Name": 7}, "at 'name' .*must be a string"),
        (
            "DescribePortfolioShares",
            {"PortfolioId": "port-1", "Type": "FRIEND"},
            r"at 'type' .*enum value set: \[ACCOUNT",
        ),
        (
            "TerminateProvisionedProduct",
            {"TerminateToken": "-"},
            "at 'terminateToken' .*regular expression pattern",
        ),
        (
            "ProvisionProduct",
            {
                "ProvisionedProductName": "x",
                "ProvisionToken": "x",
                "ProvisioningParameters": [{"Key": "k", "Value": "v" * 4097}],
            },
            "length less than or equal to 4096",
        ),
        (
            "ProvisionProduct",
            {
                "ProvisionedProductName": "x",
                "ProvisionToken": "x",
                "Tags": [{"Key": str(number), "Value": "v"} for number in range(51)],
            },
            "length less than or equal to 50",
        ),
        (
            "ProvisionProduct",
            {"ProvisionedProductName": "-x", "ProvisionToken": "x"},
            "at 'provisionedProductName' .*regular expression pattern",
        ),
    ],
)
def test_a_request_is_held_to_the_model(operation: str, request_: dict, rule: str) -> None:
    with pytest.raises(InvalidParametersError, match=rf"^1 validation error detected: .*{rule}"):
        check_request(operation, request_)


def test_a_malformed_request_is_refused_by_the_server(endpoint: str) -> None:
    admin = Estate(endpoint).client(
        "servicecatalog", "300000000242", config=Config(parameter_validation=False)
    )
    with pytest.raises(ClientError, match="2 validation errors detected") as refused:
        admin.provision_product(ProvisionedProductName="x y", ProvisionToken="-")
    assert refused.value.response["Error"]["Code"] == "InvalidParametersException"


def test_pages_hold_twenty_and_their_tokens_belong_to_an_operation() -> None:
    items = list(range(45))
    pages, token = [], None
    while True:
        answer = page(items, {"PageToken": token, "PageSize": 100}, operation="List", name="Items")
        pages.append(answer["Items"])
        token = answer.get("NextPageToken")
        if token is None:
            break
    assert [len(part) for part in pages] == [20, 20, 5]
    assert [item for part in pages for item in part] == items
    first = page(items, {"PageSize": 7}, operation="List", name="Items")
    assert len(first["Items"]) == 7
    for wrong in (first["NextPageToken"], "nonsense"):
        with pytest.raises(InvalidParametersError, match="Invalid page token"):
            page(items, {"PageToken": wrong}, operation="Other", name="Items")


def test_an_answer_comes_in_pages(endpoint: str) -> None:
    estate = Estate(endpoint)
    for number in range(21):
        estate.add(f"P{number}", "Portfolio", DisplayName=f"P{number}", ProviderName="team")
    estate.publish()
    first = estate.admin.list_portfolios()
    rest = estate.admin.list_portfolios(PageToken=first["NextPageToken"])
    listed = first["PortfolioDetails"] + rest["PortfolioDetails"]
    assert [len(first["PortfolioDetails"]), len(rest["PortfolioDetails"])] == [20, 1]
    assert len({portfolio["Id"] for portfolio in listed}) == 21


def test_the_state_survives_a_restart_and_not_a_reset() -> None:
    caller = state.Caller("300000000243", "us-east-1", "arn", "arn")
    kind = "AWS::ServiceCatalog::Portfolio"
    properties = {"DisplayName": "Tiers", "ProviderName": "team"}
    key, _ = resource_types.create(kind, caller, "Portfolio", properties)
    text = json.dumps(state.portfolios, default=persistence._json_default)
    restored = json.loads(text, object_hook=persistence._json_object_hook)
    assert restored.to_dict() == state.portfolios.to_dict()
    assert caller.get(restored, key)["name"] == "Tiers"
    state.reset()
    assert caller.own(state.portfolios) == []
