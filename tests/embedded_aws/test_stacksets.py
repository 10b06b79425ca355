"""StackSets with self-managed permissions: the peer region as a resource of a template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stack_runner import Runner

HOME, PEER, THIRD = "us-east-1", "us-west-2", "eu-west-1"
ADMINISTRATION, EXECUTION = "dr-administration", "dr-execution"
FOUR_TIMES_TOO_LONG = "x" * 4000


@dataclass(frozen=True)
class Account:
    """An account with the two roles, and clients in its regions."""

    number: str
    client: Callable[..., Any]
    runner: Callable[..., Runner]

    def at(self, service: str, region: str = HOME) -> Any:
        return self.client(service, account=self.number, region=region)

    def stacks(self, region: str = HOME) -> Runner:
        return self.runner(account=self.number, region=region)

    def instances(self, region: str = PEER) -> list[str]:
        """The names of the instances' stacks that exist in a region."""
        listed = self.at("cloudformation", region).describe_stacks()["Stacks"]
        return [s["StackName"] for s in listed if s["StackName"].startswith("StackSet-")]

    def parameter(self, name: str, region: str = PEER) -> str | None:
        ssm = self.at("ssm", region)
        found = ssm.get_parameters(Names=[name])["Parameters"]
        return found[0]["Value"] if found else None

    def role(self, name: str, principal: Mapping[str, str], **statement: Any) -> None:
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} | statement
        self.at("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )

    def policy(self, role: str, action: str) -> None:
        allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
        self.at("iam").put_role_policy(
            RoleName=role, PolicyName="all", PolicyDocument=json.dumps({"Statement": [allow]})
        )


@pytest.fixture
def bare(account: str, client: Callable[..., Any], runner: Callable[..., Runner]) -> Account:
    """An account without roles."""
    return Account(account, client, runner)


@pytest.fixture
def tenant(bare: Account) -> Account:
    """An account with both roles."""
    return with_roles(bare)


@pytest.fixture(scope="module")
def refused(
    new_account: Callable[[], str], client: Callable[..., Any], runner: Callable[..., Runner]
) -> Account:
    """An account with both roles, for stacks that come to nothing."""
    return with_roles(Account(new_account(), client, runner))


def with_roles(bare: Account) -> Account:
    bare.role(ADMINISTRATION, {"Service": "cloudformation.amazonaws.com"})
    bare.policy(ADMINISTRATION, "sts:AssumeRole")
    bare.role(EXECUTION, {"AWS": f"arn:aws:iam::{bare.number}:role/{ADMINISTRATION}"})
    bare.policy(EXECUTION, "*")
    return bare


def parameter(name: str, value: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": name, "Type": "String", "Value": value},
    }


def body(**resources: Any) -> str:
    """A peer's template with the parameter ``Value`` in ``/dr/peer``."""
    return json.dumps(
        {
            "Parameters": {"Value": {"Type": "String", "Default": "default"}},
            "Resources": {"Peer": parameter("/dr/peer", {"Ref": "Value"}), **resources},
        }
    )


def stack_set(
    tenant: Account, *, regions: tuple[str, ...] = (PEER,), **properties: Any
) -> dict[str, Any]:
    """A StackSet resource; a property None is left out."""
    settings = {
        "StackSetName": "dr-peer",
        "PermissionModel": "SELF_MANAGED",
        "AdministrationRoleARN": f"arn:aws:iam::{tenant.number}:role/{ADMINISTRATION}",
        "ExecutionRoleName": EXECUTION,
        "TemplateBody": body(),
        "StackInstancesGroup": [
            {"DeploymentTargets": {"Accounts": [tenant.number]}, "Regions": list(regions)}
        ],
        **properties,
    }
    return {
        "Type": "AWS::CloudFormation::StackSet",
        "Properties": {key: value for key, value in settings.items() if value is not None},
    }


def test_an_instance_comes_up_with_the_stack_and_goes_with_it(tenant: Account) -> None:
    values = [{"ParameterKey": "Value", "ParameterValue": "hello"}]
    made = tenant.stacks().create(
        "primary",
        {"Peer": stack_set(tenant, Parameters=values, Tags=[{"Key": "team", "Value": "a"}])},
        Template={"Outputs": {"Id": {"Value": {"Ref": "Peer"}}}},
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    assert made.outputs["Id"].startswith("dr-peer:")
    assert tenant.parameter("/dr/peer") == "hello"
    assert tenant.parameter("/dr/peer", HOME) is None
    assert tenant.instances(HOME) == []
    (name,) = tenant.instances()
    assert name.startswith("StackSet-dr-peer-")
    peer = tenant.at("cloudformation", PEER).describe_stacks(StackName=name)["Stacks"][0]
    assert {"Key": "team", "Value": "a"} in peer["Tags"]

    assert tenant.stacks().delete("primary").status == "DELETE_COMPLETE"
    assert tenant.parameter("/dr/peer") is None
    assert tenant.instances() == []
    assert tenant.at("cloudformation").list_stack_sets()["Summaries"] == []


def test_the_api_tells_of_it(tenant: Account) -> None:
    made = tenant.stacks().create("primary", {"Peer": stack_set(tenant, Description="The peer")})
    assert made.status == "CREATE_COMPLETE", made.reasons
    api = tenant.at("cloudformation")
    (summary,) = api.list_stack_sets()["Summaries"]
    described = api.describe_stack_set(StackSetName="dr-peer")["StackSet"]
    assert described["StackSetId"] == summary["StackSetId"]
    assert (described["Status"], described["Description"]) == ("ACTIVE", "The peer")
    assert described["TemplateBody"] == body()
    assert described["Regions"] == [PEER]
    (listed,) = api.list_stack_instances(StackSetName="dr-peer")["Summaries"]
    instance = api.describe_stack_instance(
        StackSetName="dr-peer", StackInstanceAccount=tenant.number, StackInstanceRegion=PEER
    )["StackInstance"]
    assert instance["StackId"] == listed["StackId"]
    assert instance["Status"] == listed["Status"] == "CURRENT"
    assert f":{PEER}:" in instance["StackId"]
    (operation,) = api.list_stack_set_operations(StackSetName="dr-peer")["Summaries"]
    assert (operation["Action"], operation["Status"]) == ("CREATE", "SUCCEEDED")
    (result,) = api.list_stack_set_operation_results(
        StackSetName="dr-peer", OperationId=operation["OperationId"]
    )["Summaries"]
    assert (result["Region"], result["Status"]) == (PEER, "SUCCEEDED")


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("describe_stack_set", {}, "StackSetNotFoundException"),
        ("list_stack_instances", {}, "StackSetNotFoundException"),
        (
            "describe_stack_instance",
            {"StackInstanceAccount": "1" * 12, "StackInstanceRegion": PEER},
            "StackSetNotFoundException",
        ),
        ("list_stack_set_operations", {}, "StackSetNotFoundException"),
        ("list_stack_set_operation_results", {"OperationId": "x"}, "StackSetNotFoundException"),
    ],
)
def test_the_api_says_what_is_not_there(
    bare: Account, operation: str, arguments: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(bare.at("cloudformation"), operation)(StackSetName="dr-none", **arguments)
    assert refused.value.response["Error"]["Code"] == code


def test_a_failed_instance_fails_the_stack_and_leaves_nothing(tenant: Account) -> None:
    tenant.at("ssm", PEER).put_parameter(Name="/dr/taken", Value="mine", Type="String")
    failing = body(Taken=parameter("/dr/taken", "theirs"))
    made = tenant.stacks().create("primary", {"Peer": stack_set(tenant, TemplateBody=failing)})
    assert made.status == "ROLLBACK_COMPLETE"
    (reason,) = made.reasons
    assert PEER in reason
    assert "ResourceLogicalId:Taken" in reason
    assert "already exists" in reason
    assert tenant.instances() == []
    assert tenant.parameter("/dr/peer") is None
    assert tenant.parameter("/dr/taken") == "mine"
    assert tenant.at("cloudformation").list_stack_sets()["Summaries"] == []


def test_a_reason_is_cut_where_aws_cuts_it(tenant: Account) -> None:
    failing = body(Wrong={"Type": "AWS::SSM::Parameter", "Properties": {FOUR_TIMES_TOO_LONG: "1"}})
    made = tenant.stacks().create("primary", {"Peer": stack_set(tenant, TemplateBody=failing)})
    (reason,) = made.reasons
    assert len(reason) == 850


def test_an_update_reaches_the_instance(tenant: Account) -> None:
    tenant.stacks().create("primary", {"Peer": stack_set(tenant)})
    (before,) = tenant.instances()
    values = [{"ParameterKey": "Value", "ParameterValue": "second"}]
    more = body(More=parameter("/dr/more", "1"))
    changed = tenant.stacks().update(
        "primary", {"Peer": stack_set(tenant, Parameters=values, TemplateBody=more)}
    )
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    assert tenant.instances() == [before]
    assert (tenant.parameter("/dr/peer"), tenant.parameter("/dr/more")) == ("second", "1")


def test_a_failed_update_goes_back(tenant: Account) -> None:
    tenant.at("ssm", PEER).put_parameter(Name="/dr/taken", Value="mine", Type="String")
    tenant.stacks().create("primary", {"Peer": stack_set(tenant)})
    values = [{"ParameterKey": "Value", "ParameterValue": "second"}]
    failing = body(Taken=parameter("/dr/taken", "theirs"))
    changed = tenant.stacks().update(
        "primary", {"Peer": stack_set(tenant, Parameters=values, TemplateBody=failing)}
    )
    assert changed.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "already exists" in changed.reasons[-1]
    assert tenant.parameter("/dr/peer") == "default"
    described = tenant.at("cloudformation").describe_stack_set(StackSetName="dr-peer")["StackSet"]
    assert described["TemplateBody"] == body()
    assert tenant.stacks().delete("primary").status == "DELETE_COMPLETE"
    assert tenant.instances() == []


def test_the_rest_of_a_failed_update_takes_the_instance_back(tenant: Account) -> None:
    tenant.at("ssm").put_parameter(Name="/dr/taken", Value="mine", Type="String")
    tenant.stacks().create("primary", {"Peer": stack_set(tenant)})
    values = [{"ParameterKey": "Value", "ParameterValue": "second"}]
    late = {**parameter("/dr/taken", "theirs"), "DependsOn": "Peer"}
    changed = tenant.stacks().update(
        "primary", {"Peer": stack_set(tenant, Parameters=values), "Late": late}
    )
    assert changed.status == "UPDATE_ROLLBACK_COMPLETE"
    assert tenant.parameter("/dr/peer") == "default"


def test_regions_come_and_go(tenant: Account) -> None:
    made = tenant.stacks().create("primary", {"Peer": stack_set(tenant, regions=(PEER, THIRD))})
    assert made.status == "CREATE_COMPLETE", made.reasons
    assert tenant.parameter("/dr/peer", THIRD) == "default"
    tenant.stacks().update("primary", {"Peer": stack_set(tenant, regions=(HOME, PEER))})
    assert tenant.parameter("/dr/peer", THIRD) is None
    assert tenant.parameter("/dr/peer", HOME) == "default"
    assert len(tenant.instances(PEER)) == 1


def test_a_deletion_that_fails_can_be_repeated(tenant: Account) -> None:
    name = f"dr-full-{tenant.number}"
    full = body(Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}})
    tenant.stacks().create("primary", {"Peer": stack_set(tenant, TemplateBody=full)})
    tenant.at("s3", PEER).put_object(Bucket=name, Key="k", Body=b"")
    gone = tenant.stacks().delete("primary")
    assert gone.status == "DELETE_FAILED"
    assert any("not empty" in reason for reason in gone.reasons)
    (instance,) = tenant.at("cloudformation").list_stack_instances(StackSetName="dr-peer")[
        "Summaries"
    ]
    assert instance["Status"] == "INOPERABLE"
    tenant.at("s3", PEER).delete_object(Bucket=name, Key="k")
    assert tenant.stacks().delete("primary").status == "DELETE_COMPLETE"
    assert tenant.instances() == []


