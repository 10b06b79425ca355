"""``Custom::DrLayerGuard``: completes the launch of a single layer, and stands before its deletion.

The resource depends on everything, so it is created last and deleted first. Its creation, and every
update, protects the table or the database that the layer holds from deletion; not earlier, since what is
protected keeps a launch that fails from rolling back. Its deletion is refused, and nothing has been touched:

1. while another layer uses this one: each that does says so below ``UsersPath``;
2. while a recovery runs, or has put the writer elsewhere;
3. while deletion protection is on.

Database instances that a recovery made, which no stack knows, are deleted then. What the layer holds is kept
with ``OnTermination`` ``retain`` and deleted in both regions with ``purge``. All of it may be repeated and goes
on where it was cut off.

Properties: ``Suffix``, ``Layer``, ``LaunchRegion``, ``PeerRegion``, ``UsersPath`` (in the launch region). Of a
layer that holds data ``ProtectionParameter`` (likewise), ``OnTermination``, and what it holds: ``KeyId``;
``LaunchBucket`` and ``PeerBucket``; ``TableName``; ``Vault``; or what guarded_database.py lists. Of the one
that recovers ``RecoveryTable``. Where halves elsewhere keep something, ``CompletedParameter``, which is
written once the launch is complete. A launch of 1.0.0 has no ``UsersPath``, and before 1.2.0 all is retained.

A rollback of a creation that failed deletes too: as for the delete guard, the physical id tells.
"""

from __future__ import annotations

from typing import Any

from deadline import Deadline
from guarded_database import guarded_database
from protect import protect_database, protect_table
from protection import refuse_while_protected
from purge_buckets import purge_buckets
from purge_database import purge_database
from purge_key import purge_key
from purge_secret import purge_secret
from purge_table import purge_table
from purge_vaults import purge_vaults
from recovery_state import refuse_while_recovering
from response import Refused, Result, client, serve, text
from run_time_instances import delete_run_time_instances

PURGE = "purge"


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], context: Any) -> Result:
    """Guard a Delete; a Create or an Update protects."""
    own_id = f"dr-layer-guard-{text(event, 'Layer')}-{text(event, 'Suffix')}"
    deadline = Deadline(event, context)
    if event["RequestType"] == "Delete":
        given_id = event["PhysicalResourceId"]
        if given_id == own_id:
            _delete(event, deadline)
        return Result(given_id)
    _protect(event, deadline)
    if "CompletedParameter" in event["ResourceProperties"]:
        client("ssm", text(event, "LaunchRegion")).put_parameter(
            Name=text(event, "CompletedParameter"), Value="true", Type="String", Overwrite=True
        )
    return Result(own_id)


def _protect(event: dict[str, Any], deadline: Deadline) -> None:
    if "TableName" in event["ResourceProperties"]:
        regions = (text(event, "LaunchRegion"), text(event, "PeerRegion"))
        protect_table(
            text(event, "TableName"),
            tuple(client("dynamodb", region) for region in regions),
            deadline=deadline,
        )
    if database := guarded_database(event):
        protect_database(database)


def _delete(event: dict[str, Any], deadline: Deadline) -> None:
    what = f"Layer '{text(event, 'Layer')}' of '{text(event, 'Suffix')}'"
    _refuse_while_used(event, what)
    refuse_while_recovering(event, done="terminated")
    if "ProtectionParameter" in event["ResourceProperties"]:
        refuse_while_protected(
            what,
            parameter=text(event, "ProtectionParameter"),
            region=text(event, "LaunchRegion"),
        )
    if database := guarded_database(event):
        delete_run_time_instances(database, deadline=deadline)
    if event["ResourceProperties"].get("OnTermination") == PURGE:
        _purge(event, deadline)


def _purge(event: dict[str, Any], deadline: Deadline) -> None:
    """Delete what the properties name."""
    launch, peer = text(event, "LaunchRegion"), text(event, "PeerRegion")

    def both(service: str) -> dict[str, Any]:
        return {region: client(service, region) for region in (launch, peer)}

    holds = event["ResourceProperties"].keys()
    if "LaunchBucket" in holds:
        buckets = (text(event, "LaunchBucket"), text(event, "PeerBucket"))
        clients = dict(zip(buckets, both("s3").values(), strict=True))
        purge_buckets(clients, deadline=deadline)
    if "Vault" in holds:
        purge_vaults(text(event, "Vault"), both("backup"), deadline=deadline)
    if database := guarded_database(event):
        purge_database(database, deadline=deadline)
        secrets = client("secretsmanager", launch)
        purge_secret(database.secret, secrets=secrets, peer_region=peer, deadline=deadline)
    if "TableName" in holds:
        purge_table(
            text(event, "TableName"),
            launch=client("dynamodb", launch),
            peer=client("dynamodb", peer),
            peer_region=peer,
            deadline=deadline,
        )
    if "KeyId" in holds:
        purge_key(text(event, "KeyId"), launch=client("kms", launch), peer=client("kms", peer))


def _refuse_while_used(event: dict[str, Any], what: str) -> None:
    if "UsersPath" not in event["ResourceProperties"]:
        return
    pages = (
        client("ssm", text(event, "LaunchRegion"))
        .get_paginator("get_parameters_by_path")
        .paginate(Path=text(event, "UsersPath"))
    )
    users = sorted(each["Value"] for page in pages for each in page["Parameters"])
    if users:
        raise Refused(
            f"{what} is not terminated, and nothing has been touched: {', '.join(users)} "
            f"{'use' if len(users) > 1 else 'uses'} it. Terminate {'those' if len(users) > 1 else 'that'} "
            f"first, then repeat."
        )
