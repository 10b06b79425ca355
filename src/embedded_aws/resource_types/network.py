"""The EC2 types of a network; each of the ``network_*`` modules is a type, or a part of the service."""

from __future__ import annotations

from . import (
    network_address,
    network_checks,
    network_endpoint,
    network_flow_log,
    network_nat_gateway,
    network_peering,
    network_rule,
    network_service,
)

TYPES = (
    *network_checks.TYPES,
    network_address,
    network_endpoint,
    network_flow_log,
    network_nat_gateway,
    network_peering,
    network_rule.egress,
    network_rule.ingress,
)


def install() -> None:
    """What EC2 itself does otherwise than ministack; once, before the server starts."""
    network_service.install()
