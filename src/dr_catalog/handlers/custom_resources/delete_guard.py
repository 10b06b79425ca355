"""``Custom::DrDeleteGuard``: refuses or purges before anything else of a stack is deleted.

The resource depends on everything, so it is created last and deleted first. Its creation, and every
update, completes a launch: table, clusters and global cluster are protected from deletion then, and
not earlier, since a protected resource keeps a launch that fails from rolling back; and an SSM
parameter says that it is complete. A deletion goes:

1. protection, read live from SSM: anything but ``false`` refuses, and nothing has been touched;
2. recovery and writer: while one runs, or the writer is not in the launch region, it is refused, and
   nothing touched either;
3. database instances that a recovery made at run time are deleted, since no stack knows them;
4. ``OnTermination`` ``retain``: done, the stack goes, data and keys stay;
5. ``OnTermination`` ``purge``: buckets, backup vaults, database, its secret, the table and its replica,
   then the keys.

All of it may be repeated and goes on where it was cut off. What outlasts an invocation goes on in
another; what outlasts CloudFormation's patience, with the deletion repeated.

Properties: ``Suffix``, ``LaunchRegion``, ``PeerRegion``, ``ProtectionParameter`` and
``CompletedParameter`` (in the launch region), ``OnTermination``, ``LaunchBucket``, ``PeerBucket``,
``TableName``, ``KeyId``. A launch of a release without database, vaults and recovery lacks the rest:
``Vault`` and ``RecoveryTable`` (the same names in both regions), and what guarded_database.py lists.

A rollback of a creation that failed deletes too, and must not be refused. It can't come here with
the guard created: being last, the guard's success completes the creation. It comes with the guard
not created, failed or cut off, and then the physical id is not the one a creation returns: nothing
is guarded yet and nothing is done. Whoever lets a resource be created after the guard breaks this.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-delete.html
"""

from __future__ import annotations

from typing import Any

from deadline import Deadline
from guarded_database import GuardedDatabase, guarded_database
from protect import protect_database, protect_table
from protection import refuse_while_protected
from purge_buckets import purge_buckets
from purge_database import purge_database
from purge_key import purge_key
from purge_secret import purge_secret
from purge_table import purge_table
from purge_vaults import purge_vaults
from recovery_state import elsewhere, refuse_while_recovering
from response import Refused, Result, client, serve, text
from run_time_instances import delete_run_time_instances
from writer import writer_region

RETAIN, PURGE = "retain", "purge"


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], context: Any) -> Result:
    """Guard a Delete; a Create or an Update protects, and checks the properties of a Delete."""
    own_id = f"dr-delete-guard-{text(event, 'Suffix')}"
    if event["RequestType"] == "Delete":
        given_id = event["PhysicalResourceId"]
        if given_id == own_id:
            _delete(event, Deadline(event, context))
        return Result(given_id)
    for name in ("ProtectionParameter", "CompletedParameter", "LaunchRegion", "PeerRegion"):
        text(event, name)
    _on_termination(event)
    _protect(event, Deadline(event, context))
    client("ssm", text(event, "LaunchRegion")).put_parameter(
        Name=text(event, "CompletedParameter"), Value="true", Type="String", Overwrite=True
    )
    return Result(own_id)


def _protect(event: dict[str, Any], deadline: Deadline) -> None:
    database = guarded_database(event)
    launch, peer = text(event, "LaunchRegion"), text(event, "PeerRegion")
    protect_table(
        text(event, "TableName"),
        (client("dynamodb", launch), client("dynamodb", peer)),
        deadline=deadline,
    )
    if database:
        protect_database(database)


def _delete(event: dict[str, Any], deadline: Deadline) -> None:
    refuse_while_protected(
        f"Environment '{text(event, 'Suffix')}'",
        parameter=text(event, "ProtectionParameter"),
        region=text(event, "LaunchRegion"),
    )
    refuse_while_recovering(event, done="deleted")
    database = guarded_database(event)
    if database:
        _check_writer(event, database)
        delete_run_time_instances(database, deadline=deadline)
    if _on_termination(event) == PURGE:
        _purge(event, database, deadline)


def _on_termination(event: dict[str, Any]) -> str:
    value = text(event, "OnTermination")
    if value not in (RETAIN, PURGE):
        raise Refused(f"OnTermination must be '{RETAIN}' or '{PURGE}'")
    return value


def _check_writer(event: dict[str, Any], database: GuardedDatabase) -> None:
    region = text(event, "LaunchRegion")
    writer = writer_region(database.global_cluster, region)
    if writer != region:
        suffix = text(event, "Suffix")
        raise Refused(
            f"Environment '{suffix}' is not deleted, and nothing has been touched: "
            f"{elsewhere(writer, launch=region, suffix=suffix)}"
        )


def _purge(event: dict[str, Any], database: GuardedDatabase | None, deadline: Deadline) -> None:
    launch, peer = text(event, "LaunchRegion"), text(event, "PeerRegion")
    purge_buckets(
        {
            text(event, "LaunchBucket"): client("s3", launch),
            text(event, "PeerBucket"): client("s3", peer),
        },
        deadline=deadline,
    )
    if "Vault" in event["ResourceProperties"]:
        purge_vaults(
            text(event, "Vault"),
            {region: client("backup", region) for region in (launch, peer)},
            deadline=deadline,
        )
    if database:
        purge_database(database, deadline=deadline)
        purge_secret(
            database.secret,
            secrets=client("secretsmanager", launch),
            peer_region=peer,
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
