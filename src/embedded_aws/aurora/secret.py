"""``AWS::SecretsManager::Secret``, with its replicas and the rules of a generated value.

ministack drops the replicas and most of the rules, and so makes passwords that RDS refuses.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from ..resource_types.context import Made, Properties, here, known, refuse_replacement, tags, there

TYPE = "AWS::SecretsManager::Secret"
TAGS = "Tags"
PROPERTIES = (
    "Description",
    "GenerateSecretString",
    "KmsKeyId",
    "Name",
    "ReplicaRegions",
    "SecretString",
    "Tags",
)
_IN_TEMPLATE = ("GenerateStringKey", "SecretStringTemplate")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the secret and replicate it; a failure leaves neither behind."""
    known(properties, PROPERTIES)
    _check_keys(properties)
    api = here("secretsmanager")
    kept = {each: properties[each] for each in ("Description", "KmsKeyId") if each in properties}
    arn: str = api.create_secret(
        Name=properties.get("Name") or f"{logical_id}-{stack_name}",
        SecretString=_value(api, properties),
        Tags=tags(properties),
        **kept,
    )["ARN"]
    try:
        _replicate(api, arn, properties)
    except ClientError:
        api.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        raise
    return arn, {"Id": arn}


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Value, description, key, replicas and tags change in place."""
    known(new, PROPERTIES)
    if old.get("Name") != new.get("Name"):
        refuse_replacement(TYPE, physical_id)
    _check_keys(new)
    api = here("secretsmanager")
    changed = {
        each: new[each]
        for each in ("Description", "KmsKeyId", "SecretString")
        if each in new and old.get(each) != new[each]
    }
    if new.get("GenerateSecretString") and (
        old.get("GenerateSecretString") != new["GenerateSecretString"]
    ):
        changed["SecretString"] = _value(api, new)
    if changed:
        api.update_secret(SecretId=physical_id, **changed)
    gone = {tag["Key"] for tag in tags(old)} - {tag["Key"] for tag in tags(new)}
    if gone:
        api.untag_resource(SecretId=physical_id, TagKeys=sorted(gone))
    if tags(new):
        api.tag_resource(SecretId=physical_id, Tags=tags(new))
    left = _regions(old) - _regions(new)
    _drop_replicas(api, physical_id, left)
    _replicate(api, physical_id, new)
    return physical_id, {"Id": physical_id}


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the secret and its replicas, at once."""
    api = here("secretsmanager")
    try:
        found = api.describe_secret(SecretId=physical_id).get("ReplicationStatus", ())
        _drop_replicas(api, physical_id, {replica["Region"] for replica in found})
        api.delete_secret(SecretId=physical_id, ForceDeleteWithoutRecovery=True)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _value(api: Any, properties: Properties) -> str:
    """The value a template states, or one made by its rules."""
    rules = properties.get("GenerateSecretString")
    if rules is None:
        stated: str = properties.get("SecretString", "")
        return stated
    limits = {name: value for name, value in rules.items() if name not in _IN_TEMPLATE}
    made: str = api.get_random_password(**limits)["RandomPassword"]
    if "SecretStringTemplate" not in rules:
        return made
    return json.dumps(
        {**json.loads(rules["SecretStringTemplate"]), rules["GenerateStringKey"]: made}
    )


def _regions(properties: Properties) -> set[str]:
    return {replica["Region"] for replica in properties.get("ReplicaRegions", ())}


def _replicate(api: Any, arn: str, properties: Properties) -> None:
    if properties.get("ReplicaRegions"):
        api.replicate_secret_to_regions(
            SecretId=arn, AddReplicaRegions=properties["ReplicaRegions"]
        )


def _drop_replicas(api: Any, arn: str, regions: set[str]) -> None:
    if regions:
        api.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=sorted(regions))


def _check_keys(properties: Properties) -> None:
    """Secrets Manager refuses a key that is not there, or not enabled, in its region."""
    own = {"Region": get_region(), "KmsKeyId": properties.get("KmsKeyId", "")}
    for place in (own, *properties.get("ReplicaRegions", ())):
        key = place.get("KmsKeyId")
        if not key:
            continue
        try:
            state = there("kms", place["Region"]).describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        except ClientError as error:
            raise ValueError(f"KMS key {key} can't be used in {place['Region']}: {error}") from None
        if state != "Enabled":
            raise ValueError(f"KMS key {key} can't be used in {place['Region']}: it is {state}")
