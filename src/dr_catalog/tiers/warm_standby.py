"""Warm standby: both regions run, the launch region takes the writes, the peer stands ready.

The order is the one the services force on it, in five steps:

1. the launch region's key, and its network, whose range is apart from the peer's;
2. *foundation* in the peer: the key's replica, the network and the peering, vault and bucket;
3. what replicates into that: secret, database, table, documents, the API on top of them, its probe, and
   the witness, where a third region is given;
4. *workload* in the peer: the database's reader, the API, alarms, recovery, the plan and the rule back;
5. what needs both: DNS, the backup plan, alarms, and the guard in front of a deletion.
"""

from __future__ import annotations

import aws_cdk as cdk

from .parts import elsewhere, foundation, launch, launched, pair, records, witness, workload

RPO_SECONDS, RTO_SECONDS = 15 * 60, 90 * 60
"""What ``product.yaml`` promises for the loss of a region, and a recovery is measured by; ``dr-catalog
verify`` tells when the two differ, and of what is better than the templates' own terms come to."""

FOUNDATION = foundation.GROUND
WORKLOAD = (
    *workload.GROUND,
    workload.Reader(),
    workload.State(),
    workload.Api(),
    *workload.AROUND,
    workload.Recovery(rpo_seconds=RPO_SECONDS, rto_seconds=RTO_SECONDS),
)
WITNESS = (witness.Voter(),)
PRIMARY = (
    launch.Regions(launch="The region that takes writes", peer="The region that stands ready"),
    records.FailoverOrWeighted(),
    *launch.GROUND,
    pair.Foundation(FOUNDATION, new=("vault",)),
    pair.Peering(),
    *launch.STORES,
    launch.Api(),
    *launch.WATCHED,
    pair.Witness(WITNESS),
    pair.Workload(WORKLOAD, new=("database",)),
    pair.PeerApi(),
    records.Dns(),
    launch.Backup(switched_on=True),
    launch.Alarms("launch"),
    launch.DeleteGuarded(),
)


class WarmStandby:
    """The tier's four templates."""

    name = "warm-standby"

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        about = "Warm standby: database, table, documents and transaction API in two regions"
        return launched(app, construct_id, tier=self.name, description=about, parts=PRIMARY)

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's key, network, vault and bucket."""
        about = "Warm standby, peer region: key, network, vault and documents"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=FOUNDATION)

    def workload(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's reader, API, alarms, backup plan, recovery, and the replication rule back."""
        about = "Warm standby, peer region: reader, transaction API, alarms and recovery"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=WORKLOAD)

    def witness(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The third region's probe."""
        about = "Warm standby, witness region: a probe that votes from outside the pair"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=WITNESS)