def test_the_template_may_lie_in_a_bucket(tenant: Account, client: Callable[..., Any]) -> None:
    hub = client("s3", account="9" * 12, region=HOME)
    bucket = f"dr-assets-{tenant.number}"
    hub.create_bucket(Bucket=bucket)
    hub.put_object(Bucket=bucket, Key="templates/a.json", Body=body().encode())
    url = f"https://s3.{HOME}.amazonaws.com/{bucket}/templates/a.json"
    resources = {"Peer": stack_set(tenant, TemplateBody=None, TemplateURL=url)}

    kept_private = tenant.stacks().create("private", resources)
    assert kept_private.status == "ROLLBACK_COMPLETE"
    assert "Access Denied" in kept_private.reasons[0]

    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{tenant.number}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    hub.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [grant]}))
    made = tenant.stacks().create("shared", resources)
    assert made.status == "CREATE_COMPLETE", made.reasons
    assert tenant.parameter("/dr/peer") == "default"

    wrong = url.replace(HOME, PEER)
    elsewhere = tenant.stacks().create(
        "wrong",
        {"P": stack_set(tenant, StackSetName="dr-b", TemplateBody=None, TemplateURL=wrong)},
    )
    assert elsewhere.status == "ROLLBACK_COMPLETE"
    assert f"is in {HOME}, not in {PEER}" in elsewhere.reasons[0]


