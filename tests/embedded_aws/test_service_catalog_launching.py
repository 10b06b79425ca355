"""A launch's life: record, stack, role, rules, tokens, update, termination."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .service_catalog_estate import LAUNCH_ROLE, Estate, trust, wait
from .test_service_catalog_publishing import RULES


@pytest.fixture(scope="module")
def estate(endpoint: str) -> Estate:
    """A catalog the tenant may launch from; each test launches under a name of its own."""
    made = Estate(endpoint).declare()
    made.publish()
    return made.onboard()


def error(record: dict[str, Any]) -> str:
    """Why a record failed."""
    assert record["Status"] == "FAILED", record
    return record["RecordErrors"][0]["Description"]


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    """The code of a refusal."""
    return refused.value.response["Error"]["Code"]


def test_a_launch_makes_a_stack_as_the_launch_role(estate: Estate) -> None:
    first = estate.provision(
        "life", parameters={"Suffix": "life"}, Tags=[{"Key": "k", "Value": "v"}]
    )
    assert first["Status"] in ("CREATED", "IN_PROGRESS")
    record = wait(estate.user, first["RecordId"])
    assert (record["Status"], record["RecordType"]) == ("SUCCEEDED", "PROVISION_PRODUCT")

    name = f"SC-{estate.tenant}-{record['ProvisionedProductId']}"
    stack = estate.tenant_stacks.describe_stacks(StackName=name)["Stacks"][0]
    role = f"arn:aws:iam::{estate.tenant}:role/{LAUNCH_ROLE}"
    assert record["LaunchRoleArn"] == role
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert tags["k"] == "v"
    assert tags["aws:servicecatalog:provisioningPrincipalArn"].endswith(":root")
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in estate.user.describe_record(Id=record["RecordId"])["RecordOutputs"]
    }
    assert outputs["CloudformationStackARN"] == stack["StackId"]
    assert outputs["QueueUrl"].endswith("/tiny-life")
    assert estate.status("life") == "AVAILABLE"


def test_others_may_not_use_the_tags_of_service_catalog(estate: Estate) -> None:
    with pytest.raises(ClientError, match="aws: prefix"):
        estate.tenant_stacks.create_stack(
            StackName="own",
            TemplateBody='{"Resources": {}}',
            Tags=[{"Key": "aws:servicecatalog:productArn", "Value": "mine"}],
        )


def test_an_update_moves_to_a_version_and_changes_parameters(estate: Estate) -> None:
    estate.launched("moving", parameters={"Suffix": "moving"})
    record = estate.updated(
        "moving", "u1", ProvisioningArtifactName="1.1.0", parameters={"Size": "large"}
    )
    assert record["Status"] == "SUCCEEDED"
    outputs = estate.user.get_provisioned_product_outputs(
        ProvisionedProductName="moving", OutputKeys=["Size"]
    )["Outputs"]
    assert outputs == [{"OutputKey": "Size", "OutputValue": "large", "Description": ""}]
    detail = estate.user.describe_provisioned_product(Name="moving")["ProvisionedProductDetail"]
    assert detail["ProvisioningArtifactId"] == estate.artifact("1.1.0")


def test_a_failed_launch_says_why_and_can_be_terminated(estate: Estate) -> None:
    record = estate.launched("broken", parameters={"Suffix": "broken", "Broken": "yes"})
    assert "Trap: Dynamic reference" in error(record)
    assert estate.status("broken") == "ERROR"
    with pytest.raises(ClientError, match="cannot be updated while its status is ERROR"):
        estate.updated("broken", "u")
    assert estate.terminated("broken", "t")["Status"] == "SUCCEEDED"


def test_a_failed_update_leaves_the_product_tainted_and_as_it_was(estate: Estate) -> None:
    launched = estate.launched("tainted", parameters={"Suffix": "tainted"})
    record = estate.updated(
        "tainted", "u1", ProvisioningArtifactName="1.1.0", parameters={"Broken": "yes"}
    )
    assert "could not be resolved" in error(record)
    detail = estate.user.describe_provisioned_product(Name="tainted")["ProvisionedProductDetail"]
    assert detail["Status"] == "TAINTED"
    assert detail["StatusMessage"].startswith("AmazonCloudFormationException  Trap: ")
    assert detail["ProvisioningArtifactId"] == estate.artifact("1.0.0")
    assert detail["LastSuccessfulProvisioningRecordId"] == launched["RecordId"]
    assert detail["LastProvisioningRecordId"] == record["RecordId"]
    repaired = estate.updated("tainted", "u2", ProvisioningArtifactName="1.1.0")
    assert (repaired["Status"], estate.status("tainted")) == ("SUCCEEDED", "AVAILABLE")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Suffix": "UPPER"}, "AllowedPattern"),
        ({"Suffix": "a", "Size": "huge"}, "AllowedValues"),
        ({"Suffix": "a", "Colour": "red"}, r"Parameters: [Colour] do not exist in the template"),
    ],
)
def test_parameters_are_held_to_the_template(
    estate: Estate, parameters: dict[str, str], reason: str
) -> None:
    name = "parameters-" + "-".join(parameters.values())
    record = estate.launched(name, parameters=parameters)
    description = error(record)
    assert reason in description or "pattern" in description


def test_a_missing_parameter_fails_the_launch(estate: Estate) -> None:
    record = estate.launched("missing", ProvisioningParameters=[])
    assert error(record) == "Parameters: [Suffix] must have values"


@pytest.mark.parametrize(
    ("settings", "version"),
    [({"Guidance": "DEPRECATED"}, "1.1.0"), ({"Active": False}, "1.1.0")],
)
def test_guidance_and_activity_bar_what_they_bar_on_aws(
    estate: Estate, settings: dict[str, Any], version: str
) -> None:
    name = f"barred-{next(iter(settings)).lower()}"
    estate.launched(name, parameters={"Suffix": name.replace("-", "")})
    key = {"ProductId": estate.ids["Product"], "ProvisioningArtifactId": estate.artifact(version)}
    estate.admin.update_provisioning_artifact(**key, **settings)
    try:
        with pytest.raises(ClientError) as refused:
            estate.provision("never", version=version)
        if "Guidance" in settings:
            assert code(refused) == "InvalidParametersException"
            assert estate.updated(name, "u", ProvisioningArtifactName=version)["Status"] == (
                "SUCCEEDED"
            )
        else:
            assert code(refused) == "ResourceNotFoundException"
            with pytest.raises(ClientError, match=r"ProvisioningArtifact pa-.* not found"):
                estate.updated(name, "u", ProvisioningArtifactName=version)
            product = estate.user.describe_product(Name="tiny")
            assert [v["Name"] for v in product["ProvisioningArtifacts"]] == ["1.0.0"]
    finally:
        estate.admin.update_provisioning_artifact(**key, Active=True, Guidance="DEFAULT")


def test_tokens_resume_and_refuse(estate: Estate) -> None:
    first = estate.provision("token", parameters={"Suffix": "token"})
    again = estate.provision("token", parameters={"Suffix": "token"})
    assert again["RecordId"] == first["RecordId"]
    with pytest.raises(ClientError, match="used before with different parameters"):
        estate.provision("token", parameters={"Suffix": "other"})
    with pytest.raises(ClientError, match="A stack named token already exists") as refused:
        estate.provision("token", parameters={"Suffix": "token"}, ProvisionToken="another")
    assert code(refused) == "InvalidParametersException"
    wait(estate.user, first["RecordId"])
    ended = estate.terminated("token", "t1")
    repeated = estate.user.terminate_provisioned_product(
        ProvisionedProductName="token", TerminateToken="token-t1"
    )
    assert repeated["RecordDetail"]["RecordId"] == ended["RecordId"]


def test_nothing_else_is_done_while_a_product_is_under_change(estate: Estate) -> None:
    record = estate.provision("busy", parameters={"Suffix": "busy"})
    with pytest.raises(ClientError, match="UNDER_CHANGE"):
        estate.terminated("busy", "t")
    wait(estate.user, record["RecordId"])


@pytest.fixture
def weak(endpoint: str) -> Estate:
    """A catalog open to a tenant that has no launch role."""
    made = Estate(endpoint).declare()
    made.publish()
    made.join()
    return made


def test_a_launch_role_must_be_in_the_launching_account_and_trust_the_service(weak: Estate) -> None:
    role = f"arn:aws:iam::{weak.tenant}:role/{LAUNCH_ROLE}"
    denied = f"Access denied while assuming the role {role}"
    assert error(weak.launched("absent")) == denied
    weak.launch_role(weak.tenant, service="ec2.amazonaws.com")
    assert error(weak.launched("distrusting")) == denied
    assert weak.status("distrusting") == "ERROR"


def test_a_termination_that_fails_can_be_repeated_or_forced(weak: Estate) -> None:
    weak.launch_role(weak.tenant)
    for name in ("repeated", "forced"):
        assert weak.launched(name, parameters={"Suffix": name})["Status"] == "SUCCEEDED"
    iam = weak.client("iam", weak.tenant)
    iam.update_assume_role_policy(RoleName=LAUNCH_ROLE, PolicyDocument=trust("ec2.amazonaws.com"))
    assert "Access denied" in error(weak.terminated("repeated", "t1"))
    assert weak.status("repeated") == "TAINTED"
    assert weak.terminated("forced", "t2", IgnoreErrors=True)["Status"] == "SUCCEEDED"
    iam.update_assume_role_policy(RoleName=LAUNCH_ROLE, PolicyDocument=trust())
    assert weak.terminated("repeated", "t3")["Status"] == "SUCCEEDED"
    queues = weak.client("sqs", weak.tenant)
    assert queues.get_queue_url(QueueName="tiny-forced")["QueueUrl"]
    with pytest.raises(ClientError, match=r"NonExistentQueue|does not exist"):
        queues.get_queue_url(QueueName="tiny-repeated")


def test_a_stack_that_can_not_be_deleted_leaves_the_product_tainted(endpoint: str) -> None:
    estate = Estate(endpoint).declare()
    bucket, versions = f"full-{estate.tenant}", estate.resources["Product"]["Properties"]
    template = {
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}}
    }
    versions["ProvisioningArtifactParameters"] = [estate.version("1.0.0", template)]
    estate.publish()
    estate.onboard()
    assert estate.launched("full", ProvisioningParameters=[])["Status"] == "SUCCEEDED"
    storage = estate.client("s3", estate.tenant)
    storage.put_object(Bucket=bucket, Key="row", Body=b"data")
    assert error(estate.terminated("full", "t1")).startswith("Bucket: ")
    assert estate.status("full") == "TAINTED"
    storage.delete_object(Bucket=bucket, Key="row")
    assert estate.terminated("full", "t2")["Status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="404"):
        storage.head_bucket(Bucket=bucket)


def test_a_role_without_the_actions_fails_the_resource(weak: Estate) -> None:
    weak.launch_role(weak.tenant)
    denial = {"Effect": "Deny", "Action": "sqs:CreateQueue", "Resource": "*"}
    weak.client("iam", weak.tenant).put_role_policy(
        RoleName=LAUNCH_ROLE,
        PolicyName="less",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [denial]}),
    )
    assert "is not authorized to perform: sqs:CreateQueue" in error(weak.launched("denied"))


def test_physical_resources_can_be_retained(estate: Estate) -> None:
    estate.launched("kept", parameters={"Suffix": "kept"})
    record = estate.terminated("kept", "t", RetainPhysicalResources=True)
    name = f"SC-{estate.tenant}-{record['ProvisionedProductId']}"
    stack = estate.tenant_stacks.describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="not found"):
        estate.status("kept")


def test_what_is_terminated_vanishes_and_its_records_remain(estate: Estate) -> None:
    launched = estate.launched("gone", parameters={"Suffix": "gone"})
    estate.terminated("gone", "t")
    found = estate.user.search_provisioned_products(Filters={"SearchQuery": ["name:gone"]})
    assert (found["ProvisionedProducts"], found["TotalResultsCount"]) == ([], 0)
    history = estate.user.list_record_history(
        SearchFilter={"Key": "provisionedproduct", "Value": launched["ProvisionedProductId"]}
    )["RecordDetails"]
    assert [record["RecordType"] for record in history] == [
        "TERMINATE_PROVISIONED_PRODUCT",
        "PROVISION_PRODUCT",
    ]
    assert estate.launched("gone", parameters={"Suffix": "gone"}, ProvisionToken="again")[
        "Status"
    ] == ("SUCCEEDED")


def test_a_search_finds_by_status_and_shows_other_users_only_at_account_level(
    estate: Estate,
) -> None:
    estate.launched("found", parameters={"Suffix": "found"})
    query = {"SearchQuery": ["name:found", "status:AVAILABLE"]}
    (found,) = estate.user.search_provisioned_products(Filters=query)["ProvisionedProducts"]
    assert found["ProvisioningArtifactName"] == "1.0.0"
    assert found["PhysicalId"].startswith("arn:aws:cloudformation:")
    other = {"SearchQuery": ["name:found", "status:ERROR"]}
    assert not estate.user.search_provisioned_products(Filters=other)["ProvisionedProducts"]

    iam = estate.client("iam", estate.tenant)
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    keys = estate.client("sts", estate.tenant).assume_role(
        RoleArn=role["Role"]["Arn"], RoleSessionName="anna"
    )["Credentials"]
    reader = estate.client(
        "servicecatalog",
        keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert not reader.search_provisioned_products(Filters=query)["ProvisionedProducts"]
    everything = {"Key": "Account", "Value": "self"}
    assert reader.search_provisioned_products(Filters=query, AccessLevelFilter=everything)[
        "ProvisionedProducts"
    ]


@pytest.fixture(scope="module")
def strict(endpoint: str) -> Estate:
    """A catalog with template rules and tag options."""
    made = Estate(endpoint).declare()
    pair = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
    made.add("Rules", "LaunchTemplateConstraint", Rules=json.dumps(RULES), **pair)
    for holder, key, value in (
        ("Portfolio", "data-class", "internal"),
        ("Portfolio", "data-class", "confidential"),
        ("Product", "tier", "tiny"),
    ):
        made.add(f"Option{value}", "TagOption", Key=key, Value=value)
        made.add(
            f"Association{value}",
            "TagOptionAssociation",
            TagOptionId={"Ref": f"Option{value}"},
            ResourceId={"Ref": holder},
        )
    made.publish()
    return made.onboard()


def tagged(value: str) -> dict[str, Any]:
    return {"Tags": [{"Key": "data-class", "Value": value}]}


def test_template_constraints_hold_parameters(strict: Estate) -> None:
    record = strict.launched("large", parameters={"Size": "large"}, **tagged("internal"))
    assert "only small is allowed in production" in error(record)


def test_tag_options_hold_tags(strict: Estate) -> None:
    assert "Tag data-class is required" in error(strict.launched("untagged"))
    assert "is not one of the TagOptions" in error(strict.launched("public", **tagged("public")))
    record = strict.launched("right", **tagged("confidential"))
    tags = {tag["Key"]: tag["Value"] for tag in record["RecordTags"]}
    assert (record["Status"], tags["data-class"], tags["tier"]) == (
        "SUCCEEDED",
        "confidential",
        "tiny",
    )


def test_what_a_launch_takes_is_described(strict: Estate) -> None:
    described = strict.user.describe_provisioning_parameters(
        ProductName="tiny", ProvisioningArtifactName="1.0.0"
    )
    size = described["ProvisioningArtifactParameters"][1]
    assert (size["ParameterKey"], size["DefaultValue"]) == ("Size", "small")
    assert size["ParameterConstraints"]["AllowedValues"] == ["small", "large"]
    assert described["TagOptions"] == [
        {"Key": "data-class", "Values": ["confidential", "internal"]},
        {"Key": "tier", "Values": ["tiny"]},
    ]
    assert {summary["Type"] for summary in described["ConstraintSummaries"]} == {
        "LAUNCH",
        "TEMPLATE",
    }
