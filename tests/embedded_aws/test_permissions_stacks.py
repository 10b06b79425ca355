"""A stack with a role: what the role lacks fails the resource, by name, before it is touched."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "333333333333"
REGION = "us-east-1"
VIA_CLOUDFORMATION = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
_numbers = itertools.count()

# Each type of the first test, with properties that need most of its actions.
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
RESOURCES: dict[str, dict[str, Any]] = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": KEY_POLICY, "EnableKeyRotation": True, "MultiRegion": True},
    },
    "Alias": {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/dr-{name}", "TargetKeyId": {"Ref": "Key"}},
    },
    "Log": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "/dr/{name}", "RetentionInDays": 7},
    },
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": "dr-{name}",
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "dr-{name}",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
        },
    },
    "Policy": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "dr",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
            },
            "Roles": [{"Ref": "Role"}],
        },
    },
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "dr-{name}"}},
    "Parameter": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/dr/{name}/x", "Type": "String", "Value": "1"},
    },
}
PARAMETER = {"Parameter": RESOURCES["Parameter"]}
CREATE = ["ssm:PutParameter", "ssm:GetParameters", "ssm:AddTagsToResource"]
ALL = [*CREATE, "ssm:DeleteParameter", "ssm:RemoveTagsFromResource"]


def allow(actions: list[str], **also: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": "*", **also}


@dataclass(frozen=True)
class Tenant:
    """The account the tests work in."""

    make: Callable[..., Any]

    def client(self, service: str) -> Any:
        return self.make(service, account=ACCOUNT)

    def role(
        self,
        *statements: Mapping[str, Any],
        trust: Mapping[str, Any] | None = None,
        boundary: str = "",
    ) -> str:
        """A role with one inline policy of these statements; its ARN."""
        name = f"role-{next(_numbers)}"
        extra = {"PermissionsBoundary": boundary} if boundary else {}
        self.client("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": trust or {"Service": "cloudformation.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
            **extra,
        )
        if statements:
            self.allow(name, *statements)
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def allow(self, role: str, *statements: Mapping[str, Any]) -> None:
        """Replace the role's inline policy."""
        self.client("iam").put_role_policy(
            RoleName=role.rsplit("/", 1)[-1],
            PolicyName="inline",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )

    def create(
        self, role: str, resources: Mapping[str, Any], *, name: str = "", **more: Any
    ) -> str:
        """Create a stack, wait for it; its id."""
        name = name or f"stack-{next(_numbers)}"
        body = json.dumps({"Resources": resources, **more.pop("sections", {})})
        stack: str = self.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=body.replace("{name}", name.lower()),
            **({"RoleARN": role} if role else {}),
            **more,
        )["StackId"]
        self.settled(stack)
        return stack

    def settled(self, stack: str) -> dict[str, Any]:
        """The stack once it has come to rest."""
        for _ in range(500):
            found: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=stack)[
                "Stacks"
            ][0]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                return found
            time.sleep(0.01)
        raise AssertionError(f"{stack} does not come to rest")

    def reasons(self, stack: str) -> list[str]:
        """Why resources of the stack failed, in order."""
        events = self.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
        return [
            event["ResourceStatusReason"]
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
        ]

    def delete(self, stack: str) -> str:
        """Delete the stack; the status it ends in."""
        self.client("cloudformation").delete_stack(StackName=stack)
        time.sleep(0.02)
        status: str = self.settled(stack)["StackStatus"]
        return status


@pytest.fixture
def tenant(client: Callable[..., Any]) -> Tenant:
    return Tenant(client)


EVERYTHING = {
    "apigateway:GET",
    "apigateway:POST",
    "apigateway:PUT",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "kms:CreateAlias",
    "kms:CreateKey",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "logs:CreateLogGroup",
    "logs:DescribeLogGroups",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "s3:CreateBucket",
    "s3:ListBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    *CREATE,
}
UNDO = [
    "apigateway:DELETE",
    "iam:Delete*",
    "iam:List*",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:ScheduleKeyDeletion",
    "logs:DeleteLogGroup",
    "s3:DeleteBucket",
    "ssm:DeleteParameter",
]


def test_a_role_with_every_action_makes_every_resource(tenant: Tenant) -> None:
    stack = tenant.create(tenant.role(allow([*EVERYTHING])), RESOURCES)
    assert tenant.settled(stack)["StackStatus"] == "CREATE_COMPLETE", tenant.reasons(stack)