def test_a_parameter_may_be_read_from_the_peer_region(tenant: Account) -> None:
    tenant.at("ssm").put_parameter(Name="/dr/where", Value="home", Type="String")
    tenant.at("ssm", PEER).put_parameter(Name="/dr/where", Value="peer", Type="String")
    template = {
        "Parameters": {
            "Where": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/dr/where"}
        },
        "Resources": {"Peer": parameter("/dr/peer", {"Ref": "Where"})},
    }
    made = tenant.stacks().create(
        "primary", {"Peer": stack_set(tenant, TemplateBody=json.dumps(template))}
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    assert tenant.parameter("/dr/peer") == "peer"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"StackSetName": "1dr"}, "failed to satisfy constraint"),
        ({"StackSetName": "d" * 129}, "failed to satisfy constraint"),
        ({"Bogus": "1"}, "Encountered unsupported property Bogus"),
        ({"CallAs": "SELF"}, "Encountered unsupported property CallAs"),
        ({"PermissionModel": "SERVICE_MANAGED"}, "SERVICE_MANAGED"),
        ({"TemplateBody": None}, "Either TemplateBody or TemplateURL"),
        ({"ExecutionRoleName": "dr-none"}, "should have 'dr-none' role"),
        ({"AdministrationRoleARN": "arn:aws:iam::123456789012:role/x"}, "should have 'x' role"),
    ],
)
def test_what_is_wrong_is_refused(
    refused: Account, properties: dict[str, Any], message: str
) -> None:
    made = refused.stacks().create("primary", {"Peer": stack_set(refused, **properties)})
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in made.reasons[0]
    assert refused.instances() == []


