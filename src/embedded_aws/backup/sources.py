"""What AWS Backup takes recovery points of: DynamoDB tables, Aurora clusters and S3 buckets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from ..resource_types.context import here
from .errors import conflicting, invalid, not_found

DYNAMODB, AURORA, S3 = "DynamoDB", "Aurora", "S3"


@dataclass(frozen=True)
class Source:
    """A protected resource.

    Args:
        arn: Its ARN.
        kind: AWS Backup's name of its type.
        name: Its own name.
        size: Bytes.
        key: The key of its snapshots; None where the vault's key encrypts them.
        encrypted: Whether its recovery points are.
        tags: Its tags, which its recovery points get as well.
        calls: What the role of a job must be allowed to do, by the resource that it does it to.
    """

    arn: str
    kind: str
    name: str
    size: int
    key: str | None
    encrypted: bool
    tags: dict[str, str] = field(default_factory=dict)
    calls: tuple[tuple[str, str], ...] = ()


def find(arn: str) -> Source:
    """The resource of an ARN.

    Raises:
        RefusedError: It is not in this account and region, or of a type that is not here.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise invalid(f"Invalid ARN {arn}")
    if parts[2:5] == ["s3", "", ""]:
        return _bucket(arn, parts[5])
    if parts[3:5] != [get_region(), get_account_id()]:
        raise not_found(f"The resource {arn} is not in {get_region()} of {get_account_id()}")
    if parts[2] == "dynamodb" and parts[5].startswith("table/") and parts[5].count("/") == 1:
        return _table(arn, parts[5].removeprefix("table/"))
    if parts[2] == "rds" and parts[5].startswith("cluster:"):
        return _cluster(arn, parts[5].removeprefix("cluster:"))
    raise invalid(f"The embedded AWS Backup takes no recovery points of {arn}")


def _table(arn: str, name: str) -> Source:
    dynamodb = here("dynamodb")
    try:
        table = dynamodb.describe_table(TableName=name)["Table"]
        tags = dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    except ClientError:
        raise not_found(f"The table {arn} does not exist") from None
    actions = ("DescribeTable", "ListTagsOfResource", "StartAwsBackupJob")
    return Source(
        arn=arn,
        kind=DYNAMODB,
        name=name,
        size=int(table.get("TableSizeBytes", 0)),
        key=None,
        encrypted=True,
        tags=_mapped(tags),
        calls=tuple((f"dynamodb:{action}", arn) for action in actions),
    )


def _cluster(arn: str, name: str) -> Source:
    try:
        (cluster,) = here("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    except ClientError:
        raise not_found(f"The cluster {arn} does not exist") from None
    if cluster["DBClusterArn"] != arn or not cluster["Engine"].startswith("aurora"):
        raise invalid(f"The cluster {arn} is not of Aurora")
    if cluster["Status"] != "available":
        raise conflicting(f"The cluster {arn} is {cluster['Status']}")
    snapshots = f"arn:aws:rds:{get_region()}:{get_account_id()}:cluster-snapshot:awsbackup:*"
    return Source(
        arn=arn,
        kind=AURORA,
        name=name,
        size=0,
        key=cluster.get("KmsKeyId") or None,
        encrypted=bool(cluster.get("StorageEncrypted")),
        tags=_mapped(cluster.get("TagList", [])),
        calls=(
            ("rds:DescribeDBClusters", arn),
            ("rds:CreateDBClusterSnapshot", arn),
            ("rds:CreateDBClusterSnapshot", snapshots),
            ("rds:AddTagsToResource", snapshots),
        ),
    )


def _bucket(arn: str, name: str) -> Source:
    """A bucket of this region; AWS Backup takes none that is not versioned."""
    s3 = here("s3")
    found = {each["Name"] for each in s3.list_buckets(BucketRegion=get_region())["Buckets"]}
    if name not in found:
        raise not_found(f"The bucket {arn} is not in {get_region()} of {get_account_id()}")
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        raise invalid(f"Versioning is not enabled on the bucket {arn}")
    actions = (
        "GetBucketAcl",
        "GetBucketLocation",
        "GetBucketNotification",
        "GetBucketTagging",
        "GetBucketVersioning",
        "GetInventoryConfiguration",
        "ListBucket",
        "ListBucketVersions",
        "PutBucketNotification",
        "PutInventoryConfiguration",
    )
    objects = ("GetObject", "GetObjectAcl", "GetObjectTagging", "GetObjectVersion")
    return Source(
        arn=arn,
        kind=S3,
        name=name,
        size=0,
        key=None,
        encrypted=True,
        tags=_mapped(_bucket_tags(s3, name)),
        calls=(
            *((f"s3:{action}", arn) for action in actions),
            *((f"s3:{action}", f"{arn}/*") for action in objects),
        ),
    )


def _bucket_tags(s3: Any, name: str) -> list[dict[str, Any]]:
    try:
        tags: list[dict[str, Any]] = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except ClientError:  # NoSuchTagSet
        return []
    return tags


def _mapped(tags: list[dict[str, Any]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags if not each["Key"].startswith("aws:")}