@pytest.mark.parametrize("missing", sorted(EVERYTHING))
def test_a_missing_action_fails_the_resource_and_is_named(tenant: Tenant, missing: str) -> None:
    role = tenant.role(allow([*EVERYTHING - {missing}, *UNDO]))
    stack = tenant.create(role, RESOURCES)
    (reason,) = tenant.reasons(stack)
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rsplit('/', 1)[-1]}/AWSCloudFormation"
    assert f"User: {caller} is not authorized to perform: {missing} on resource: " in reason
    assert f"because no identity-based policy allows the {missing} action (Service: " in reason
    assert tenant.settled(stack)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_stack_without_a_role_is_not_held_to_one(tenant: Tenant) -> None:
    assert tenant.settled(tenant.create("", PARAMETER))["StackStatus"] == "CREATE_COMPLETE"


def test_the_stack_remembers_its_role_for_the_deletion(tenant: Tenant) -> None:
    role = tenant.role(allow(CREATE))
    stack = tenant.create(role, PARAMETER)
    assert tenant.settled(stack)["RoleARN"] == role
    assert tenant.delete(stack) == "DELETE_FAILED"
    assert "not authorized to perform: ssm:DeleteParameter" in tenant.reasons(stack)[0]
    tenant.allow(role, allow(ALL))
    assert tenant.delete(stack) == "DELETE_COMPLETE"


def test_a_change_needs_its_own_actions(tenant: Tenant) -> None:
    group: dict[str, Any] = {"LogGroupName": "/dr/{name}", "RetentionInDays": 7}
    log = {"Type": "AWS::Logs::LogGroup", "Properties": group}
    name = f"stack-{next(_numbers)}"
    deny = {**allow(["logs:DeleteRetentionPolicy"]), "Effect": "Deny"}
    stack = tenant.create(tenant.role(allow(["logs:*"]), deny), {"Log": log}, name=name)
    bare = {**log, "Properties": {"LogGroupName": f"/dr/{name}"}}
    tenant.client("cloudformation").update_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": {"Log": bare}})
    )
    assert tenant.settled(stack)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (reason,) = tenant.reasons(stack)
    assert "perform: logs:DeleteRetentionPolicy on resource: arn:aws:logs:us-east-1" in reason
    assert "with an explicit deny in an identity-based policy" in reason


def test_a_role_given_to_the_update_replaces_the_remembered_one(tenant: Tenant) -> None:
    name = f"stack-{next(_numbers)}"
    stack = tenant.create(tenant.role(allow(CREATE)), PARAMETER, name=name)
    narrow = tenant.role(allow(["ssm:GetParameters"]))
    body = json.dumps({"Resources": PARAMETER}).replace("{name}", name)
    tenant.client("cloudformation").update_stack(
        StackName=stack, TemplateBody=body.replace('"1"', '"2"'), RoleARN=narrow
    )
    assert tenant.settled(stack)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert tenant.settled(stack)["RoleARN"] == narrow
    assert "perform: ssm:PutParameter" in tenant.reasons(stack)[0]


def test_a_type_without_an_entry_fails_and_names_the_file(tenant: Tenant) -> None:
    subscription = {"Type": "AWS::Logs::MetricFilter", "Properties": {"LogGroupName": "/x"}}
    stack = tenant.create(tenant.role(allow(["*"])), {"Filter": subscription})
    (reason,) = tenant.reasons(stack)
    assert reason.startswith("AWS::Logs::MetricFilter has no entry in ")
    assert "embedded_aws/permissions/resource_actions.yaml" in reason


@pytest.mark.parametrize("service", ["lambda.amazonaws.com", "s3.amazonaws.com"])
def test_a_role_may_be_passed_only_to_its_service(tenant: Tenant, service: str) -> None:
    passed = tenant.role(trust={"Service": "lambda.amazonaws.com"})
    role = tenant.role(
        allow(["lambda:*"]),
        allow(
            ["iam:PassRole"],
            Resource=passed,
            Condition={"StringEquals": {"iam:PassedToService": service}},
        ),
    )
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "dr-{name}",
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": passed,
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    }
    reasons = tenant.reasons(tenant.create(role, {"Function": function}))
    if service == "lambda.amazonaws.com":
        assert reasons == []
    else:
        assert f"not authorized to perform: iam:PassRole on resource: {passed} " in reasons[0]


def test_a_boundary_limits_the_role(tenant: Tenant) -> None:
    boundary = tenant.client("iam").create_policy(
        PolicyName=f"boundary-{next(_numbers)}",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [allow(["ssm:GetParameters"])]}
        ),
    )["Policy"]["Arn"]
    stack = tenant.create(tenant.role(allow(["ssm:*"]), boundary=boundary), PARAMETER)
    (reason,) = tenant.reasons(stack)
    assert "because no permissions boundary allows the ssm:PutParameter action" in reason


