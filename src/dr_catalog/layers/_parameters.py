"""What a layer tells others, written to SSM under ``/dr/<suffix>/<layer>/``."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .. import names


def publish(scope: Construct, *, suffix: str, layer: str, values: Mapping[str, str]) -> None:
    """Write each of ``values`` to ``/dr/<suffix>/<layer>/<name>`` in the stack's region.

    See https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
    """
    for name, value in values.items():
        ssm.CfnParameter(
            scope,
            "Parameter" + "".join(part.capitalize() for part in name.split("-")),
            name=names.parameter(suffix=suffix, layer=layer, name=name),
            type="String",
            value=value,
        )
