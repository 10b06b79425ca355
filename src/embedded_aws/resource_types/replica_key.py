"""``AWS::KMS::ReplicaKey``: the replica of a multi-Region key in the stack's region.

Rotation, key spec and usage are the primary key's; policy, description, state and tags its own.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kms-replicakey.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_region

from .context import Made, Properties, here, known, refuse_replacement, tags, there

TYPE = "AWS::KMS::ReplicaKey"
TAGS = "Tags"
PROPERTIES = (
    "Description",
    "Enabled",
    "KeyPolicy",
    "PendingWindowInDays",
    "PrimaryKeyArn",
    "Tags",
)
_DEFAULT_WINDOW = 30


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Replicate the primary key, at its region's endpoint, into the stack's region."""
    known(properties, PROPERTIES)
    primary = properties["PrimaryKeyArn"]
    replica = there("kms", primary.split(":")[3]).replicate_key(
        KeyId=primary,
        ReplicaRegion=get_region(),
        Policy=_policy(properties),
        Description=properties.get("Description", ""),
        Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags(properties)],
    )["ReplicaKeyMetadata"]
    if not properties.get("Enabled", True):
        here("kms").disable_key(KeyId=replica["KeyId"])
    return _made(replica)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Policy, description, state and tags change in place; another primary key is another key."""
    known(new, PROPERTIES)
    if new["PrimaryKeyArn"].rpartition("/")[2] != physical_id:
        refuse_replacement(TYPE, physical_id)
    kms = here("kms")
    kms.put_key_policy(KeyId=physical_id, PolicyName="default", Policy=_policy(new))
    kms.update_key_description(KeyId=physical_id, Description=new.get("Description", ""))
    switch = kms.enable_key if new.get("Enabled", True) else kms.disable_key
    switch(KeyId=physical_id)
    gone = {tag["Key"] for tag in tags(old)} - {tag["Key"] for tag in tags(new)}
    if gone:
        kms.untag_resource(KeyId=physical_id, TagKeys=sorted(gone))
    if tags(new):
        wanted = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags(new)]
        kms.tag_resource(KeyId=physical_id, Tags=wanted)
    return _made(kms.describe_key(KeyId=physical_id)["KeyMetadata"])


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Schedule the replica's deletion, unless it is scheduled or gone already."""
    kms = here("kms")
    try:
        state = kms.describe_key(KeyId=physical_id)["KeyMetadata"]["KeyState"]
    except kms.exceptions.NotFoundException:
        return
    if not state.startswith("Pending"):
        window = int(properties.get("PendingWindowInDays", _DEFAULT_WINDOW))
        kms.schedule_key_deletion(KeyId=physical_id, PendingWindowInDays=window)


def _policy(properties: Properties) -> str:
    policy = properties["KeyPolicy"]
    return policy if isinstance(policy, str) else json.dumps(policy)


def _made(key: dict[str, Any]) -> Made:
    return key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]}
