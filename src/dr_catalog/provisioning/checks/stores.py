"""Key, table and documents, asked of KMS, DynamoDB and S3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ... import names
from .model import Check, Launch, check


def kms(launch: Launch, region: str) -> Iterator[Check]:
    kms = launch.client("kms", region)
    alias = names.KEY_ALIAS.of(suffix=launch.suffix)
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    wanted = "PRIMARY" if region == launch.region else "REPLICA"
    kind = key.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType", "single-Region")
    facts = {
        f"{kind.lower()} of a multi-Region key": kind == wanted,
        "enabled": key["KeyState"] == "Enabled",
    }
    if wanted == "PRIMARY":  # replicas rotate with it
        facts["rotated yearly"] = kms.get_key_rotation_status(KeyId=key["Arn"])[
            "KeyRotationEnabled"
        ]
    yield check("kms", alias, region, facts)


def dynamodb(launch: Launch, region: str) -> Iterator[Check]:
    dynamodb = launch.client("dynamodb", region)
    name = names.TABLE.of(suffix=launch.suffix)
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    replicas = {replica["RegionName"] for replica in table.get("Replicas", [])}
    yield check(
        "dynamodb",
        name,
        region,
        {
            table["TableStatus"].lower(): table["TableStatus"] == "ACTIVE",
            **(
                {"in this region alone": not replicas - {region}}
                if launch.has_copies_alone
                else {f"replica in {launch.other(region)}": launch.other(region) in replicas}
            ),
            "customer key": table.get("SSEDescription", {}).get("KMSMasterKeyArn")
            == launch.key_arn(region),
            "point-in-time recovery": backups["PointInTimeRecoveryDescription"][
                "PointInTimeRecoveryStatus"
            ]
            == "ENABLED",
            "deletion protection": table.get("DeletionProtectionEnabled", False),
            "time to live": expiry["TimeToLiveStatus"] in ("ENABLED", "ENABLING"),
            "StatusIndex": "StatusIndex"
            in {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])},
        },
    )


def s3(launch: Launch, region: str) -> Iterator[Check]:
    s3 = launch.client("s3", region)
    bucket = launch.bucket(region)
    (encryption,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    public = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    transitions = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Transitions"]
    yield check(
        "s3",
        bucket,
        region,
        {
            **({} if launch.has_copies_alone else _replicates(launch, region)),
            "versioned": s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled",
            "customer key": encryption["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
            == launch.key_arn(region),
            "no public access": all(public.values()),
            "TLS only": any(
                statement["Effect"] == "Deny"
                and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
                in ("false", False)
                for statement in policy["Statement"]
            ),
            "intelligent tiering": transitions[0]["StorageClass"] == "INTELLIGENT_TIERING",
        },
    )


def _replicates(launch: Launch, region: str) -> Mapping[str, bool]:
    """What of the bucket's rule is as it must be."""
    found = launch.client("s3", region).get_bucket_replication(Bucket=launch.bucket(region))
    rule = found["ReplicationConfiguration"]["Rules"][0]
    target = rule["Destination"]
    selected = rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"]["Status"]
    return {
        f"replicates to {launch.other(region)}": target["Bucket"].endswith(
            launch.bucket(launch.other(region))
        )
        and rule["Status"] == "Enabled",
        "KMS objects too": selected == "Enabled"
        and target["EncryptionConfiguration"]["ReplicaKmsKeyID"]
        == launch.key_arn(launch.other(region)),
        "within 15 min": target["ReplicationTime"]["Time"]["Minutes"] == 15,
        "delete markers": rule["DeleteMarkerReplication"]["Status"] == "Enabled",
    }
