"""The customer-managed key of a launch: a multi-Region key and its replica.

Data encrypted in one region is read in the other with the same key material, so a replica of a
document or of an item needs no re-encryption by the application. Both halves carry the same key
policy: the account (which delegates to IAM policies) and the services that act without a caller's
identity: CloudWatch Logs, and CloudWatch and EventBridge for the topic of alarms. S3, DynamoDB, RDS
and Backup act for a caller and are let in by the caller's own IAM policy.

See https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._parameters import publish

PENDING_DAYS = 7


class MultiRegionKey(Construct):
    """The primary half: a multi-Region primary key with rotation, and its alias.

    Args:
        suffix: The environment suffix.

    Attributes:
        key: The key.
        key_id: Its id (``mrk-...``), the same in every region.
    """

    def __init__(self, scope: Construct, construct_id: str, *, suffix: str) -> None:
        super().__init__(scope, construct_id)
        resource = kms.CfnKey(
            self,
            "Key",
            description=f"Encrypts everything of {suffix}",
            enable_key_rotation=True,
            multi_region=True,
            key_policy=key_policy(self, suffix=suffix),
            pending_window_in_days=PENDING_DAYS,
        )
        resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self.key_id = resource.attr_key_id
        self.key: kms.IKey = _named(self, suffix=suffix, arn=resource.attr_arn, key_id=self.key_id)


class ReplicaKey(Construct):
    """The peer half: the replica of the primary key, and the same alias in the peer region.

    Rotation follows the primary key: KMS rotates all of a multi-Region key's replicas together.

    Args:
        suffix: The environment suffix.
        primary_key_arn: The ARN of the multi-Region primary key.

    Attributes:
        key: The replica.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, suffix: str, primary_key_arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        resource = kms.CfnReplicaKey(
            self,
            "Key",
            description=f"Encrypts everything of {suffix}",
            primary_key_arn=primary_key_arn,
            key_policy=key_policy(self, suffix=suffix),
            pending_window_in_days=PENDING_DAYS,
        )
        resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self.key: kms.IKey = _named(
            self, suffix=suffix, arn=resource.attr_arn, key_id=resource.attr_key_id
        )


def key_policy(scope: Construct, *, suffix: str) -> iam.PolicyDocument:
    """The policy of both halves; the region is the stack's own.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    and https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    stack = cdk.Stack.of(scope)
    cluster = names.LEDGER_CLUSTER.of(suffix=suffix, region=stack.region)
    groups = (
        names.log_group(f"dr-*-{suffix}"),
        names.FLOW_LOGS.of(suffix=suffix),
        names.database_log_group(cluster, "*"),
        names.RECOVERY_LOG.of(suffix=suffix),
    )
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="AccountDelegatesToIam",
                principals=[iam.AccountRootPrincipal()],
                actions=["kms:*"],
                resources=["*"],
            ),
            iam.PolicyStatement(
                sid="LogGroupsOfThisSuffix",
                principals=[
                    iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com"),
                ],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            stack.format_arn(
                                service="logs",
                                resource="log-group",
                                resource_name=group,
                                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                            )
                            for group in groups
                        ]
                    }
                },
            ),
            iam.PolicyStatement(
                sid="LogOfTheMachine",  # what a state machine sends to its log is encrypted on the way
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": logs_of(stack)}},
            ),
            iam.PolicyStatement(
                sid="AlarmsToTheTopic",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            ),
            iam.PolicyStatement(
                sid="EventsToTheTopic",  # EventBridge tells a key no source: a condition shuts it out
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
            ),
        ]
    )


def logs_of(stack: cdk.Stack) -> str:
    """What stands for all logs of the stack's region where they are encrypted on the way."""
    return stack.format_arn(service="logs", resource="*", arn_format=cdk.ArnFormat.NO_RESOURCE_NAME)


def arn_in(scope: Construct, *, region: str, key_id: str) -> str:
    """The ARN of a multi-Region key's member in ``region``: the same id, another region."""
    return cdk.Stack.of(scope).format_arn(
        service="kms", resource="key", resource_name=key_id, region=region
    )


def _named(scope: Construct, *, suffix: str, arn: str, key_id: str) -> kms.IKey:
    """Give the key its alias, tell others its ARN, and hand it out as ``kms.IKey``."""
    alias = names.KEY_ALIAS.of(suffix=suffix)
    kms.CfnAlias(scope, "Alias", alias_name=alias, target_key_id=key_id)
    publish(scope, suffix=suffix, layer="kms", values={"key-arn": arn, "alias": alias})
    return kms.Key.from_key_arn(scope, "Imported", arn)
