"""Warm standby: both regions run, the launch region takes the writes, the peer stands ready.

The order is the one the services force on it, in five steps:

1. the launch region's key, and its network, whose range is apart from the peer's;
2. *foundation* in the peer: the key's replica, the network and the peering, vault and bucket;
3. what replicates into that: secret, database, table, documents, the API on top of them, its probe, and
   the witness, where a third region is given;
4. *workload* in the peer: the database's reader, the API, alarms, recovery, the plan and the rule back;
5. what needs both: DNS, the backup plan, alarms, and the guard in front of a deletion.

``launch`` composes the launch region, ``peer`` the peer's two templates, ``witness``
that of a third region, ``region`` what both have.
"""

from __future__ import annotations

import aws_cdk as cdk

from .launch import primary
from .peer import foundation, workload
from .witness import witness


class WarmStandby:
    """The tier's four templates."""

    name = "warm-standby"

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        return primary(app, construct_id, tier=self.name)

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's key, network, vault and bucket."""
        return foundation(app, construct_id, tier=self.name)

    def workload(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's reader, API, alarms, backup plan, recovery, and the replication rule back."""
        return workload(app, construct_id, tier=self.name)

    def witness(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The third region's probe."""
        return witness(app, construct_id, tier=self.name)
