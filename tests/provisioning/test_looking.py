"""The calls that look ahead and look closely: what they send and how they read answers."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from botocore.response import StreamingBody

from dr_catalog.errors import LaunchError, NotFoundError
from dr_catalog.provisioning.preview_model import Detection, Difference, PlanRequest

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def test_a_plan_is_made_read_in_pages_and_deleted(stubbed):
    stubbed.answers(
        "create_provisioned_product_plan",
        {"PlanId": "plan-1"},
        {
            "PlanName": "p",
            "PlanType": "CLOUDFORMATION",
            "ProductId": "prod-1",
            "ProvisionedProductName": "dr-demo",
            "ProvisioningArtifactId": "pa-1",
            "ProvisioningParameters": [
                {"Key": "A", "Value": "x"},
                {"Key": "B", "UsePreviousValue": True},
            ],
            "IdempotencyToken": "t0",
            "Tags": [{"Key": "team", "Value": "blue"}],
        },
    )
    detail = {"Status": "CREATE_SUCCESS"}
    change = {"Action": "MODIFY", "LogicalResourceId": "Q", "ResourceType": "AWS::SQS::Queue"}
    target = {"Target": {"Attribute": "PROPERTIES", "Name": "QueueName"}}
    page = {"PlanId": "plan-1", "PageSize": 20}
    stubbed.answers(
        "describe_provisioned_product_plan",
        {
            "ProvisionedProductPlanDetails": detail,
            "ResourceChanges": [{**change, "Replacement": "TRUE", "Details": [target, target]}],
            "NextPageToken": "n",
        },
        page,
    )
    stubbed.answers(
        "describe_provisioned_product_plan",
        {
            "ProvisionedProductPlanDetails": detail,
            "ResourceChanges": [{**change, "Scope": ["TAGS"]}],
        },
        {**page, "PageToken": "n"},
    )
    stubbed.answers("delete_provisioned_product_plan", {}, {"PlanId": "plan-1"})
    request = PlanRequest(
        name="p",
        launch="dr-demo",
        product_id="prod-1",
        version_id="pa-1",
        parameters={"A": "x", "B": None},
        tags={"team": "blue"},
        token="t0",
    )
    plan = stubbed.aws.plan(stubbed.aws.make_plan(request))
    first, second = plan.changes
    assert (first.replacement, first.properties, first.tags_only) == ("TRUE", ("QueueName",), False)
    assert second.tags_only
    stubbed.aws.delete_plan("plan-1")


def test_a_change_set_reads_as_a_plan_does(stubbed):
    stub = stubbed.stub("cloudformation", "us-west-2")
    stub.add_response(
        "describe_change_set",
        {
            "Status": "CREATE_COMPLETE",
            "Changes": [
                {
                    "ResourceChange": {
                        "Action": "Modify",
                        "LogicalResourceId": "Q",
                        "ResourceType": "AWS::SQS::Queue",
                        "Replacement": "Conditional",
                        "Scope": ["Tags"],
                    }
                }
            ],
        },
        {"ChangeSetName": "arn:cs"},
    )
    (change,) = stubbed.aws.change_set("arn:cs", region="us-west-2").changes
    assert (change.action, change.replacement, change.tags_only) == ("MODIFY", "CONDITIONAL", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.eu-west-1.amazonaws.com/assets/templates/a.json",
        "https://assets.s3.eu-west-1.amazonaws.com/templates/a.json",
    ],
)
def test_a_templates_address_is_read_in_its_buckets_region(stubbed, url):
    body = StreamingBody(io.BytesIO(b"{}"), 2)
    sent = {"Bucket": "assets", "Key": "templates/a.json"}
    stubbed.stub("s3", "eu-west-1").add_response("get_object", {"Body": body}, sent)
    assert stubbed.aws.read_url(url) == b"{}"
    with pytest.raises(LaunchError, match="not an address in S3"):
        stubbed.aws.read_url("https://example.com/a.json")


def test_a_version_without_an_address_is_said(stubbed):
    stubbed.answers("describe_provisioning_artifact", {"Info": {}})
    with pytest.raises(NotFoundError, match="where the template lies"):
        stubbed.aws.template_url(product_id="prod-1", version_id="pa-1")


def test_drift_comes_with_every_property(stubbed):
    stub = stubbed.stub("cloudformation", "us-west-2")
    stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": "arn:s"})
    stub.add_response(
        "describe_stack_drift_detection_status",
        {
            "StackId": "arn:s",
            "StackDriftDetectionId": "d",
            "DetectionStatus": "DETECTION_COMPLETE",
            "StackDriftStatus": "DRIFTED",
            "Timestamp": NOW,
        },
    )
    stub.add_response(
        "describe_stack_resource_drifts",
        {
            "StackResourceDrifts": [
                {
                    "StackId": "arn:s",
                    "LogicalResourceId": "Q",
                    "ResourceType": "AWS::SQS::Queue",
                    "StackResourceDriftStatus": "MODIFIED",
                    "Timestamp": NOW,
                    "PropertyDifferences": [
                        {
                            "PropertyPath": "/DelaySeconds",
                            "ExpectedValue": "0",
                            "ActualValue": "5",
                            "DifferenceType": "NOT_EQUAL",
                        }
                    ],
                }
            ]
        },
    )
    aws = stubbed.aws
    found = aws.detection(aws.detect_drift("arn:s", region="us-west-2"), region="us-west-2")
    assert found == Detection(status="DETECTION_COMPLETE", stack_status="DRIFTED")
    (drifted,) = aws.drifted("arn:s", name="s", region="us-west-2")
    assert drifted.differences == (
        Difference(path="/DelaySeconds", expected="0", actual="5", kind="NOT_EQUAL"),
    )
