"""``AWS::S3::Bucket``, with the properties ministack drops, and refusing to delete what is not empty.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from .context import Made, Properties, here, known, refuse_replacement, tags

TYPE = "AWS::S3::Bucket"
TAGS = "Tags"
RENAMED = {
    "Id": "ID",
    "TransitionInDays": "Days",
    "ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
}
"""CloudFormation's names of what S3's API calls otherwise."""


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the bucket and apply every property; a failure leaves no bucket behind."""
    known(properties, ("BucketName", "Tags", *APPLY))
    s3 = here("s3")
    name = properties.get("BucketName") or f"{stack_name}-{logical_id}-{get_account_id()}".lower()
    where = (
        {}
        if get_region() == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": get_region()}}
    )
    with suppress(ClientError):
        s3.head_bucket(Bucket=name)
        raise ValueError(f"{name} already exists")
    s3.create_bucket(Bucket=name, **where)
    try:
        _apply(s3, name, properties)
    except Exception:
        s3.delete_bucket(Bucket=name)
        raise
    return name, _attributes(name)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Apply what the template says, and take away what it no longer says."""
    known(new, ("BucketName", "Tags", *APPLY))
    if new.get("BucketName", physical_id) != physical_id:
        refuse_replacement(TYPE, physical_id)
    s3 = here("s3")
    _apply(s3, physical_id, new)
    for property_name in reversed(REMOVE):  # replication before versioning
        if property_name in old and property_name not in new:
            REMOVE[property_name](s3, physical_id)
    if tags(old) and not tags(new):
        s3.delete_bucket_tagging(Bucket=physical_id)
    return physical_id, _attributes(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the bucket when it is empty."""
    try:
        here("s3").delete_bucket(Bucket=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise ValueError(error.response["Error"]["Message"]) from error


def _apply(s3: Any, name: str, properties: Properties) -> None:
    for property_name, apply in APPLY.items():
        if property_name in properties:
            apply(s3, name, properties[property_name])
    if tags(properties):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(properties)})


def _encryption(s3: Any, name: str, value: Any) -> None:
    rules = _renamed(value["ServerSideEncryptionConfiguration"])
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def _lifecycle(s3: Any, name: str, value: Any) -> None:
    rules = [{"Filter": {"Prefix": ""}, **_renamed(rule)} for rule in value["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def _replication(s3: Any, name: str, value: Any) -> None:
    if s3.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        raise ValueError(
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        )
    for rule in value["Rules"]:
        destination = rule["Destination"]["Bucket"].split(":::")[-1]
        try:
            status = s3.get_bucket_versioning(Bucket=destination).get("Status")
        except ClientError:
            raise ValueError("Destination bucket must exist.") from None
        if status != "Enabled":
            raise ValueError("Destination bucket must have versioning enabled.")
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration=_renamed(value))


APPLY: dict[str, Callable[[Any, str, Any], None]] = {
    "VersioningConfiguration": lambda s3, name, value: s3.put_bucket_versioning(
        Bucket=name, VersioningConfiguration=value
    ),
    "BucketEncryption": _encryption,
    "PublicAccessBlockConfiguration": lambda s3, name, value: s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration=value
    ),
    "OwnershipControls": lambda s3, name, value: s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls=value
    ),
    "LifecycleConfiguration": _lifecycle,
    "ReplicationConfiguration": _replication,
}
"""Property to how it is applied, in the order S3 needs: versioning before replication."""

REMOVE: dict[str, Callable[[Any, str], None]] = {
    "VersioningConfiguration": lambda s3, name: s3.put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Suspended"}
    ),
    "BucketEncryption": lambda s3, name: s3.delete_bucket_encryption(Bucket=name),
    "PublicAccessBlockConfiguration": lambda s3, name: s3.delete_public_access_block(Bucket=name),
    "OwnershipControls": lambda s3, name: s3.delete_bucket_ownership_controls(Bucket=name),
    "LifecycleConfiguration": lambda s3, name: s3.delete_bucket_lifecycle(Bucket=name),
    "ReplicationConfiguration": lambda s3, name: s3.delete_bucket_replication(Bucket=name),
}
"""Property to how it is undone."""


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {RENAMED.get(key, key): _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return value


def _attributes(name: str) -> dict[str, Any]:
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{get_region()}.amazonaws.com",
    }
