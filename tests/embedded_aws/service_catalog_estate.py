"""A small catalog to test with: a hub that publishes, a tenant that launches.

Each `Estate` has accounts of its own, so tests share the server without meeting each other. The
product is tiny: an SSM parameter and a queue, and a resource that fails when it is asked to.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3

from .service_catalog_contract import watch

REGION = "us-east-1"
LAUNCH_ROLE = "dr-catalog-launch-tiny"
_accounts = itertools.count(310000000000)
_tokens = itertools.count()

TINY: dict[str, Any] = {
    "Parameters": {
        "Suffix": {"Type": "String", "AllowedPattern": "^[a-z]+$", "Description": "names it"},
        "Size": {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]},
        "Broken": {"Type": "String", "Default": "no"},
    },
    "Conditions": {"Fails": {"Fn::Equals": [{"Ref": "Broken"}, "yes"]}},
    "Resources": {
        "Setting": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": {"Fn::Sub": "/tiny/${Suffix}"},
                "Type": "String",
                "Value": {"Ref": "Size"},
            },
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": "tiny-${Suffix}"}},
        },
        "Trap": {
            "Type": "AWS::SSM::Parameter",
            "Condition": "Fails",
            "DependsOn": "Setting",
            "Properties": {"Type": "String", "Value": "{{resolve:ssm:/tiny/not-there}}"},
        },
    },
    "Outputs": {
        "QueueUrl": {"Value": {"Ref": "Queue"}, "Description": "where to send"},
        "Size": {"Value": {"Ref": "Size"}},
    },
}


def wait(service_catalog: Any, record_id: str) -> dict[str, Any]:
    """The record's detail, once it has come to its end."""
    for _ in range(1000):
        record = service_catalog.describe_record(Id=record_id)["RecordDetail"]
        if record["Status"] in ("SUCCEEDED", "FAILED"):
            return record
        time.sleep(0.01)
    raise AssertionError(f"record {record_id} did not end: {record}")


