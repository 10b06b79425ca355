"""The documents bucket: one in each region, replicating to the other.

The peer's bucket comes first, because S3 refuses a rule whose destination is not there or not
versioned. Then the launch region's bucket is made with its rule, and last the rule back. Objects
encrypted with KMS replicate only when a rule selects them and names the replica's key; the role may
read with the one key and write with the other, and nothing else.

See https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .. import names
from ._function import PythonFunction
from ._parameters import publish

RULE_ID = "to-peer"
REPLICATION_MINUTES = 15  # the only value Replication Time Control takes
TIERING_AFTER_DAYS = 30
OLD_VERSIONS_KEPT_DAYS = 90


class RegionalBucket(Construct):
    """Either half where nothing replicates: versioned, encrypted, ready to be backed up or restored to.

    Objects move to Intelligent-Tiering after 30 days; replaced or deleted versions are kept for
    90 days; uploads left incomplete go after 7.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.

    Attributes:
        bucket: The bucket.
    """

    def __init__(self, scope: Construct, construct_id: str, *, suffix: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.bucket: s3.IBucket = _bucket(self, suffix=suffix, key=key)


class ReplicaBucket(RegionalBucket):
    """The peer half: the same bucket, ready to be a destination."""


class ReplicatedBucket(Construct):
    """The primary half: the same bucket, with the rule that replicates it to the peer's.

    Replication Time Control asks for 15 minutes and turns the replication metrics on; delete
    markers and metadata changes on replicas travel too.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        peer_region: The region of the replica bucket, which must be there already.
        peer_key_arn: The customer key there.

    Attributes:
        bucket: The bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str,
        peer_key_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        role = _ReplicationRole(
            self,
            "Replication",
            suffix=suffix,
            key=key,
            peer_region=peer_region,
            peer_key_arn=peer_key_arn,
        )
        bucket = _bucket(self, suffix=suffix, key=key)
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.replication_configuration = _rule(
            role=role.role.role_arn,
            destination_arn=_bucket_arn(self, suffix=suffix, region=peer_region),
            destination_key_arn=peer_key_arn,
        )
        resource.node.add_dependency(role.policy)
        self.bucket: s3.IBucket = bucket


class ReverseReplication(Construct):
    """The rule back, put on the peer's bucket once the launch region's bucket is there.

    Documents written in the peer after a failover so find their way home. CloudFormation can't
    express it, since each bucket's rule needs the other bucket first: a custom resource puts it.

    Args:
        suffix: The environment suffix.
        key: The customer key in this (the peer's) region.
        peer_region: The region of the bucket to replicate to, here the launch region.
        peer_key_arn: The customer key there.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str,
        peer_key_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        role = _ReplicationRole(
            self,
            "Replication",
            suffix=suffix,
            key=key,
            peer_region=peer_region,
            peer_key_arn=peer_key_arn,
        )
        source_arn = _bucket_arn(self, suffix=suffix, region=region)
        replicator = PythonFunction(
            self,
            "Replicator",
            function_name=names.REPLICATOR.of(suffix=suffix),
            role_name=names.REPLICATOR_ROLE.of(suffix=suffix, region=region),
            asset="custom_resources",
            handler="bucket_replication.handler",
            key=key,
            timeout=cdk.Duration.minutes(1),
            statements=[
                iam.PolicyStatement(
                    sid="PutRule",
                    actions=["s3:PutReplicationConfiguration"],
                    resources=[source_arn],
                ),
                iam.PolicyStatement(
                    sid="PassReplicationRole",
                    actions=["iam:PassRole"],
                    resources=[role.role.role_arn],
                    conditions={"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}},
                ),
            ],
        )
        rule = cdk.CustomResource(
            self,
            "Rule",
            service_token=replicator.function.function_arn,
            resource_type="Custom::DrBucketReplication",
            properties={
                "Bucket": names.BUCKET.of(
                    suffix=suffix, account=cdk.Stack.of(self).account, region=region
                ),
                "Role": role.role.role_arn,
                "DestinationBucketArn": _bucket_arn(self, suffix=suffix, region=peer_region),
                "ReplicaKmsKeyArn": peer_key_arn,
                "RuleId": RULE_ID,
            },
        )
        rule.node.add_dependency(role.policy)


class _ReplicationRole(Construct):
    """The role S3 replicates with: read here, write there, decrypt here, encrypt there.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str,
        peer_key_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        source = _bucket_arn(self, suffix=suffix, region=region)
        destination = _bucket_arn(self, suffix=suffix, region=peer_region)
        self.role = iam.Role(
            self,
            "Role",
            role_name=names.REPLICATION_ROLE.of(suffix=suffix, region=region),
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
        )
        self.policy = iam.Policy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    sid="ReadRule",
                    actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
                    resources=[source],
                ),
                iam.PolicyStatement(
                    sid="ReadVersions",
                    actions=[
                        "s3:GetObjectVersionAcl",
                        "s3:GetObjectVersionForReplication",
                        "s3:GetObjectVersionTagging",
                    ],
                    resources=[f"{source}/*"],
                ),
                iam.PolicyStatement(
                    sid="WriteReplicas",
                    actions=["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
                    resources=[f"{destination}/*"],
                ),
                # With bucket keys the encryption context is the bucket's ARN, not the object's.
                _use_key("Decrypt", "kms:Decrypt", key.key_arn, region, source),
                _use_key("Encrypt", "kms:Encrypt", peer_key_arn, peer_region, destination),
            ],
        )