def test_an_attached_policy_counts(tenant: Tenant) -> None:
    role = tenant.role(allow(["logs:*"]))
    policy = tenant.client("iam").create_policy(
        PolicyName=f"attached-{next(_numbers)}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow(["ssm:*"])]}),
    )["Policy"]["Arn"]
    tenant.client("iam").attach_role_policy(RoleName=role.rsplit("/", 1)[-1], PolicyArn=policy)
    assert tenant.reasons(tenant.create(role, PARAMETER)) == []


def test_the_boundary_of_a_new_role_is_a_condition_key(tenant: Tenant) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/dr-boundary"
    role = tenant.role(
        allow(["iam:GetRole", "iam:TagRole", "iam:Delete*", "iam:List*"]),
        allow(
            ["iam:CreateRole"], Condition={"StringEquals": {"iam:PermissionsBoundary": boundary}}
        ),
    )
    bare = RESOURCES["Role"]
    bound = {**bare, "Properties": {**bare["Properties"], "PermissionsBoundary": boundary}}
    assert tenant.reasons(tenant.create(role, {"Role": bound})) == []
    (reason,) = tenant.reasons(tenant.create(role, {"Role": bare}))
    assert "not authorized to perform: iam:CreateRole" in reason


def test_the_boundary_of_a_templates_role_is_kept(tenant: Tenant) -> None:
    """A policy put on the role later is a call about a role with that boundary."""
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/dr-boundary"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    role = tenant.role(
        allow(["iam:GetRole*", "iam:TagRole", "iam:Delete*", "iam:List*"]),
        allow(["iam:CreateRole", "iam:PutRolePolicy"], Condition=bounded),
    )
    bare = RESOURCES["Role"]
    bound = {**bare, "Properties": {**bare["Properties"], "PermissionsBoundary": boundary}}
    stack = tenant.create(role, {"Role": bound, "Policy": RESOURCES["Policy"]})
    assert tenant.reasons(stack) == []


def test_cloudformation_calls_on_behalf_of_the_role(tenant: Tenant) -> None:
    direct = {"StringNotEquals": {"aws:ViaAWSService": "true"}}
    role = tenant.role(allow(CREATE, Condition=VIA_CLOUDFORMATION))
    assert tenant.reasons(tenant.create(role, PARAMETER)) == []
    stack = tenant.create(tenant.role(allow(CREATE, Condition=direct)), PARAMETER)
    assert "not authorized to perform: ssm:PutParameter" in tenant.reasons(stack)[0]


def test_the_region_of_a_call_is_the_resources_own(tenant: Tenant) -> None:
    elsewhere = {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}
    stack = tenant.create(tenant.role(allow(CREATE, Condition=elsewhere)), PARAMETER)
    assert "not authorized to perform: ssm:PutParameter" in tenant.reasons(stack)[0]


def test_a_custom_resource_is_invoked_as_the_role(tenant: Tenant) -> None:
    token = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:dr-provider"
    custom = {"Type": "Custom::DrThing", "Properties": {"ServiceToken": token}}
    (reason,) = tenant.reasons(tenant.create(tenant.role(allow(["ssm:*"])), {"Thing": custom}))
    assert f"not authorized to perform: lambda:InvokeFunction on resource: {token} " in reason


LAUNCH = ["cloudformation:*", *ALL]
SERVICE_CATALOG = {"Service": "servicecatalog.amazonaws.com"}


def test_a_launch_stack_is_created_by_the_launch_role_itself(tenant: Tenant) -> None:
    """Directly, so not on CloudFormation's behalf; and the launch role is no service role."""
    name = f"SC-{ACCOUNT}-pp-{next(_numbers)}"
    role = tenant.role(
        allow(["cloudformation:*"], Condition=VIA_CLOUDFORMATION),
        allow(ALL),
        trust=SERVICE_CATALOG,
    )
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateStack"):
        tenant.create(role, PARAMETER, name=name)
    tenant.allow(role, allow(LAUNCH))
    stack = tenant.create(role, PARAMETER, name=name)
    assert "RoleARN" not in tenant.settled(stack)
    tenant.allow(role, allow(ALL))
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:DeleteStack"):
        tenant.delete(stack)
    tenant.allow(role, allow(LAUNCH))
    assert tenant.delete(stack) == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("stack_name", "trust", "why"),
    [
        (
            "SC-{account}-pp-x",
            {"Service": "cloudformation.amazonaws.com"},
            "it trusts not servicecatalog",
        ),
        ("plain", {"Service": "lambda.amazonaws.com"}, "it trusts neither"),
        ("StackSet-dr-x", SERVICE_CATALOG, "no administration role"),
    ],
)
def test_a_role_that_trusts_another_service_cannot_be_assumed(
    tenant: Tenant, stack_name: str, trust: Mapping[str, Any], why: str
) -> None:
    role = tenant.role(allow(["*"]), trust=trust)
    with pytest.raises(ClientError, match=f"{role} is invalid or cannot be assumed: .*{why}"):
        tenant.create(role, PARAMETER, name=stack_name.format(account=ACCOUNT))