def trust(service: str = "servicecatalog.amazonaws.com") -> str:
    """A trust policy for a service."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Estate:
    """A hub, a tenant, and what the hub publishes as one stack."""

    endpoint: str
    hub: str = field(default_factory=lambda: str(next(_accounts)))
    tenant: str = field(default_factory=lambda: str(next(_accounts)))
    resources: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    stack_id: str = ""
    name: str = "catalog"

    def client(self, service: str, account: str, *, region: str = REGION, **keys: Any) -> Any:
        """A client of an account; Service Catalog's answers are checked against the model."""
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            **{"aws_access_key_id": account, "aws_secret_access_key": "test", **keys},
        )
        return watch(made) if service in ("servicecatalog", "organizations") else made

    @cached_property
    def admin(self) -> Any:
        """Service Catalog in the hub."""
        return self.client("servicecatalog", self.hub)

    @cached_property
    def user(self) -> Any:
        """Service Catalog in the tenant's account, as its root."""
        return self.client("servicecatalog", self.tenant)

    @cached_property
    def stacks(self) -> Any:
        """CloudFormation in the hub."""
        return self.client("cloudformation", self.hub)

    @cached_property
    def tenant_stacks(self) -> Any:
        """CloudFormation in the tenant's account."""
        return self.client("cloudformation", self.tenant)

    def organize(self) -> str:
        """Found an organisation of the hub's that Service Catalog may see; a unit with the tenant in it."""
        theirs = self.client("organizations", self.hub)
        theirs.create_organization(FeatureSet="ALL")
        handshake = theirs.invite_account_to_organization(
            Target={"Id": self.tenant, "Type": "ACCOUNT"}
        )["Handshake"]
        self.client("organizations", self.tenant).accept_handshake(HandshakeId=handshake["Id"])
        root = theirs.list_roots()["Roots"][0]["Id"]
        unit: str = theirs.create_organizational_unit(ParentId=root, Name="teams")[
            "OrganizationalUnit"
        ]["Id"]
        theirs.move_account(AccountId=self.tenant, SourceParentId=root, DestinationParentId=unit)
        self.admin.enable_aws_organizations_access()
        return unit

    def add(self, name: str, kind: str, **properties: Any) -> None:
        """Declare a resource of the hub's stack."""
        self.resources[name] = {
            "Type": f"AWS::ServiceCatalog::{kind}",
            "Properties": properties,
        }
        if kind in ("LaunchRoleConstraint", "LaunchTemplateConstraint"):
            self.resources[name]["DependsOn"] = "Association"

    def template_url(self, name: str, template: dict[str, Any]) -> str:
        """The address of a template put into the hub's bucket."""
        bucket = f"templates-{self.hub}"
        storage = self.client("s3", self.hub)
        storage.create_bucket(Bucket=bucket)
        storage.put_object(Bucket=bucket, Key=f"templates/{name}.json", Body=json.dumps(template))
        return f"https://s3.{REGION}.amazonaws.com/{bucket}/templates/{name}.json"

    def launch_role(self, account: str, *, service: str = "servicecatalog.amazonaws.com") -> None:
        """Make the launch role in an account."""
        iam = self.client("iam", account)
        iam.create_role(RoleName=LAUNCH_ROLE, AssumeRolePolicyDocument=trust(service))
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.put_role_policy(
            RoleName=LAUNCH_ROLE,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def declare(self) -> Estate:
        """Declare the usual: a portfolio with the tiny product in two versions, shared, constrained."""
        self.launch_role(self.hub)
        self.add("Portfolio", "Portfolio", DisplayName="Tiers", ProviderName="Platform team")
        self.add(
            "Product",
            "CloudFormationProduct",
            Name="tiny",
            Owner="Platform team",
            ProvisioningArtifactParameters=[self.version("1.0.0"), self.version("1.1.0")],
        )
        pair = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
        self.add("Association", "PortfolioProductAssociation", **pair)
        self.add("LaunchRole", "LaunchRoleConstraint", LocalRoleName=LAUNCH_ROLE, **pair)
        self.add(
            "Share",
            "PortfolioShare",
            PortfolioId={"Ref": "Portfolio"},
            AccountId=self.tenant,
            ShareTagOptions=True,
        )
        return self

    def version(self, name: str, template: dict[str, Any] | None = None) -> dict[str, Any]:
        """A version as a product lists it."""
        url = self.template_url(name, {"Description": name, **(template or TINY)})
        return {"Name": name, "Info": {"LoadTemplateFromURL": url}}

    def publish(self, *, wanted: str = "") -> dict[str, str]:
        """Create or update the hub's stack; the physical ids by logical id.

        Args:
            wanted: The status to end in, where it is not the complete one.
        """
        template = {"Resources": self.resources, "Outputs": self.outputs}
        settings = {"StackName": self.name, "TemplateBody": json.dumps(template)}
        verb = "UPDATE" if self.ids else "CREATE"
        answer = getattr(self.stacks, f"{verb.lower()}_stack")(**settings)
        self.stack_id = answer["StackId"]
        self.settle(wanted or f"{verb}_COMPLETE")
        found = self.stacks.describe_stack_resources(StackName=self.stack_id)["StackResources"]
        self.ids = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in found}
        return self.ids

    def settle(self, wanted: str) -> None:
        """Wait for the hub's stack to end as wanted; else its failures' reasons raise.

        A deletion begins a moment after its call, so an end that is not the wanted one must last.
        """
        patience = 100
        while patience:
            stack = self.stacks.describe_stacks(StackName=self.stack_id)["Stacks"][0]
            status = stack["StackStatus"]
            if status == wanted:
                return
            patience -= not status.endswith("_IN_PROGRESS")
            time.sleep(0.01)
        raise AssertionError(f"{status}: {self.reasons()}")

    def reasons(self) -> list[str]:
        """Why resources of the hub's stack failed, newest first."""
        events = self.stacks.describe_stack_events(StackName=self.stack_id)["StackEvents"]
        return [
            event["ResourceStatusReason"]
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def onboard(self) -> Estate:
        """Accept the share, associate the tenant's root, make the launch role."""
        self.join()
        self.launch_role(self.tenant)
        return self

    def join(self) -> None:
        """Accept the share and associate the tenant's root."""
        self.user.accept_portfolio_share(PortfolioId=self.ids["Portfolio"])
        self.associate(f"arn:aws:iam::{self.tenant}:root")

    def associate(self, arn: str, *, kind: str = "IAM") -> None:
        """Associate a principal in the tenant's account."""
        self.user.associate_principal_with_portfolio(
            PortfolioId=self.ids["Portfolio"], PrincipalARN=arn, PrincipalType=kind
        )

    def artifact(self, name: str) -> str:
        """The id of a version."""
        listed = self.admin.list_provisioning_artifacts(ProductId=self.ids["Product"])
        return next(
            item["Id"] for item in listed["ProvisioningArtifactDetails"] if item["Name"] == name
        )

    def provision(self, name: str, *, version: str = "1.0.0", **more: Any) -> dict[str, Any]:
        """Launch, without waiting; the record's detail."""
        parameters = {"Suffix": "a", **more.pop("parameters", {})}
        return self.user.provision_product(
            **{
                "ProductId": self.ids["Product"],
                "ProvisioningArtifactName": version,
                "ProvisionedProductName": name,
                "ProvisionToken": name,
                "ProvisioningParameters": [
                    {"Key": key, "Value": value} for key, value in parameters.items()
                ],
                **more,
            }
        )["RecordDetail"]

    def launched(self, name: str, **more: Any) -> dict[str, Any]:
        """Launch and wait; the record's detail."""
        return wait(self.user, self.provision(name, **more)["RecordId"])

    def updated(self, name: str, token: str, **more: Any) -> dict[str, Any]:
        """Update and wait; the record's detail."""
        given = more.pop("parameters", {})
        parameters = [{"Key": "Suffix", "UsePreviousValue": True}] + [
            {"Key": key, "Value": value} for key, value in given.items()
        ]
        record = self.user.update_provisioned_product(
            ProvisionedProductName=name,
            ProvisioningParameters=parameters,
            UpdateToken=f"{name}-{token}",
            **more,
        )["RecordDetail"]
        return wait(self.user, record["RecordId"])

    def plan(self, name: str, *, version: str = "1.0.0", **more: Any) -> str:
        """Begin a plan of a launch or an update; its id."""
        parameters = {"Suffix": "a", **more.pop("parameters", {})}
        answer = self.user.create_provisioned_product_plan(
            **{
                "PlanName": f"plan-{name}",
                "PlanType": "CLOUDFORMATION",
                "ProductId": self.ids["Product"],
                "ProvisionedProductName": name,
                "ProvisioningArtifactId": self.artifact(version),
                "ProvisioningParameters": [
                    {"Key": key, "UsePreviousValue": True}
                    if value is None
                    else {"Key": key, "Value": value}
                    for key, value in parameters.items()
                ],
                "IdempotencyToken": f"plan-{name}-{next(_tokens)}",
                **more,
            }
        )
        return answer["PlanId"]

    def planned(self, name: str, **more: Any) -> dict[str, Any]:
        """Make a plan and wait; its detail, with the changes beside."""
        key = self.plan(name, **more)
        for _ in range(1000):
            answer = self.user.describe_provisioned_product_plan(PlanId=key)
            detail = answer["ProvisionedProductPlanDetails"]
            if detail["Status"] != "CREATE_IN_PROGRESS":
                return {**detail, "Changes": answer["ResourceChanges"]}
            time.sleep(0.01)
        raise AssertionError(f"plan {key} did not end")

    def terminated(self, name: str, token: str, **more: Any) -> dict[str, Any]:
        """Terminate and wait; the record's detail."""
        record = self.user.terminate_provisioned_product(
            ProvisionedProductName=name, TerminateToken=f"{name}-{token}", **more
        )["RecordDetail"]
        return wait(self.user, record["RecordId"])

    def status(self, name: str) -> str:
        """The status of a provisioned product."""
        found = self.user.describe_provisioned_product(Name=name)
        return found["ProvisionedProductDetail"]["Status"]
