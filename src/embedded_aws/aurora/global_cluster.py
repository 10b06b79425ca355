"""``AWS::RDS::GlobalCluster``: what binds a primary cluster and its secondaries.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-globalcluster.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known, refuse_replacement, tags
from .tagging import retag

TYPE = "AWS::RDS::GlobalCluster"
TAGS = "Tags"
FIXED = ("Engine", "GlobalClusterIdentifier", "StorageEncrypted")
CHANGEABLE = ("DeletionProtection", "EngineVersion")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it, with no member yet."""
    known(properties, ("Tags", *FIXED, *CHANGEABLE))
    name = properties.get("GlobalClusterIdentifier") or f"{stack_name}-{logical_id}".lower()
    wanted = {each: properties[each] for each in (*FIXED, *CHANGEABLE) if each in properties}
    here("rds").create_global_cluster(
        **{**wanted, "GlobalClusterIdentifier": name}, Tags=tags(properties)
    )
    return _made(name)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Deletion protection, the engine's version of all members, and tags change in place."""
    known(new, ("Tags", *FIXED, *CHANGEABLE))
    if any(old.get(each) != new.get(each) for each in FIXED):
        refuse_replacement(TYPE, physical_id)
    rds = here("rds")
    changed = {each: new[each] for each in CHANGEABLE if each in new and old.get(each) != new[each]}
    if "DeletionProtection" in old and "DeletionProtection" not in new:
        changed["DeletionProtection"] = False
    if changed:
        rds.modify_global_cluster(GlobalClusterIdentifier=physical_id, **changed)
    retag(rds, _describe(physical_id)["GlobalClusterArn"], old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it when it is unprotected and has no member."""
    try:
        here("rds").delete_global_cluster(GlobalClusterIdentifier=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "GlobalClusterNotFoundFault":
            raise ValueError(error.response["Error"]["Message"]) from error


def _describe(name: str) -> dict[str, Any]:
    answer = here("rds").describe_global_clusters(GlobalClusterIdentifier=name)
    found: dict[str, Any] = answer["GlobalClusters"][0]
    return found


def _made(name: str) -> Made:
    return name, {"GlobalEndpoint.Address": _describe(name)["Endpoint"]}
