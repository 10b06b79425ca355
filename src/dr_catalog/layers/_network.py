"""What the network and the peering of networks share."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk


@dataclass(frozen=True)
class RouteTable:
    """A route table.

    Args:
        id: Its id.
        condition: The condition it is made on, None where it is always there.
    """

    id: str
    condition: cdk.CfnCondition | None = None

    @property
    def last(self) -> bool:
        """Whether it is of the last zone, which a region may lack."""
        return self.condition is not None
