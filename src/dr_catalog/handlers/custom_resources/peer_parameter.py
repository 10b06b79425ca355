"""``Custom::DrPeerParameter``: what a layer of the peer region tells others, as attributes here.

CloudFormation reads SSM parameters of its own region only. Properties: ``Region``, ``Path`` (such as
``/dr/dev/vpc``) and ``Names``, a list (such as ``vpc-id``, ``private-subnet-ids``). Attributes: each
name in CamelCase (``VpcId``, ``PrivateSubnetIds``). The physical id is ``<region>:<path>``, so that
another layer is another resource. A parameter that was written a moment ago may not be readable yet:
a few seconds are given.

See https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
"""

from __future__ import annotations

import time
from typing import Any

from response import Refused, Result, client, serve, text

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts."""
MOST = 10
"""Names that one call of SSM takes."""


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], _: Any) -> Result:
    """Read on Create and Update; a Delete has nothing to undo, whatever its properties."""
    if event["RequestType"] == "Delete":
        return Result(event["PhysicalResourceId"])
    region, path = text(event, "Region"), text(event, "Path")
    found = _read(region, [f"{path}/{name}" for name in _names(event)])
    values = {_camel(name.removeprefix(f"{path}/")): value for name, value in found.items()}
    return Result(f"{region}:{path}", values)


def _names(event: dict[str, Any]) -> list[str]:
    names = event["ResourceProperties"].get("Names")
    if (
        isinstance(names, list)
        and 0 < len(names) <= MOST
        and all(isinstance(n, str) for n in names)
    ):
        return names
    raise Refused(
        f"{event['ResourceType']} needs the property Names, a list of 1 to {MOST} strings"
    )


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _read(region: str, names: list[str]) -> dict[str, str]:
    ssm = client("ssm", region)
    for pause in (*PAUSES, None):
        answer = ssm.get_parameters(Names=names)
        missing = answer["InvalidParameters"]
        if not missing:
            return {each["Name"]: str(each["Value"]) for each in answer["Parameters"]}
        if pause is not None:
            time.sleep(pause)
    raise Refused(
        f"There is no SSM parameter {', '.join(sorted(missing))} in {region}. It is written by the "
        f"stack of the peer region: see whether that stack is complete, then repeat."
    )
