"""What the pipeline keeps and tells: its key, buckets, log group, and a topic for each stage.

A stack of its own, which comes first: the pipeline's template may be too long for a request, and then
goes through the artifact bucket. It knows all of this by name, and takes the key's ARN as an export.

The buckets write no access logs: who may come is named role by role, and whoever wants each request on
record has CloudTrail's data events for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names
from ..definitions import Pipeline, S3Source, Stage

ARTIFACT_DAYS, REPLACED_DAYS, LOG_DAYS = 90, 30, 365
"""How long an artifact is kept, a version of an object that another one has replaced, and a log."""


class PipelineStoreStack(cdk.Stack):
    """One customer key, and under it everything the pipeline writes.

    Args:
        pipeline: What ``pipeline/pipeline.yaml`` says.

    Attributes:
        key_arn: The key, for this stack.
        artifacts: The name of the bucket of what actions hand on.
        group: The name of all builds' log group.
        topics: The ARN of whom to tell, by the stage's name.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pipeline: Pipeline) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=names.PIPELINE_STORE_STACK.of(suffix=pipeline.name),
            env=cdk.Environment(account=pipeline.account, region=pipeline.region),
            description="What the disaster recovery catalog's pipeline keeps and tells",
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        name = pipeline.name
        self.group = f"/dr-catalog/{name}"
        self.artifacts = names.ARTIFACT_BUCKET.of(
            suffix=name, account=self.account, region=self.region
        )
        self._key = kms.CfnKey(
            self,
            "Key",
            description=f"Encrypts what the pipeline {name} keeps and tells",
            enable_key_rotation=True,
            key_policy=_key_policy(self, log_arn=self.log_arn),
        )
        self.key_arn = self._key.attr_arn
        self._export = f"{name}-pipeline-key"
        cdk.CfnOutput(self, "KeyArn", value=self.key_arn, export_name=self._export)
        self._key.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        kms.CfnAlias(
            self, "Alias", alias_name=f"alias/{name}-pipeline", target_key_id=self._key.ref
        )
        group = logs.CfnLogGroup(
            self,
            "Logs",
            log_group_name=self.group,
            kms_key_id=self.key_arn,
            retention_in_days=LOG_DAYS,
        )
        group.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        self._bucket("Artifacts", name=self.artifacts, rules=[_expiry(days=ARTIFACT_DAYS)])
        if isinstance(pipeline.source, S3Source):
            self._bucket("Source", name=pipeline.source.bucket, rules=[_expiry()], tells=True)
        self.topics: Mapping[str, str] = {
            stage.name: self._topic(pipeline, stage) for stage in pipeline.stages
        }

    @cached_property
    def imported_key(self) -> str:
        """The key's ARN, for other stacks."""
        return cdk.Fn.import_value(self._export)

    @cached_property
    def log_arn(self) -> str:
        """The log group's ARN."""
        return self.format_arn(
            service="logs",
            resource="log-group",
            resource_name=self.group,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )

    def _bucket(
        self,
        construct_id: str,
        *,
        name: str,
        rules: Sequence[s3.CfnBucket.RuleProperty],
        tells: bool = False,
    ) -> None:
        """A private, versioned bucket under the key, which ``tells`` EventBridge or not."""
        bucket = s3.CfnBucket(
            self,
            construct_id,
            bucket_name=name,
            bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    s3.CfnBucket.ServerSideEncryptionRuleProperty(
                        bucket_key_enabled=True,
                        server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                            sse_algorithm="aws:kms", kms_master_key_id=self.key_arn
                        ),
                    )
                ]
            ),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(rules=rules),
            notification_configuration=s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                    event_bridge_enabled=True
                )
            )
            if tells
            else None,
            ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
                rules=[
                    s3.CfnBucket.OwnershipControlsRuleProperty(
                        object_ownership="BucketOwnerEnforced"
                    )
                ]
            ),
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            ),
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
        )
        bucket.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        s3.CfnBucketPolicy(
            self,
            f"{construct_id}Policy",
            bucket=bucket.ref,
            policy_document={
                "Version": "2012-10-17",
                "Statement": [_over_tls("s3:*", bucket.attr_arn, f"{bucket.attr_arn}/*")],
            },
        )

    def _topic(self, pipeline: Pipeline, stage: Stage) -> str:
        """The stage's own topic, or the one it names."""
        notify = stage.notify or ""
        if notify.startswith("arn:"):
            return notify
        suffix, topic_name = names.camel(stage.name), f"{pipeline.name}-{stage.name}"
        topic = sns.CfnTopic(
            self,
            f"Topic{suffix}",
            topic_name=topic_name,
            kms_master_key_id=self.key_arn,
        )
        sns.CfnTopicPolicy(
            self,
            f"Topic{suffix}Policy",
            topics=[topic.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "FailuresFromEventBridge",  # which tells a topic no source
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": topic.ref,
                    },
                    _over_tls("sns:Publish", topic.ref),
                ],
            },
        )
        if notify:
            sns.CfnSubscription(
                self, f"Topic{suffix}Mail", topic_arn=topic.ref, protocol="email", endpoint=notify
            )
        return self.format_arn(service="sns", resource=topic_name)


def _expiry(*, days: int | None = None) -> s3.CfnBucket.RuleProperty:
    return s3.CfnBucket.RuleProperty(
        status="Enabled",
        abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
            days_after_initiation=7
        ),
        noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
            noncurrent_days=REPLACED_DAYS
        ),
        expiration_in_days=days,
    )


def _over_tls(action: str, *resources: str) -> dict[str, object]:
    """Nobody comes without TLS."""
    return {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _key_policy(stack: cdk.Stack, *, log_arn: str) -> dict[str, object]:
    """The account's IAM decides, and the two services use it that have no role of ours.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    and https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountDelegatesToIam",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{stack.partition}:iam::{cdk.Aws.ACCOUNT_ID}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "LogsOfTheBuilds",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{stack.region}.amazonaws.com"},
                "Action": [
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ],
                "Resource": "*",
                "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": log_arn}},
            },
            {
                "Sid": "FailuresToTheTopics",  # EventBridge tells a key no source either
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
            },
        ],
    }
