"""What a step needs, and what policies allow: the two halves of the check, without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint
import pytest
import yaml

from embedded_aws.permissions.policies import refusal
from embedded_aws.permissions.requirements import (
    FILE,
    Call,
    Step,
    UnlistedTypeError,
    calls,
    direct_calls,
)

ACCOUNT, REGION = "444444444444", "us-east-1"
GLOBAL_TABLE = {
    "TableName": "dr-t",
    "Replicas": [
        {"Region": "us-east-1", "SSESpecification": {"KMSMasterKeyId": "mrk-1"}},
        {"Region": "us-west-2", "PointInTimeRecoverySpecification": {"x": True}},
    ],
}


def step(verb: str, resource_type: str, properties: dict[str, Any], **more: Any) -> Step:
    return Step(
        verb=verb,
        resource_type=resource_type,
        properties=properties,
        account=ACCOUNT,
        region=REGION,
        generated_name="stack-Logical-*",
        **more,
    )


def needed(*arguments: Any, **more: Any) -> dict[str, list[str]]:
    """The resources of each action."""
    found: dict[str, list[str]] = {}
    for call in calls(step(*arguments, **more)):
        found.setdefault(call.action, []).append(call.resource)
    return found


@pytest.mark.parametrize(
    ("resource_type", "properties", "action", "resource"),
    [
        ("AWS::S3::Bucket", {"BucketName": "b"}, "s3:CreateBucket", "arn:aws:s3:::b"),
        ("AWS::S3::Bucket", {}, "s3:CreateBucket", "arn:aws:s3:::stack-Logical-*"),
        ("AWS::KMS::Key", {}, "kms:CreateKey", "*"),
        (
            "AWS::IAM::Role",
            {"RoleName": "r", "Path": "/p/"},
            "iam:CreateRole",
            f"arn:aws:iam::{ACCOUNT}:role/p/r",
        ),
        (
            "AWS::IAM::Policy",
            {"Roles": ["r"]},
            "iam:PutRolePolicy",
            f"arn:aws:iam::{ACCOUNT}:role/r",
        ),
        (
            "AWS::Logs::LogGroup",
            {"LogGroupName": "/l"},
            "logs:CreateLogGroup",
            f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/l:log-stream:",
        ),
        (
            "AWS::SSM::Parameter",
            {"Name": "/dr/x"},
            "ssm:PutParameter",
            f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/dr/x",
        ),
        (
            "AWS::ApiGateway::Method",
            {"RestApiId": "a", "ResourceId": "r", "HttpMethod": "GET"},
            "apigateway:PUT",
            "arn:aws:apigateway:us-east-1::/restapis/a/resources/r/methods/GET",
        ),
        (
            "AWS::Lambda::Permission",
            {"FunctionName": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:live"},
            "lambda:AddPermission",
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        ),
        (
            "AWS::Lambda::Function",
            {"Code": {"S3Bucket": "b", "S3Key": "assets/x.zip"}},
            "s3:GetObject",
            "arn:aws:s3:::b/assets/x.zip",
        ),
        (
            "AWS::CloudFormation::StackSet",
            {"TemplateURL": "https://s3.us-west-2.amazonaws.com/b/templates/x.json"},
            "s3:GetObject",
            "arn:aws:s3:::b/templates/x.json",
        ),
        (
            "AWS::CloudFormation::StackSet",
            {"StackSetName": "dr-s", "StackInstancesGroup": [{}]},
            "cloudformation:CreateStackInstances",
            f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stackset/dr-s:*",
        ),
        (
            "AWS::KMS::ReplicaKey",
            {"PrimaryKeyArn": f"arn:aws:kms:us-west-2:{ACCOUNT}:key/mrk-1"},
            "kms:ReplicateKey",
            f"arn:aws:kms:us-west-2:{ACCOUNT}:key/mrk-1",
        ),
    ],
)
def test_the_resource_of_a_call(
    resource_type: str, properties: dict[str, Any], action: str, resource: str
) -> None:
    assert resource in needed("create", resource_type, properties)[action]


def test_a_global_table_needs_its_rights_in_every_region() -> None:
    needs = needed("create", "AWS::DynamoDB::GlobalTable", GLOBAL_TABLE)
    tables = [f"arn:aws:dynamodb:{r}:{ACCOUNT}:table/dr-t" for r in ("us-east-1", "us-west-2")]
    assert needs["dynamodb:CreateTable"] == tables[:1]
    assert needs["dynamodb:CreateTableReplica"] == tables
    assert needs["dynamodb:UpdateContinuousBackups"] == tables[1:]
    assert needs["kms:CreateGrant"] == [f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-1"]
    deleted = needed("delete", "AWS::DynamoDB::GlobalTable", GLOBAL_TABLE, physical_id="dr-t")
    assert deleted["dynamodb:DeleteTable"] == tables


def test_a_property_that_is_not_set_needs_nothing() -> None:
    assert "kms:EnableKeyRotation" not in needed(
        "create", "AWS::KMS::Key", {"EnableKeyRotation": "false"}
    )
    assert "logs:PutRetentionPolicy" not in needed("create", "AWS::Logs::LogGroup", {})


def test_an_update_needs_the_rights_of_what_changes() -> None:
    before = {"FunctionName": "f", "Role": "arn:aws:iam::1:role/a", "Code": {"S3Key": "1"}}
    after = {**before, "Code": {"S3Bucket": "b", "S3Key": "2"}}
    needs = needed("update", "AWS::Lambda::Function", after, previous=before, physical_id="f")
    assert needs["lambda:UpdateFunctionCode"] == [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"]
    assert needs["s3:GetObject"] == ["arn:aws:s3:::b/2"]
    assert "iam:PassRole" not in needs


def test_what_an_update_takes_away() -> None:
    before = {"BucketName": "b", "ReplicationConfiguration": {"Role": "arn:aws:iam::1:role/a"}}
    after = {"BucketName": "b"}
    needs = needed("update", "AWS::S3::Bucket", after, previous=before, physical_id="b")
    assert "s3:PutReplicationConfiguration" in needs
    assert "iam:PassRole" not in needs
    before, after = {"WebsiteConfiguration": {"x": 1}}, {"WebsiteConfiguration": {"x": 2}}
    changed = needed("update", "AWS::S3::Bucket", after, previous=before, physical_id="b")
    removed = needed("update", "AWS::S3::Bucket", {}, previous=before, physical_id="b")
    assert "s3:DeleteBucketWebsite" not in changed
    assert "s3:DeleteBucketWebsite" in removed


def test_dns_is_changed_in_us_east_1_and_reads_the_alarm_in_its_region() -> None:
    alarm = {"Name": "dr-a", "Region": "us-west-2"}
    config = {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": alarm}
    check = {"HealthCheckConfig": config, "HealthCheckTags": [{"Key": "Name", "Value": "dr-a"}]}
    found = {
        call.action: call for call in calls(step("create", "AWS::Route53::HealthCheck", check))
    }
    assert found["route53:CreateHealthCheck"].region == "us-east-1"
    assert found["route53:ChangeTagsForResource"].resource == "arn:aws:route53:::healthcheck/*"
    read = found["cloudwatch:DescribeAlarms"]
    assert (read.region, read.resource) == (
        "us-west-2",
        f"arn:aws:cloudwatch:us-west-2:{ACCOUNT}:alarm:dr-a",
    )
    options = [{"DomainName": "a.example.com", "HostedZoneId": "Z1"}]
    certificate = {"DomainName": "a.example.com", "DomainValidationOptions": options}
    needs = needed("create", "AWS::CertificateManager::Certificate", certificate)
    assert needs["route53:ChangeResourceRecordSets"] == ["arn:aws:route53:::hostedzone/Z1"]
    needs = needed("create", "AWS::Route53::RecordSet", {"HostedZoneId": "Z1", "Name": "a"})
    assert needs["route53:ChangeResourceRecordSets"] == ["arn:aws:route53:::hostedzone/Z1"]


def test_tags_of_the_stack_reach_the_resource() -> None:
    assert "s3:PutBucketTagging" not in needed("create", "AWS::S3::Bucket", {"BucketName": "b"})
    tagged = needed("create", "AWS::S3::Bucket", {"BucketName": "b"}, tagged=True)
    assert tagged["s3:PutBucketTagging"] == ["arn:aws:s3:::b"]


def test_condition_keys_that_a_service_gives() -> None:
    properties = {"Role": "arn:aws:iam::1:role/a", "Tags": [{"Key": "Owner", "Value": "x"}]}
    (passed,) = [
        call
        for call in calls(step("create", "AWS::Lambda::Function", properties))
        if call.action == "iam:PassRole"
    ]
    assert passed.region == "us-east-1"
    assert passed.context == {
        "iam:passedtoservice": "lambda.amazonaws.com",
        "aws:requesttag/owner": "x",
        "aws:tagkeys": ["Owner"],
    }


def test_a_type_without_an_entry_is_refused() -> None:
    with pytest.raises(UnlistedTypeError, match=r"resource_actions\.yaml"):
        list(calls(step("create", "AWS::EC2::TransitGateway", {})))


def test_direct_calls_only_for_stacks_of_other_services() -> None:
    launch = {"StackName": "SC-1-pp-x", "TemplateURL": "https://s3.amazonaws.com/b/t.json"}
    found = {call.action: call for call in direct_calls(step("create", "", launch))}
    assert found["cloudformation:CreateStack"].resource.endswith(":stack/SC-1-pp-x/*")
    assert found["s3:GetObject"].resource == "arn:aws:s3:::b/t.json"
    assert list(direct_calls(step("create", "", {"StackName": "plain"}))) == []


def _authorisations() -> dict[str, Any]:
    """The service authorisation reference, as cfn-lint carries it."""
    path = Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _entries() -> list[tuple[str, str]]:
    """Every action of the file with the resource it is asked on."""

    def flat(entries: list[Any], arn: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for entry in entries:
            if isinstance(entry, list):
                found += flat(entry, arn)
            elif isinstance(entry, str):
                found.append((entry, arn))
            else:
                found += [(action, entry.get("arn", arn)) for action in entry["actions"]]
        return found

    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return sorted(
        {
            pair
            for section in document.values()
            for entry in section.values()
            for verb in entry
            if verb != "arn"
            for pair in flat(entry[verb], entry.get("arn", ""))
        }
    )


def test_every_action_exists_and_stands_on_a_resource_it_knows() -> None:
    reference = _authorisations()
    wrong = []
    for action, arn in _entries():
        service, _, name = action.partition(":")
        known = reference[service]["Actions"].get(name.lower())
        if known is None:
            wrong.append(f"{action} does not exist")
        elif not known.get("Resources") and arn != "*":
            wrong.append(f"{action} takes no resource, not {arn}")
        elif not arn:
            wrong.append(f"{action} has no resource")
    assert wrong == []


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALLOW = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::dr-*"}
DENY = {**ALLOW, "Effect": "Deny"}
TAGGED = {**ALLOW, "Condition": {"StringEquals": {"s3:ExistingObjectTag/a": ["1", "2"]}}}


@pytest.mark.parametrize(
    ("policies", "boundary", "context", "reason"),
    [
        ([document(ALLOW)], None, {}, None),
        ([document(ALLOW), document(DENY)], None, {}, "an explicit deny in an identity-based"),
        ([], None, {}, "no identity-based policy allows the s3:GetObject action"),
        ([document({**ALLOW, "Resource": "*"})], None, {}, None),
        ([document({**ALLOW, "Resource": "arn:aws:s3:::x-*"})], None, {}, "no identity-based"),
        ([document(ALLOW)], document(), {}, "no permissions boundary allows the s3:GetObject"),
        ([document(ALLOW)], document(ALLOW), {}, None),
        ([document(ALLOW)], document(ALLOW, DENY), {}, "explicit deny in a permissions boundary"),
        ([document(TAGGED)], None, {"s3:existingobjecttag/a": "2"}, None),
        ([document(TAGGED)], None, {"s3:existingobjecttag/a": "3"}, "no identity-based"),
        ([document(TAGGED)], None, {}, "no identity-based"),
        ([document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})], None, {}, None),
    ],
)
def test_policies(
    policies: list[str], boundary: str | None, context: dict[str, Any], reason: str | None
) -> None:
    found = refusal(
        action="s3:GetObject",
        resource="arn:aws:s3:::dr-x/k",
        context=context,
        policies=policies,
        boundary=boundary,
    )
    assert (found is None) if reason is None else (found is not None and reason in found)


def _allowed(call: Call, policies: list[str]) -> bool:
    return (
        refusal(
            action=call.action,
            resource=call.resource,
            context=call.context,
            policies=policies,
            boundary=None,
        )
        is None
    )