def test_a_name_is_given_once(tenant: Account) -> None:
    tenant.stacks().create("first", {"Peer": stack_set(tenant)})
    second = tenant.stacks().create("second", {"Peer": stack_set(tenant)})
    assert second.status == "ROLLBACK_COMPLETE"
    assert "already exists" in second.reasons[0]
    assert len(tenant.instances()) == 1


def test_another_name_is_refused_in_an_update(tenant: Account) -> None:
    tenant.stacks().create("primary", {"Peer": stack_set(tenant)})
    changed = tenant.stacks().update("primary", {"Peer": stack_set(tenant, StackSetName="dr-b")})
    assert changed.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "requires replacing" in changed.reasons[0]
    assert tenant.parameter("/dr/peer") == "default"


@pytest.mark.parametrize(
    ("source", "status"),
    [("stackset/dr-*", "CREATE_COMPLETE"), ("stackset/x-*", "ROLLBACK_COMPLETE")],
)
def test_the_administration_role_may_ask_for_the_stack_set(
    bare: Account, source: str, status: str
) -> None:
    condition = {
        "StringEquals": {"aws:SourceAccount": bare.number},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudformation:*:{bare.number}:{source}"},
    }
    bare.role(ADMINISTRATION, {"Service": "cloudformation.amazonaws.com"}, Condition=condition)
    bare.policy(ADMINISTRATION, "sts:AssumeRole")
    bare.role(EXECUTION, {"AWS": f"arn:aws:iam::{bare.number}:role/{ADMINISTRATION}"})
    bare.policy(EXECUTION, "*")
    assert bare.stacks().create("primary", {"Peer": stack_set(bare)}).status == status


@pytest.mark.parametrize(
    ("administration", "execution", "message"),
    [
        ("lambda.amazonaws.com", ADMINISTRATION, "trust relationship to CloudFormation service"),
        (
            "cloudformation.amazonaws.com",
            "another",
            f"trust relationship to Role '{ADMINISTRATION}'",
        ),
    ],
)
def test_roles_must_trust(bare: Account, administration: str, execution: str, message: str) -> None:
    bare.role(ADMINISTRATION, {"Service": administration})
    bare.policy(ADMINISTRATION, "sts:AssumeRole")
    bare.role(EXECUTION, {"AWS": f"arn:aws:iam::{bare.number}:role/{execution}"})
    made = bare.stacks().create("primary", {"Peer": stack_set(bare)})
    assert message in made.reasons[0]


def test_the_administration_role_must_be_allowed_to_assume(bare: Account) -> None:
    bare.role(ADMINISTRATION, {"Service": "cloudformation.amazonaws.com"})
    bare.role(EXECUTION, {"AWS": f"arn:aws:iam::{bare.number}:role/{ADMINISTRATION}"})
    made = bare.stacks().create("primary", {"Peer": stack_set(bare)})
    assert "not authorized to perform: sts:AssumeRole" in made.reasons[0]


def test_the_execution_role_must_be_allowed_what_the_instance_makes(bare: Account) -> None:
    bare.role(ADMINISTRATION, {"Service": "cloudformation.amazonaws.com"})
    bare.policy(ADMINISTRATION, "sts:AssumeRole")
    bare.role(EXECUTION, {"AWS": f"arn:aws:iam::{bare.number}:role/{ADMINISTRATION}"})
    bare.policy(EXECUTION, "cloudformation:*")
    made = bare.stacks().create("primary", {"Peer": stack_set(bare)})
    assert made.status == "ROLLBACK_COMPLETE"
    assert "not authorized to perform: ssm:PutParameter" in made.reasons[0]
