"""``Custom::DrPeerParameter``: an SSM parameter of the peer region, as an attribute here.

CloudFormation reads SSM parameters of its own region only. Properties: ``Region`` and ``Name``.
Attribute: ``Value``. The physical id is ``<region>:<name>``, so that another parameter is another
resource. A parameter that was written a moment ago may not be readable yet: a few seconds are given.

See https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
"""

from __future__ import annotations

import time
from typing import Any

from response import Refused, Result, client, serve, text

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts."""


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], _: Any) -> Result:
    """Read on Create and Update; a Delete has nothing to undo."""
    if event["RequestType"] == "Delete":
        return Result(event["PhysicalResourceId"])
    region, name = text(event, "Region"), text(event, "Name")
    return Result(f"{region}:{name}", {"Value": _read(region, name)})


def _read(region: str, name: str) -> str:
    ssm = client("ssm", region)
    for pause in (*PAUSES, None):
        try:
            return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            if pause is not None:
                time.sleep(pause)
    raise Refused(
        f"There is no SSM parameter {name} in {region}. It is written by the stack of the peer "
        f"region: see whether that stack is complete, then repeat."
    )
