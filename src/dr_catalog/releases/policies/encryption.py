"""Encryption at rest with a key of the customer's."""

from __future__ import annotations

from typing import Any

from ..template import Template, as_list, dig
from .rule import Violations, rule

# The property that names the key, for the types that encrypt at rest.
_KEY_PROPERTIES = {
    "AWS::Backup::BackupVault": "EncryptionKeyArn",
    "AWS::EFS::FileSystem": "KmsKeyId",
    "AWS::Kinesis::Stream": "StreamEncryption.KeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::RDS::DBCluster": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
}


@rule(
    "DR001",
    "A bucket encrypts with a customer key and a bucket key",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
)
def bucket_encrypted(template: Template) -> Violations:
    for bucket in template.resources("AWS::S3::Bucket"):
        rules = as_list(bucket.get("BucketEncryption.ServerSideEncryptionConfiguration"))
        if not rules:
            yield bucket.id, "has no BucketEncryption"
        for entry in rules:
            default = dig(entry, "ServerSideEncryptionByDefault")
            if dig(default, "SSEAlgorithm") not in ("aws:kms", "aws:kms:dsse"):
                yield bucket.id, "does not encrypt with KMS"
            elif not _customer_key(template, dig(default, "KMSMasterKeyID")):
                yield bucket.id, "names no customer key"
            elif dig(entry, "BucketKeyEnabled") is not True:
                yield bucket.id, "has no bucket key, so that every object is a call to KMS"


@rule(
    "DR002",
    "A table encrypts with a customer key in every region it is in",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html",
)
def table_encrypted(template: Template) -> Violations:
    for table in template.resources("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"):
        if table.get("SSESpecification.SSEEnabled") is not True:
            yield table.id, "SSESpecification does not enable encryption with KMS"
        if table.get("SSESpecification.SSEType") != "KMS":
            yield table.id, "SSESpecification has no SSEType KMS"
        if table.type == "AWS::DynamoDB::Table":
            holders = [("table", table.properties)]
        else:
            replicas = as_list(table.get("Replicas"))
            holders = [(f"replica {n}", replica) for n, replica in enumerate(replicas, start=1)]
        for which, holder in holders:
            if not _customer_key(template, dig(holder, "SSESpecification.KMSMasterKeyId")):
                yield table.id, f"{which} names no customer key"


@rule(
    "DR003",
    "Every log group and other data store names a customer key",
    source="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_protect_data_rest_encrypt.html",
)
def store_encrypted(template: Template) -> Violations:
    for resource in template.resources(*_KEY_PROPERTIES):
        path = _KEY_PROPERTIES[resource.type]
        if not _customer_key(template, resource.get(path)):
            yield resource.id, f"{path} names no customer key"


def _customer_key(template: Template, value: Any) -> bool:
    return value is not None and "alias/aws/" not in template.text(value)
