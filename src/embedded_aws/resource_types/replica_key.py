"""``AWS::KMS::ReplicaKey``.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kms-replicakey.html
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from .context import Made, Properties, here, known, refuse_replacement, tags, there

TYPE = "AWS::KMS::ReplicaKey"
PROPERTIES = (
    "Description",
    "Enabled",
    "KeyPolicy",
    "PendingWindowInDays",
    "PrimaryKeyArn",
    "Tags",
)


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Replicate the primary key into the stack's region."""
    known(properties, PROPERTIES)
    primary = properties["PrimaryKeyArn"]
    replica = there("kms", primary.split(":")[3]).replicate_key(
        KeyId=primary,
        ReplicaRegion=get_region(),
        Policy=json.dumps(properties["KeyPolicy"]),
        Description=properties.get("Description", ""),
        Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags(properties)],
    )["ReplicaKeyMetadata"]
    if properties.get("Enabled") is False:
        here("kms").disable_key(KeyId=replica["KeyId"])
    return replica["KeyId"], {"Arn": replica["Arn"], "KeyId": replica["KeyId"]}


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Policy, description and state change in place; another primary key is another replica."""
    known(new, PROPERTIES)
    if old["PrimaryKeyArn"] != new["PrimaryKeyArn"]:
        refuse_replacement(TYPE, physical_id)
    kms = here("kms")
    kms.put_key_policy(KeyId=physical_id, PolicyName="default", Policy=json.dumps(new["KeyPolicy"]))
    kms.update_key_description(KeyId=physical_id, Description=new.get("Description", ""))
    switch = kms.disable_key if new.get("Enabled") is False else kms.enable_key
    switch(KeyId=physical_id)
    arn = kms.describe_key(KeyId=physical_id)["KeyMetadata"]["Arn"]
    return physical_id, {"Arn": arn, "KeyId": physical_id}


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Schedule the replica's deletion."""
    with suppress(ClientError):  # gone, or pending already
        here("kms").schedule_key_deletion(
            KeyId=physical_id, PendingWindowInDays=int(properties.get("PendingWindowInDays", 30))
        )
