"""``Custom::DrNeighbours``: what the layers that a layer stands on tell others, in both regions.

A layer that is launched alone finds its neighbours by what they wrote to SSM under
``/dr/<suffix>/<layer>/``. All are read at once and before anything else of the launch is made, so that
a neighbour that is not there is named, and nothing has to be taken away again.

Properties: ``Suffix``, ``LaunchRegion``, ``PeerRegion`` and ``Needs``: layer to what is read of it,
``{"vpc": {"Launch": ["vpc-id"], "Peer": ["cidr"]}}``. Attributes: side, layer and name in CamelCase
(``LaunchVpcVpcId``, ``PeerVpcCidr``). With ``CompletedParameter`` that parameter is deleted at the end, since
this resource goes last. The same function answers for ``Custom::DrPeerParameter``, with
which a layer reads what its own half in the peer tells.

See https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
"""

from __future__ import annotations

from typing import Any

import peer_parameter
from response import Refused, Result, client, serve, text

SIDES = ("Launch", "Peer")
OWN = "Custom::DrPeerParameter"


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], context: Any) -> Result:
    """Read on Create and Update; a Delete needs no property."""
    if event["ResourceType"] == OWN:
        return peer_parameter.act(event, context)
    if event["RequestType"] == "Delete":
        if completed := event["ResourceProperties"].get("CompletedParameter"):
            client("ssm", text(event, "LaunchRegion")).delete_parameters(Names=[completed])
        return Result(event["PhysicalResourceId"])
    suffix = text(event, "Suffix")
    values: dict[str, str] = {}
    wrong: list[str] = []
    for layer, needs in event["ResourceProperties"]["Needs"].items():
        absent: list[str] = []
        for side in SIDES:
            names, region = needs.get(side, []), text(event, f"{side}Region")
            found = _read(region, f"/dr/{suffix}/{layer}", names)
            values |= {_attribute(side, layer, name): value for name, value in found.items()}
            if missing := [name for name in names if name not in found]:
                if found:
                    wrong.append(
                        f"layer '{layer}' does not tell {', '.join(missing)} under the suffix "
                        f"'{suffix}' in {region}: see whether its launch is complete, or upgrade it"
                    )
                else:
                    absent.append(region)
        if absent:
            wrong.append(
                f"layer '{layer}' is not launched under the suffix '{suffix}' in "
                f"{' and '.join(absent)}: launch it first"
            )
    if wrong:
        raise Refused(f"Nothing has been made: {'; '.join(wrong)}.")
    return Result(f"dr-neighbours-{suffix}", values)


def _read(region: str, path: str, names: list[str]) -> dict[str, str]:
    """Those of the names that are there, with their values."""
    if not names:
        return {}
    answer = client("ssm", region).get_parameters(Names=[f"{path}/{name}" for name in names])
    return {each["Name"].rpartition("/")[2]: str(each["Value"]) for each in answer["Parameters"]}


def _attribute(*words: str) -> str:
    return "".join(part.capitalize() for word in words for part in word.split("-"))