def _use_key(
    sid: str, action: str, key_arn: str, region: str, bucket_arn: str
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        actions=[action],
        resources=[key_arn],
        conditions={
            "StringLike": {
                "kms:ViaService": f"s3.{region}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"],
            }
        },
    )


def _bucket_arn(scope: Construct, *, suffix: str, region: str) -> str:
    stack = cdk.Stack.of(scope)
    name = names.BUCKET.of(suffix=suffix, account=stack.account, region=region)
    return f"arn:{stack.partition}:s3:::{name}"


def _bucket(scope: Construct, *, suffix: str, key: kms.IKey) -> s3.Bucket:
    stack = cdk.Stack.of(scope)
    bucket = s3.Bucket(
        scope,
        "Bucket",
        bucket_name=names.BUCKET.of(suffix=suffix, account=stack.account, region=stack.region),
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        versioned=True,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="tier-and-tidy",
                transitions=[
                    s3.Transition(
                        storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                        transition_after=cdk.Duration.days(TIERING_AFTER_DAYS),
                    )
                ],
                noncurrent_version_expiration=cdk.Duration.days(OLD_VERSIONS_KEPT_DAYS),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
            )
        ],
    )
    # A retained bucket keeps its policy.
    assert bucket.policy is not None
    bucket.policy.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    publish(
        scope,
        suffix=suffix,
        layer="s3",
        values={
            "bucket-name": names.BUCKET.of(
                suffix=suffix, account=stack.account, region=stack.region
            )
        },
    )
    return bucket


def _rule(
    *, role: str, destination_arn: str, destination_key_arn: str
) -> s3.CfnBucket.ReplicationConfigurationProperty:
    enabled = "Enabled"
    minutes = s3.CfnBucket.ReplicationTimeValueProperty(minutes=REPLICATION_MINUTES)
    return s3.CfnBucket.ReplicationConfigurationProperty(
        role=role,
        rules=[
            s3.CfnBucket.ReplicationRuleProperty(
                id=RULE_ID,
                status=enabled,
                priority=1,
                filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
                delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(
                    status=enabled
                ),
                source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                    sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(
                        status=enabled
                    ),
                    replica_modifications=s3.CfnBucket.ReplicaModificationsProperty(status=enabled),
                ),
                destination=s3.CfnBucket.ReplicationDestinationProperty(
                    bucket=destination_arn,
                    encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                        replica_kms_key_id=destination_key_arn
                    ),
                    replication_time=s3.CfnBucket.ReplicationTimeProperty(
                        status=enabled, time=minutes
                    ),
                    metrics=s3.CfnBucket.MetricsProperty(status=enabled, event_threshold=minutes),
                ),
            )
        ],
    )