def test_a_role_that_does_not_exist_cannot_be_assumed(tenant: Tenant) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    with pytest.raises(ClientError, match="cannot be assumed: it does not exist"):
        tenant.create(role, PARAMETER)


def test_a_stack_instance_runs_as_the_execution_role(tenant: Tenant) -> None:
    administration = tenant.role(allow(["sts:AssumeRole"]))
    execution = tenant.role(allow(LAUNCH), trust={"AWS": administration})
    stack = tenant.create(execution, PARAMETER, name=f"StackSet-dr-{next(_numbers)}")
    assert tenant.settled(stack)["StackStatus"] == "CREATE_COMPLETE"


@pytest.fixture
def stored(tenant: Tenant) -> str:
    """The name of a parameter that templates read."""
    tenant.client("ssm").put_parameter(
        Name="/dr-test/stored", Value="kept", Type="String", Overwrite=True
    )
    return "/dr-test/stored"


READ = {
    "a parameter of the template": lambda name: {
        "Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}}
    },
    "a dynamic reference": lambda _name: {},
}


@pytest.mark.parametrize("sections", READ.values(), ids=READ)
def test_values_from_systems_manager_are_read_as_the_role(
    tenant: Tenant, stored: str, sections: Callable[[str], dict[str, Any]]
) -> None:
    log = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "/dr/{name}/{{resolve:ssm:" + stored + "}}"},
    }
    able = tenant.role(allow(["logs:*", "ssm:GetParameters"]))
    assert tenant.reasons(tenant.create(able, {"Log": log}, sections=sections(stored))) == []
    unable = tenant.role(allow(["logs:*"]), allow(["ssm:*"], Condition=VIA_CLOUDFORMATION))
    expected = f"ssm:GetParameters on resource: arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{stored} "
    try:
        reasons = tenant.reasons(tenant.create(unable, {"Log": log}, sections=sections(stored)))
    except ClientError as refused:
        reasons = [str(refused)]
    assert expected in reasons[0]


def test_a_template_is_read_by_its_tag(tenant: Tenant) -> None:
    s3 = tenant.client("s3")
    body = json.dumps({"Resources": PARAMETER}).replace("{name}", "tagged").encode()
    s3.create_bucket(Bucket="dr-templates")
    s3.put_object(Bucket="dr-templates", Key="templates/a.json", Body=body)
    role = tenant.role(
        allow(LAUNCH),
        allow(
            ["s3:GetObject"],
            Condition={
                "StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}
            },
        ),
        trust=SERVICE_CATALOG,
    )
    request = {
        "StackName": f"SC-{ACCOUNT}-pp-tagged",
        "TemplateURL": "https://s3.us-east-1.amazonaws.com/dr-templates/templates/a.json",
        "RoleARN": role,
    }
    expected = "s3:GetObject on resource: arn:aws:s3:::dr-templates/templates/a.json "
    with pytest.raises(ClientError, match=expected):
        tenant.client("cloudformation").create_stack(**request)
    s3.put_object(
        Bucket="dr-templates",
        Key="templates/a.json",
        Body=body,
        Tagging="servicecatalog:provisioning=true",
    )
    stack = tenant.client("cloudformation").create_stack(**request)["StackId"]
    assert tenant.settled(stack)["StackStatus"] == "CREATE_COMPLETE"


def test_a_change_set_is_executed_as_its_role(tenant: Tenant) -> None:
    cloudformation = tenant.client("cloudformation")
    name = f"stack-{next(_numbers)}"
    made = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": PARAMETER}).replace("{name}", name),
        RoleARN=tenant.role(allow(["logs:*"])),
    )
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    time.sleep(0.02)
    tenant.settled(name)
    assert "not authorized to perform: ssm:PutParameter" in tenant.reasons(name)[0]


def test_a_plan_of_a_launch_is_made_by_the_launch_role_itself(tenant: Tenant) -> None:
    name = f"SC-{ACCOUNT}-pp-{next(_numbers)}"
    role = tenant.role(allow(ALL), trust=SERVICE_CATALOG)
    with pytest.raises(ClientError, match="perform: cloudformation:CreateChangeSet on resource: "):
        tenant.client("cloudformation").create_change_set(
            StackName=name,
            ChangeSetName="plan",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps({"Resources": PARAMETER}).replace("{name}", "plan"),
            RoleARN=role,
        )
