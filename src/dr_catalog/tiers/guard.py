"""The guard in front of a deletion.

CloudFormation runs no check of ours before it deletes; but it deletes what depends on everything
first. ``DeleteGuard`` is that: a custom resource that fails while deletion protection is on, so that
nothing has been touched yet, and that purges the data of a launch which asked for it. Protection
is read when the deletion comes, from an SSM parameter, because a stack whose deletion failed takes
no update any more: writing ``false`` there is the way out.

The rights to destroy exist only while ``OnTermination`` is ``purge``.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ..layers._function import PythonFunction
from ..layers._parameters import publish
from ..layers.kms import arn_in

LAYER = "guard"
PROTECTION = "deletion-protection"
PURGE_TIMEOUT = cdk.Duration.minutes(15)


class DeleteGuard(Construct):
    """Refuses or purges, before anything else of the stack is deleted.

    Create it last: it depends on everything its stack holds by then.

    Args:
        suffix: The environment suffix.
        peer_region: The other region, where a purge reaches too.
        key: The customer key in this region.
        key_id: The multi-Region key's id.
        deletion_protection: ``"true"`` refuses deletion.
        on_termination: ``"purge"`` deletes table, documents and keys in both regions; ``"retain"``
            leaves them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        peer_region: str,
        key: kms.IKey,
        key_id: str,
        deletion_protection: str,
        on_termination: str,
    ) -> None:
        stack = cdk.Stack.of(scope)
        guarded = list(stack.node.children)
        super().__init__(scope, construct_id)
        region, account = stack.region, stack.account
        buckets = {
            where: names.BUCKET.of(suffix=suffix, account=account, region=where)
            for where in (region, peer_region)
        }
        protection = names.parameter(suffix=suffix, layer=LAYER, name=PROTECTION)
        publish(self, suffix=suffix, layer=LAYER, values={PROTECTION: deletion_protection})
        guard = PythonFunction(
            self,
            "Guard",
            function_name=names.GUARD.of(suffix=suffix),
            role_name=names.GUARD_ROLE.of(suffix=suffix, region=region),
            asset="custom_resources",
            handler="delete_guard.handler",
            key=key,
            timeout=PURGE_TIMEOUT,
            statements=[
                iam.PolicyStatement(
                    sid="ReadProtection",
                    actions=["ssm:GetParameter"],
                    resources=[
                        stack.format_arn(
                            service="ssm", resource="parameter", resource_name=protection[1:]
                        )
                    ],
                )
            ],
        )
        guarded += self.node.children
        purge = iam.Policy(
            self,
            "Purge",
            roles=[guard.role],
            statements=_purge_rights(
                self, suffix=suffix, regions=(region, peer_region), key_id=key_id
            ),
        )
        purges = cdk.CfnCondition(
            self, "Purges", expression=cdk.Fn.condition_equals(on_termination, "purge")
        )
        resource = purge.node.default_child
        assert isinstance(resource, iam.CfnPolicy)
        resource.cfn_options.condition = purges

        self.resource = cdk.CustomResource(
            self,
            "Resource",
            service_token=guard.function.function_arn,
            resource_type="Custom::DrDeleteGuard",
            properties={
                "Suffix": suffix,
                "LaunchRegion": region,
                "PeerRegion": peer_region,
                "ProtectionParameter": protection,
                "OnTermination": on_termination,
                "LaunchBucket": buckets[region],
                "PeerBucket": buckets[peer_region],
                "TableName": names.TABLE.of(suffix=suffix),
                "KeyId": key_id,
                # While it may purge, its rights must outlive it: a reference orders the deletion.
                "PurgePolicy": cdk.Fn.condition_if(
                    purges.logical_id, resource.ref, cdk.Aws.NO_VALUE
                ),
            },
        )
        self.resource.node.add_dependency(*guarded)


def _purge_rights(
    scope: Construct, *, suffix: str, regions: tuple[str, str], key_id: str
) -> list[iam.PolicyStatement]:
    stack = cdk.Stack.of(scope)
    buckets = [
        f"arn:{stack.partition}:s3:::"
        + names.BUCKET.of(suffix=suffix, account=stack.account, region=region)
        for region in regions
    ]
    table = names.TABLE.of(suffix=suffix)
    return [
        iam.PolicyStatement(
            sid="EmptyAndDeleteBuckets",
            actions=[
                "s3:DeleteBucket",
                "s3:ListBucketMultipartUploads",
                "s3:ListBucketVersions",
                "s3:PutReplicationConfiguration",
            ],
            resources=buckets,
        ),
        iam.PolicyStatement(
            sid="DeleteDocuments",
            actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[f"{bucket}/*" for bucket in buckets],
        ),
        iam.PolicyStatement(
            sid="DeleteTable",
            actions=[
                "dynamodb:DeleteTable",
                "dynamodb:DeleteTableReplica",
                "dynamodb:DescribeTable",
                "dynamodb:UpdateTable",
            ],
            resources=[
                stack.format_arn(
                    service="dynamodb", resource="table", resource_name=table, region=region
                )
                for region in regions
            ],
        ),
        iam.PolicyStatement(
            sid="ScheduleKeyDeletion",
            actions=["kms:DescribeKey", "kms:ScheduleKeyDeletion"],
            resources=[arn_in(scope, region=region, key_id=key_id) for region in regions],
        ),
    ]
