"""``Custom::DrUpdateGuard``: refuses an update that would hurt, before anything is changed.

Everything depends on the resource, so it is updated first. An update goes through when

1. it repeats what was accepted last or the time before, which is what a rollback looks like; or
2. nothing in ``Fixed`` differs from before (another peer region would delete the peer that is there,
   another network the database in it), and the launch region still holds the writer, which no
   recovery, switchover or failover is moving.

A witness inside the pair is never accepted, at the launch neither. Another suffix is never accepted: every name would change, and this guard's memory would be that of
another environment. The physical id says which suffix it was created with.

After a failover the templates describe the old roles: an update would shrink the writer and widen the
standby. It is refused until the writer is back.

Properties: ``Suffix``, ``LaunchRegion``, ``Content`` (changes with every release), ``Fixed`` and
``Parameters`` (names to values), ``AcceptedParameter`` (an SSM parameter of this guard's own) and
``CompletedParameter`` (one of the delete guard's, which ends with this one). Of a launch with a database
or with recovery also ``GlobalCluster``, ``RecoveryTable`` and ``PeerRegion``.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-update.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from recovery_state import elsewhere, refuse_while_recovering
from response import Refused, Result, client, ignoring, serve, text
from writer import writer_region

PREFIX = "dr-update-guard-"
"""Of the physical id; the suffix follows."""
REMEMBERED = 2
"""The release that runs, and the one before, to which a rollback returns."""


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], _: Any) -> Result:
    """Accept or refuse."""
    own_id = PREFIX + text(event, "Suffix")
    name = text(event, "AcceptedParameter")
    ssm = client("ssm", text(event, "LaunchRegion"))
    if event["RequestType"] == "Delete":
        ssm.delete_parameters(Names=[name, text(event, "CompletedParameter")])
        return Result(event["PhysicalResourceId"])
    if event["RequestType"] == "Update":
        _check_suffix(event, own_id)
    _check_witness(event)
    accepted = _accepted(ssm, name)
    asked = _fingerprint(event["ResourceProperties"])
    if event["RequestType"] == "Update" and asked not in accepted:
        _check_fixed(event)
        refuse_while_recovering(event, done="updated")
        _check_writer(event)
    remembered = [asked, *(each for each in accepted if each != asked)][:REMEMBERED]
    ssm.put_parameter(Name=name, Value=",".join(remembered), Type="String", Overwrite=True)
    return Result(own_id)


def _accepted(ssm: Any, name: str) -> list[str]:
    with ignoring("ParameterNotFound"):
        return str(ssm.get_parameter(Name=name)["Parameter"]["Value"]).split(",")
    return []


def _fingerprint(properties: dict[str, Any]) -> str:
    own = {name: value for name, value in properties.items() if name != "ServiceToken"}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def _check_suffix(event: dict[str, Any], own_id: str) -> None:
    if event["PhysicalResourceId"] != own_id:
        before = event["PhysicalResourceId"].removeprefix(PREFIX)
        _refuse(before, f"EnvironmentSuffix from {before} to {text(event, 'Suffix')}")


def _check_fixed(event: dict[str, Any]) -> None:
    before = event["OldResourceProperties"].get("Fixed", {})
    after = event["ResourceProperties"].get("Fixed", {})
    changed = sorted(name for name in before if before[name] != after.get(name))
    if changed:
        told = ", ".join(f"{name} from {before[name]} to {after.get(name)}" for name in changed)
        _refuse(text(event, "Suffix"), told)


def _check_witness(event: dict[str, Any]) -> None:
    witness = event["ResourceProperties"].get("Parameters", {}).get("WitnessRegion")
    pair = (text(event, "LaunchRegion"), event["ResourceProperties"].get("PeerRegion"))
    if witness and witness in pair:
        raise Refused(
            f"Nothing has been touched: WitnessRegion is {witness}, which votes already. "
            "Give a region outside the pair, or leave it empty."
        )


def _refuse(suffix: str, changes: str) -> None:
    raise Refused(
        f"Environment '{suffix}' is not updated, and nothing has been touched: {changes} would "
        f"replace what holds its data. Leave that as it was; for the new values launch another "
        f"environment, and move the data."
    )


def _check_writer(event: dict[str, Any]) -> None:
    cluster, region = event["ResourceProperties"].get("GlobalCluster"), text(event, "LaunchRegion")
    writer = writer_region(cluster, region) if cluster else region
    if writer != region:
        suffix = text(event, "Suffix")
        raise Refused(
            f"Environment '{suffix}' is not updated, and nothing has been touched: "
            f"{elsewhere(writer, launch=region, suffix=suffix)}"
        )
