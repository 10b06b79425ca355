"""``Custom::DrDeleteGuard``: refuses or purges before anything else of a stack is deleted.

The resource depends on everything, so it is created last and deleted first. A deletion goes:

1. protection, read live from SSM: anything but ``false`` refuses, and nothing has been touched;
2. ``OnTermination`` ``retain``: done, the stack goes, data and keys stay;
3. ``OnTermination`` ``purge``: both buckets, the table and its replica, then the keys.

Protection is read live because a stack in DELETE_FAILED takes no update: writing ``false`` to the
parameter is the way out of it.

Properties: ``Suffix``, ``LaunchRegion``, ``PeerRegion``, ``ProtectionParameter`` (in the launch
region), ``OnTermination``, ``LaunchBucket``, ``PeerBucket``, ``TableName``, ``KeyId``.

A rollback of a creation that failed deletes too, and must not be refused. It can't come here with
the guard created: being last, the guard's success completes the creation. It comes with the guard
not created, failed or cut off, and then the physical id is not the one a creation returns: nothing
is guarded yet and nothing is done. Whoever lets a resource be created after the guard breaks this.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-delete.html
"""

from __future__ import annotations

from typing import Any

from deadline import Deadline
from purge_buckets import purge_buckets
from purge_key import purge_key
from purge_table import purge_table
from response import Refused, Result, client, serve, text

RETAIN, PURGE = "retain", "purge"


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], context: Any) -> Result:
    """Guard a Delete; a Create or an Update only checks the properties that a Delete will need."""
    own_id = f"dr-delete-guard-{text(event, 'Suffix')}"
    if event["RequestType"] == "Delete":
        given_id = event["PhysicalResourceId"]
        if given_id == own_id:
            _delete(event, Deadline(context))
        return Result(given_id)
    for name in ("ProtectionParameter", "LaunchRegion", "PeerRegion"):
        text(event, name)
    _on_termination(event)
    return Result(own_id)


def _delete(event: dict[str, Any], deadline: Deadline) -> None:
    _check_protection(event)
    if _on_termination(event) == PURGE:
        _purge(event, deadline)


def _on_termination(event: dict[str, Any]) -> str:
    value = text(event, "OnTermination")
    if value not in (RETAIN, PURGE):
        raise Refused(f"OnTermination must be '{RETAIN}' or '{PURGE}'")
    return value


def _check_protection(event: dict[str, Any]) -> None:
    name, region = text(event, "ProtectionParameter"), text(event, "LaunchRegion")
    ssm = client("ssm", region)
    try:
        value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        value = None
    if value == "false":
        return
    why, kind = (
        (f"the SSM parameter {name} in {region} is missing", " --type String")
        if value is None
        else (f"deletion protection is on (the SSM parameter {name} in {region})", "")
    )
    raise Refused(
        f"Environment '{text(event, 'Suffix')}' is not deleted, and nothing has been touched: "
        f"{why}. To delete it, run: aws ssm put-parameter --name {name}{kind} --value false "
        f"--overwrite --region {region} and repeat the deletion."
    )


def _purge(event: dict[str, Any], deadline: Deadline) -> None:
    launch, peer = text(event, "LaunchRegion"), text(event, "PeerRegion")
    purge_buckets(
        {
            text(event, "LaunchBucket"): client("s3", launch),
            text(event, "PeerBucket"): client("s3", peer),
        },
        deadline=deadline,
    )
    purge_table(
        text(event, "TableName"),
        launch=client("dynamodb", launch),
        peer=client("dynamodb", peer),
        peer_region=peer,
        deadline=deadline,
    )
    deadline.check()
    purge_key(text(event, "KeyId"), launch=client("kms", launch), peer=client("kms", peer))
