"""What the pipeline's roles may do in a stage's account, as policy statements.

    publish   what `dr-catalog publish` calls, and what CloudFormation calls for it: for the types of the
              four stacks that it deploys
    canary    what a tenant of the stage's own account calls to launch, and a look at what a launch made
    read      what is published here

Rights on resources that CloudFormation makes hold only while it makes them. Whoever publishes writes the
launch roles, so can give them any right: the boundary of what a launch may become is the review of a
commit, not this policy. The roles of this file itself are out of its reach.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import names
from ..definitions import Stage

Statement = dict[str, object]
Condition = Mapping[str, Mapping[str, object]]
STACKS = ("dr-catalog-assets", "dr-catalog-portfolio", "dr-catalog-region", "dr-catalog-roles")
"""The stacks that publishing deploys."""
_PARAMETERS = (names.ASSET_BUCKET_PREFIX_PARAMETER, names.PEER_REGION_PARAMETER)
_VIA_CLOUDFORMATION: Condition = {
    "ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}
}


@dataclass(frozen=True)
class StageRights:
    """The statements of one stage.

    Args:
        stage: The stage.
        partition: The partition of its account.
    """

    stage: Stage
    partition: str

    def publish(self) -> list[Statement]:
        """What publishing takes."""
        buckets = self._buckets()
        return [
            _allow(
                [
                    "cloudformation:CreateChangeSet",
                    "cloudformation:DeleteChangeSet",
                    "cloudformation:DeleteStack",
                    "cloudformation:DescribeChangeSet",
                    "cloudformation:DescribeStackEvents",
                    "cloudformation:DescribeStacks",
                    "cloudformation:ExecuteChangeSet",
                    "cloudformation:GetTemplate",
                ],
                self._stacks(),
            ),
            # Service Catalog has each version's template looked at; that call has no resource.
            _allow(["cloudformation:ValidateTemplate"], "*", self._here()),
            _allow(["s3:ListBucket"], buckets),
            _allow(
                ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"],
                [f"{bucket}/*" for bucket in buckets],
            ),
            _allow(
                [
                    "s3:CreateBucket",
                    "s3:DeleteBucketPolicy",
                    "s3:Get*Configuration",
                    "s3:GetBucket*",
                    "s3:PutBucketOwnershipControls",
                    "s3:PutBucketPolicy",
                    "s3:PutBucketPublicAccessBlock",
                    "s3:PutBucketTagging",
                    "s3:PutBucketVersioning",
                    "s3:PutEncryptionConfiguration",
                ],
                buckets,
                _VIA_CLOUDFORMATION,
            ),
            # Most of these have no resource, and none has one before it is made.
            _allow([f"servicecatalog:{action}" for action in _PUBLISHING], "*", self._here()),
            *self._launch_roles(),
            _allow(
                [
                    "ssm:AddTagsToResource",
                    "ssm:DeleteParameter",
                    "ssm:GetParameters",
                    "ssm:ListTagsForResource",
                    "ssm:PutParameter",
                    "ssm:RemoveTagsFromResource",
                ],
                [arn for name in _PARAMETERS for arn in self._regional("ssm", f"parameter{name}")],
                _VIA_CLOUDFORMATION,
            ),
            # Who runs a version is looked up before it is retired, in each account that may.
            _allow(["sts:AssumeRole"], f"arn:{self.partition}:iam::*:role/{names.OBSERVER_ROLE}"),
            _allow(
                [
                    "organizations:DescribeOrganization",
                    "organizations:ListAccountsForParent",
                    "organizations:ListOrganizationalUnitsForParent",
                    "organizations:ListRoots",
                ],
                "*",  # reads alone; which units are shared with, the portfolio says
            ),
        ]

    def _launch_roles(self) -> list[Statement]:
        roles = [
            self._arn("iam", f"role/{name}")
            for name in (
                names.LAUNCH_ROLE.of(suffix="*"),
                names.OBSERVER_ROLE,
                names.STACKSET_ADMINISTRATION_ROLE,
                names.STACKSET_EXECUTION_ROLE,
            )
        ]
        policies = self._arn("iam", "policy/dr-catalog-*")
        return [
            _allow(
                [
                    "iam:CreateRole",
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListRolePolicies",
                    "iam:ListRoleTags",
                    "iam:PutRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:UpdateRoleDescription",
                ],
                roles,
                _VIA_CLOUDFORMATION,
            ),
            _allow(
                ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
                roles,
                {**_VIA_CLOUDFORMATION, "ArnLike": {"iam:PolicyARN": policies}},
            ),
            _allow(
                [
                    "iam:CreatePolicy",
                    "iam:CreatePolicyVersion",
                    "iam:DeletePolicy",
                    "iam:DeletePolicyVersion",
                    "iam:GetPolicy",
                    "iam:GetPolicyVersion",
                    "iam:ListEntitiesForPolicy",
                    "iam:ListPolicyVersions",
                ],
                policies,
                _VIA_CLOUDFORMATION,
            ),
            # A portfolio's principals and a constraint's role are looked up, whoever they are.
            _allow(["iam:GetRole"], self._arn("iam", "role/*"), _VIA_CLOUDFORMATION),
            _allow(
                ["iam:PassRole"],
                self._arn("iam", f"role/{names.LAUNCH_ROLE.of(suffix='*')}"),
                {"StringEquals": {"iam:PassedToService": "servicecatalog.amazonaws.com"}},
            ),
        ]

    def canary(self) -> list[Statement]:
        """What a canary takes; its launches are made by the launch roles, not by it."""
        return [
            _allow([f"servicecatalog:{action}" for action in _LAUNCHING], "*", self._here()),
            _allow(
                [
                    "servicecatalog:TerminateProvisionedProduct",
                    "servicecatalog:UpdateProvisionedProduct",
                ],
                "*",  # what it launched itself
                self._here(**{"servicecatalog:roleLevel": "self"}),
            ),
            _allow(
                ["ssm:DeleteParameters", "ssm:PutParameter"],
                self._regional("ssm", "parameter/dr-catalog/canary/*"),
            ),
            _allow(
                ["ssm:GetParameter", "ssm:GetParametersByPath"],
                [
                    *self._regional("ssm", "parameter/dr-catalog/*"),
                    *self._regional("ssm", "parameter/dr/*"),
                ],
            ),
            _allow(["execute-api:Invoke"], self._regional("execute-api", "*/*/GET/*")),
            _allow(
                ["apigateway:GET"],
                [f"arn:{self.partition}:apigateway:{region}::/*" for region in self.stage.regions],
            ),
            # Lists, to see what is left; they have no resource, or one whose name is not known before.
            _allow(list(_LOOKING), "*", self._here()),
            _allow(list(_LOOKING_GLOBALLY), "*"),
        ]

    def read(self) -> list[Statement]:
        """What seeing the published versions takes."""
        buckets = self._buckets()
        return [
            _allow(["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], self._stacks()),
            _allow(["s3:ListBucket"], buckets),
            _allow(["s3:GetObject"], [f"{bucket}/*" for bucket in buckets]),
            _allow([f"servicecatalog:{action}" for action in _READING], "*", self._here()),
            _allow(
                ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
                self._regional("ssm", "parameter/dr-catalog/*"),
            ),
        ]

    def _here(self, **more: str) -> Condition:
        return {"StringEquals": {"aws:RequestedRegion": list(self.stage.regions), **more}}

    def _stacks(self) -> list[str]:
        return [
            f"arn:{self.partition}:cloudformation:{region}:{self.stage.account}:stack/{name}/*"
            for region in self.stage.regions
            for name in STACKS
        ]

    def _buckets(self) -> list[str]:
        return [
            f"arn:{self.partition}:s3:::"
            + names.ASSET_BUCKET.of(account=self.stage.account, region=region)
            for region in self.stage.regions
        ]

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}::{self.stage.account}:{resource}"

    def _regional(self, service: str, resource: str) -> list[str]:
        return [
            f"arn:{self.partition}:{service}:{region}:{self.stage.account}:{resource}"
            for region in self.stage.regions
        ]


def _allow(
    actions: Sequence[str],
    resources: str | Sequence[str],
    conditions: Condition | None = None,
) -> Statement:
    statement: Statement = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": resources if isinstance(resources, str) else list(resources),
    }
    return {**statement, "Condition": dict(conditions)} if conditions else statement


_READING = (
    "DescribePortfolio",
    "DescribeProductAsAdmin",
    "DescribeProvisioningArtifact",
    "ListProvisioningArtifacts",
)
_PUBLISHING = (
    *_READING,
    "AssociatePrincipalWithPortfolio",
    "AssociateProductWithPortfolio",
    "AssociateTagOptionWithResource",
    "CreateConstraint",
    "CreatePortfolio",
    "CreatePortfolioShare",
    "CreateProduct",
    "CreateProvisioningArtifact",
    "CreateTagOption",
    "DeleteConstraint",
    "DeletePortfolio",
    "DeletePortfolioShare",
    "DeleteProduct",
    "DeleteProvisioningArtifact",
    "DeleteTagOption",
    "DescribeConstraint",
    "DescribePortfolioShareStatus",
    "DescribePortfolioShares",
    "DescribeTagOption",
    "DisassociatePrincipalFromPortfolio",
    "DisassociateProductFromPortfolio",
    "DisassociateServiceActionFromProvisioningArtifact",
    "DisassociateTagOptionFromResource",
    "GetAWSOrganizationsAccessStatus",
    "ListPortfoliosForProduct",
    "ListPrincipalsForPortfolio",
    "ListResourcesForTagOption",
    "ListServiceActionsForProvisioningArtifact",
    "ListTagsForResource",
    "ScanProvisionedProducts",
    "TagResource",
    "UntagResource",
    "UpdateConstraint",
    "UpdatePortfolio",
    "UpdatePortfolioShare",
    "UpdateProduct",
    "UpdateProvisioningArtifact",
    "UpdateTagOption",
)
_LAUNCHING = (
    "DescribeProduct",
    "DescribeProvisionedProduct",
    "DescribeProvisioningParameters",
    "DescribeRecord",
    "ListLaunchPaths",
    "ListRecordHistory",
    "ProvisionProduct",
    "SearchProducts",
    "SearchProvisionedProducts",
)
_LOOKING = (
    "backup:DescribeBackupVault",
    "backup:GetBackupPlan",
    "backup:GetBackupSelection",
    "backup:ListBackupPlans",
    "backup:ListBackupSelections",
    "backup:ListBackupVaults",
    "backup:ListRestoreTestingPlans",
    "backup:ListRestoreTestingSelections",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackSet",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplateSummary",
    "cloudformation:ListStackInstances",
    "cloudformation:ListStackResources",
    "cloudformation:ListStacks",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListDashboards",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:ListTables",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeNatGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "events:DescribeRule",
    "events:ListRules",
    "events:ListTargetsByRule",
    "kms:DescribeKey",
    "kms:GetKeyRotationStatus",
    "kms:ListKeys",
    "lambda:GetFunctionConcurrency",
    "lambda:GetFunctionConfiguration",
    "lambda:ListFunctions",
    "logs:DescribeLogGroups",
    "rds:DescribeDBClusterParameterGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:DescribeGlobalClusters",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecrets",
    "sns:GetTopicAttributes",
    "sns:ListTopics",
    "ssm:DescribeParameters",
    "states:DescribeStateMachine",
    "states:ListStateMachines",
)
_LOOKING_GLOBALLY = (
    "iam:ListRoles",
    "route53:GetHealthCheck",
    "route53:ListHealthChecks",
    "route53:ListHostedZones",
    "route53:ListResourceRecordSets",
    "s3:ListAllMyBuckets",
)
