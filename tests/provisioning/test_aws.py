"""The wrapper of AWS: what it sends, how it reads answers and pages, what it makes of errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    TokenRetrievalError,
)

from dr_catalog.errors import LaunchError, NotFoundError, SetupError, UsageError
from dr_catalog.provisioning import Aws
from dr_catalog.translation import denied, translated

NOW = datetime(2026, 1, 5, tzinfo=UTC)
RECORD = {"RecordId": "rec-1", "Status": "CREATED", "CreatedTime": NOW}


pytestmark = pytest.mark.usefixtures("environment")


def test_no_region_is_said_at_once():
    with pytest.raises(SetupError, match="no AWS region") as caught:
        Aws()
    assert "--region" in caught.value.hint


def test_the_region_of_the_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws = Aws()
    assert (aws.region, aws.chosen_region) == ("eu-west-1", "")


def test_a_profile_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SetupError, match="profile"):
        Aws(region="us-east-1")


def test_requests_are_retried_by_botocore(stubbed, monkeypatch):
    retries = stubbed.aws._client("servicecatalog", "us-east-1").meta.config.retries
    assert (retries["mode"], retries["total_max_attempts"]) == ("standard", 8)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    local = Aws(region="us-east-1")
    assert local.local
    assert (
        local._client("servicecatalog", "us-east-1").meta.config.retries["total_max_attempts"] == 2
    )


def test_pages_are_read_to_their_end(stubbed):
    page = {"PageSize": 20}
    first = {"ProductId": "prod-1", "Name": "warm-standby"}
    second = {"ProductId": "prod-2", "Name": "pilot-light"}
    stubbed.answers(
        "search_products", {"ProductViewSummaries": [first], "NextPageToken": "t"}, page
    )
    stubbed.answers(
        "search_products", {"ProductViewSummaries": [second]}, {**page, "PageToken": "t"}
    )
    assert [product.name for product in stubbed.aws.products()] == ["warm-standby", "pilot-light"]


def test_a_product_comes_with_versions_and_paths(stubbed):
    stubbed.answers(
        "describe_product",
        {
            "ProductViewSummary": {"ProductId": "prod-1", "Name": "warm-standby"},
            "ProvisioningArtifacts": [
                {"Id": "pa-2", "Name": "1.10.0", "CreatedTime": NOW, "Guidance": "DEFAULT"},
                {"Id": "pa-1", "Name": "1.9.0", "CreatedTime": NOW},
            ],
            "LaunchPaths": [{"Id": "lp-1", "Name": "Recovery tiers"}],
        },
        {"Name": "warm-standby"},
    )
    product = stubbed.aws.product(name="warm-standby")
    assert [version.name for version in product.versions] == ["1.9.0", "1.10.0"]
    assert product.default is product.newest is product.versions[1]
    assert product.paths[0].name == "Recovery tiers"


def test_the_version_marked_as_default_is_the_default(stubbed):
    """Also where a newer one is there: that is what a rollback is."""
    versions = [
        ("1.0.0", "First [deprecated, ends 2027-03-31: slow, and [old]]", "DEPRECATED"),
        ("1.1.0", "Second [default]", "DEFAULT"),
        ("1.2.0", "Third", "DEFAULT"),
    ]
    stubbed.answers(
        "describe_product",
        {
            "ProductViewSummary": {"ProductId": "prod-1", "Name": "warm-standby"},
            "ProvisioningArtifacts": [
                {"Id": f"pa-{name}", "Name": name, "CreatedTime": NOW, "Guidance": guidance}
                | {"Description": description}
                for name, description, guidance in versions
            ],
            "LaunchPaths": [{"Id": "lp-1", "Name": "Recovery tiers"}],
        },
        {"Name": "warm-standby"},
    )
    product = stubbed.aws.product(name="warm-standby")
    assert product.default is product.versions[1]
    assert [version.notice for version in product.versions] == [
        "deprecated, ends 2027-03-31: slow, and [old]",
        "",
        "",
    ]


def test_terms_hold_every_rule(stubbed):
    stubbed.answers(
        "describe_provisioning_parameters",
        {
            "ProvisioningArtifactParameters": [
                {
                    "ParameterKey": "Size",
                    "DefaultValue": "8",
                    "ParameterType": "Number",
                    "IsNoEcho": True,
                    "ParameterConstraints": {
                        "AllowedValues": ["8", "16"],
                        "AllowedPattern": "[0-9]+",
                        "MinLength": "1",
                        "MaxLength": "2",
                        "MinValue": "0.5",
                        "MaxValue": "64",
                    },
                },
                {"ParameterKey": "Name"},
            ],
            "TagOptions": [{"Key": "data-class", "Values": ["internal"]}],
        },
        {"ProductId": "prod-1", "ProvisioningArtifactId": "pa-1", "PathId": "lp-1"},
    )
    terms = stubbed.aws.terms(product_id="prod-1", version_id="pa-1", path_id="lp-1")
    size = terms.parameters["Size"]
    assert (size.default, size.type, size.secret, size.allowed) == (
        "8",
        "Number",
        True,
        ("8", "16"),
    )
    assert (size.pattern, size.min_length, size.max_length) == ("[0-9]+", 1, 2)
    assert (size.min_value, size.max_value) == (0.5, 64)
    assert terms.parameters["Name"].default is None
    assert terms.tag_options == {"data-class": ("internal",)}


def test_a_launch_sends_its_token(stubbed):
    stubbed.answers(
        "provision_product",
        {"RecordDetail": RECORD},
        {
            "ProvisionedProductName": "dr-demo",
            "ProductId": "prod-1",
            "ProvisioningArtifactId": "pa-1",
            "ProvisioningParameters": [{"Key": "Size", "Value": "large"}],
            "Tags": [{"Key": "team", "Value": "a"}],
            "ProvisionToken": "t0",
        },
    )
    sent = {"parameters": {"Size": "large"}, "tags": {"team": "a"}, "token": "t0", "path_id": ""}
    record = stubbed.aws.provision(name="dr-demo", product_id="prod-1", version_id="pa-1", **sent)
    assert (record.id, record.finished) == ("rec-1", False)


def test_an_update_keeps_what_is_none(stubbed):
    stubbed.answers(
        "update_provisioned_product",
        {"RecordDetail": RECORD},
        {
            "ProvisionedProductId": "pp-1",
            "ProductId": "prod-1",
            "ProvisioningArtifactId": "pa-1",
            "ProvisioningParameters": [
                {"Key": "Size", "Value": ""},
                {"Key": "Cidr", "UsePreviousValue": True},
            ],
            "UpdateToken": "t0",
            "PathId": "lp-1",
        },
    )
    stubbed.aws.update(
        launch_id="pp-1",
        product_id="prod-1",
        version_id="pa-1",
        path_id="lp-1",
        parameters={"Size": "", "Cidr": None},
        token="t0",
    )


def test_a_record_carries_its_errors(stubbed):
    failed = {**RECORD, "Status": "FAILED", "RecordErrors": [{"Code": "X", "Description": "why"}]}
    stubbed.answers("describe_record", {"RecordDetail": failed}, {"Id": "rec-1"})
    record = stubbed.aws.record("rec-1")
    assert (record.finished, record.errors) == (True, ("why",))


def test_a_launch_that_is_not_there_is_none(stubbed):
    stubbed.stub("servicecatalog").add_client_error(
        "describe_provisioned_product", "ResourceNotFoundException", "gone"
    )
    assert stubbed.aws.launch("dr-demo") is None


def test_who_may_not_see_the_account_sees_its_own(stubbed):
    stub = stubbed.stub("servicecatalog")
    stub.add_client_error("search_provisioned_products", "AccessDeniedException", "no")
    stub.add_response(
        "search_provisioned_products",
        {"ProvisionedProducts": [{"Id": "pp-1", "Name": "dr-demo", "Status": "AVAILABLE"}]},
        {"AccessLevelFilter": {"Key": "User", "Value": "self"}, "PageSize": 20},
    )
    assert [launch.suffix for launch in stubbed.aws.launches()] == ["demo"]


def test_a_stack_is_read_in_the_region_that_is_named(stubbed):
    peer = stubbed.stub("cloudformation", "us-west-2")
    peer.add_response(
        "describe_stacks",
        {
            "Stacks": [
                {
                    "StackId": "arn:s",
                    "StackName": "s",
                    "CreationTime": NOW,
                    "StackStatus": "CREATE_COMPLETE",
                    "Parameters": [{"ParameterKey": "Size", "ParameterValue": "large"}],
                    "Outputs": [{"OutputKey": "Endpoint", "OutputValue": "https://"}],
                }
            ]
        },
    )
    peer.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")
    stack = stubbed.aws.stack("s", region="us-west-2")
    assert stack is not None
    assert (stack.region, stack.parameters, stack.outputs) == (
        "us-west-2",
        {"Size": "large"},
        {"Endpoint": "https://"},
    )
    assert stubbed.aws.stack("s", region="us-west-2") is None


def test_events_stop_at_the_operations_beginning(stubbed):
    def item(number: int, day: int) -> dict[str, Any]:
        return {
            "StackId": "arn:s",
            "EventId": str(number),
            "StackName": "s",
            "Timestamp": NOW.replace(day=day),
        }

    # A next page is announced, and would fail if it were asked for.
    page = {"StackEvents": [item(3, 7), item(2, 6), item(1, 4)], "NextToken": "t"}
    stubbed.stub("cloudformation").add_response("describe_stack_events", page)
    found = stubbed.aws.events("s", since=NOW.replace(day=5))
    assert [event.id for event in found] == ["3", "2"]


def test_stack_sets_and_their_instances(stubbed):
    stub = stubbed.stub("cloudformation")
    common = {"LastUpdatedTimestamp": NOW, "ResourceStatus": "CREATE_COMPLETE"}
    kinds = {"F": "AWS::CloudFormation::StackSet", "Q": "AWS::SQS::Queue"}
    stub.add_response(
        "list_stack_resources",
        {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": k,
                    "ResourceType": v,
                    "PhysicalResourceId": f"{k}:1",
                    **common,
                }
                for k, v in kinds.items()
            ]
        },
    )
    stub.add_response(
        "list_stack_instances",
        {"Summaries": [{"Region": "us-west-2", "StackId": "arn:p", "Status": "CURRENT"}]},
    )
    stub.add_client_error("list_stack_instances", "StackSetNotFoundException", "gone")
    assert stubbed.aws.stack_sets("s") == ("F:1",)
    assert [each.stack_id for each in stubbed.aws.stack_instances("F:1")] == ["arn:p"]
    assert stubbed.aws.stack_instances("F:1") == ()


def test_stacks_that_are_gone_can_be_found_by_name_and_age(stubbed):
    def item(name: str, day: int) -> dict[str, Any]:
        times = {"CreationTime": NOW.replace(day=day)}
        return {"StackId": f"arn:{name}:{day}", "StackName": name, "StackStatus": "X", **times}

    page = {"StackSummaries": [item("StackSet-a-1", 6), item("StackSet-a-2", 4), item("b", 6)]}
    stubbed.stub("cloudformation", "us-west-2").add_response("list_stacks", page)
    found = stubbed.aws.stacks_since(
        prefix="StackSet-a-", since=NOW.replace(day=5), region="us-west-2"
    )
    assert found == ("arn:StackSet-a-1:6",)


def test_an_unreadable_peer_region_is_empty(stubbed):
    stubbed.stub("ssm").add_client_error("get_parameter", "AccessDeniedException", "no")
    assert stubbed.aws.peer_region == ""


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("ExpiredTokenException", SetupError, "expired"),
        ("InvalidClientTokenId", SetupError, "does not accept"),
        ("AccessDeniedException", SetupError, "may not call DescribeRecord"),
        ("ThrottlingException", LaunchError, "throttles"),
        ("ResourceNotFoundException", NotFoundError, "not found"),
        ("InvalidParametersException", LaunchError, "refused"),
    ],
)
def test_an_answers_error_is_translated(stubbed, code, kind, says):
    stubbed.stub("servicecatalog").add_client_error("describe_record", code, "because")
    with pytest.raises(kind, match=says) as caught:
        stubbed.aws.record("rec-1")
    assert "because" in caught.value.why
    assert denied(caught.value) == (code == "AccessDeniedException")


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (NoCredentialsError(), SetupError, "aws sso login"),
        (TokenRetrievalError(provider="sso", error_msg="x"), SetupError, "aws sso login"),
        (ProfileNotFound(profile="x"), SetupError, "aws configure"),
        (ParamValidationError(report="too long"), UsageError, ""),
        (EndpointConnectionError(endpoint_url="https://x"), SetupError, "network"),
    ],
)
def test_the_clients_error_is_translated(error, kind, hint):
    with pytest.raises(kind) as caught, translated(endpoint=None):
        raise error
    assert hint in caught.value.hint


def test_a_local_endpoint_that_is_down_can_be_started():
    with pytest.raises(SetupError) as caught, translated(endpoint="http://127.0.0.1:4566"):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")
    assert caught.value.what == "http://127.0.0.1:4566 can't be reached"
    assert "dr-catalog local up" in caught.value.hint


def test_bytes_of_a_command_line_that_are_no_text_are_refused():
    with pytest.raises(UsageError, match="does not take this value") as caught:
        Aws(region="us-east-1").stack("\udcff")
    assert "UTF-8" in caught.value.why
