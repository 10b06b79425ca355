"""S3 buckets."""

from __future__ import annotations

from typing import Any

from ..template import Resource, Template, dig
from .documents import Statement, actions, principals, statements_of
from .rule import Violations, rule

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@rule(
    "DR020",
    "A bucket blocks public access in all four ways",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
def bucket_private(template: Template) -> Violations:
    for bucket in template.resources("AWS::S3::Bucket"):
        for block in _BLOCKS:
            if bucket.get(f"PublicAccessBlockConfiguration.{block}") is not True:
                yield bucket.id, f"PublicAccessBlockConfiguration.{block} is not true"


@rule(
    "DR021",
    "A bucket keeps versions",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
)
def bucket_versioned(template: Template) -> Violations:
    for bucket in template.resources("AWS::S3::Bucket"):
        if bucket.get("VersioningConfiguration.Status") != "Enabled":
            yield bucket.id, "VersioningConfiguration is not Enabled"


@rule(
    "DR022",
    "A bucket policy denies everyone every request without TLS",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
)
def bucket_tls_only(template: Template) -> Violations:
    policies = list(template.resources("AWS::S3::BucketPolicy"))
    for bucket in template.resources("AWS::S3::Bucket"):
        statements = [
            statement
            for policy in policies
            if _is_of(template, policy.get("Bucket"), bucket)
            for statement in statements_of(policy.get("PolicyDocument"))
        ]
        if not any(_denies_plain(template, statement) for statement in statements):
            yield bucket.id, "no bucket policy denies s3:* where aws:SecureTransport is false"


def _is_of(template: Template, value: Any, bucket: Resource) -> bool:
    return value == {"Ref": bucket.id} or (
        value is not None and template.text(value) == template.name(bucket) != ""
    )


def _denies_plain(template: Template, statement: Statement) -> bool:
    secure = dig(statement, "Condition.Bool.aws:SecureTransport")
    return (
        statement.get("Effect") == "Deny"
        and list(principals(template, statement)) == ["AWS:*"]
        and actions(statement) == ["s3:*"]
        and template.text(secure) == "false"
    )
