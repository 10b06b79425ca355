"""What a tenant account needs before a launch: roles once, parameters in each region of the pair.

Both stacks are the same for every account; parameters say which hub and which pair. An organisation
may roll them out by its own StackSets instead of ``dr-catalog onboard``. The roles follow the releases: a new
one that brings a resource type changes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .. import launch_roles, names

_OBSERVATION: launch_roles.Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Launches",
            "Effect": "Allow",
            "Action": ["servicecatalog:ScanProvisionedProducts"],
            "Resource": "*",  # a list of the account's launches; the action knows no resources
        }
    ],
}


class OnboardingRolesStack(cdk.Stack):
    """The launch role of each product, the StackSet roles, the one that restores, the hub's observer and the
    boundary; once an account.

    Args:
        launch: What the launch role of each product needs, by the product's name.
        execution: What the StackSet execution role needs in the peer region.
        witness: What it needs in the region of a witness.
        restore: What CloudFormation needs to rebuild a lost launch in the peer; there is no role for it
            where no product can be.
        review: Which resources their actions may touch.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        launch: Mapping[str, launch_roles.Rights],
        execution: launch_roles.Rights,
        witness: launch_roles.Rights,
        restore: launch_roles.Rights,
        review: launch_roles.Review,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Roles that the disaster recovery catalog launches under",
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        cdk.CfnParameter(
            self,
            "AssetBucketPrefix",
            allowed_pattern=r"^[a-z0-9][a-z0-9-]{2,47}$",
            description="What stands before the region in the name of the hub's asset bucket",
        )
        prefix = "${AssetBucketPrefix}"
        cdk.CfnParameter(
            self,
            "HubAccount",
            allowed_pattern=r"^\d{12}$",
            description="The account that publishes, and looks at what is launched",
        )
        pair = []
        for name in ("FirstRegion", "SecondRegion"):
            cdk.CfnParameter(self, name, description=f"A region of the pair ({name})")
            pair.append(f"${{{name}}}")
        cdk.CfnParameter(
            self,
            "WitnessRegion",
            default="none",  # no region's name, so that a condition with it admits no third one
            description="A third region, whose probe launches may have vote, or none",
        )
        where = {"partition": "${AWS::Partition}", "account": "${AWS::AccountId}"}
        within: dict[str, Any] = {
            **where,
            "review": review,
            "regions": pair,
            "asset_bucket_prefix": prefix,
        }
        iam.CfnManagedPolicy(
            self,
            "Boundary",
            managed_policy_name=names.PERMISSIONS_BOUNDARY,
            description="The most that a role made by a launch can do",
            policy_document=_substituted(launch_roles.boundary_policy(**where)),
        )
        for product, rights in launch.items():
            self._role(
                name=names.LAUNCH_ROLE.of(suffix=product),
                trust=_trust("servicecatalog.amazonaws.com"),
                description=f"Service Catalog launches {product} under it",
                documents=launch_roles.launch_policies(rights=rights, **within),
            )
        self._role(
            name=names.OBSERVER_ROLE,
            trust={
                "Effect": "Allow",
                "Principal": {"AWS": cdk.Fn.sub("arn:${AWS::Partition}:iam::${HubAccount}:root")},
                "Action": "sts:AssumeRole",
            },
            description="The hub looks through it at what is launched",
            documents=[_OBSERVATION],
        )
        stack_sets = f"arn:{self.partition}:cloudformation:*:{self.account}:stackset/dr-*"
        administration = self._role(
            name=names.STACKSET_ADMINISTRATION_ROLE,
            trust=_trust(
                "cloudformation.amazonaws.com",
                {
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnLike": {"aws:SourceArn": stack_sets},
                },
            ),
            description="CloudFormation brings up the peer region through it",
            documents=[launch_roles.administration_policy(**where)],
        )
        self._role(
            name=names.STACKSET_EXECUTION_ROLE,
            trust={
                "Effect": "Allow",
                "Principal": {"AWS": administration.attr_arn},
                "Action": "sts:AssumeRole",
            },
            description="Makes the peer region's resources, and the witness's",
            documents=launch_roles.execution_policies(
                rights=execution, witness=witness, witness_region="${WitnessRegion}", **within
            ),
        )
        if restore.actions:
            self._role(
                name=names.RESTORE_SERVICE_ROLE,
                trust=_trust(
                    "cloudformation.amazonaws.com",
                    {"StringEquals": {"aws:SourceAccount": self.account}},
                ),
                description="CloudFormation rebuilds a lost launch in the peer region as it",
                documents=launch_roles.restore_policies(rights=restore, **within),
            )

    def _role(
        self,
        *,
        name: str,
        trust: dict[str, object],
        description: str,
        documents: Sequence[launch_roles.Document],
    ) -> iam.CfnRole:
        construct_id = "".join(part.capitalize() for part in name.split("-"))
        role = iam.CfnRole(
            self,
            construct_id,
            role_name=name,
            description=description,
            assume_role_policy_document={"Version": "2012-10-17", "Statement": [trust]},
        )
        for number, document in enumerate(documents, start=1):
            iam.CfnManagedPolicy(
                self,
                f"{construct_id}Policy{number}",
                managed_policy_name=f"{name}-{number}",
                policy_document=_substituted(document),
                roles=[role.ref],
            )
        return role


class OnboardingRegionStack(cdk.Stack):
    """The two parameters that every launch in this region reads."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Where the disaster recovery catalog finds its code and the peer region",
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        for construct_id, name, description in (
            ("AssetBucketPrefix", names.ASSET_BUCKET_PREFIX_PARAMETER, "Where code is read from"),
            ("PeerRegion", names.PEER_REGION_PARAMETER, "The other region of the pair"),
        ):
            value = cdk.CfnParameter(self, construct_id, description=description)
            ssm.CfnParameter(
                self,
                f"{construct_id}Parameter",
                name=name,
                type="String",
                value=value.value_as_string,
                description=description,
            )


def _substituted(document: Any) -> Any:
    """A document with ``Fn::Sub`` where a text has something to substitute.

    Written out, and not by ``cdk.Fn.sub``: each of its calls goes to Node and back, some hundreds a catalog.
    """
    if isinstance(document, dict):
        return {name: _substituted(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_substituted(value) for value in document]
    return {"Fn::Sub": document} if isinstance(document, str) and "${" in document else document


def _trust(service: str, conditions: dict[str, object] | None = None) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {**statement, "Condition": conditions} if conditions else statement
