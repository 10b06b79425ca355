"""Pilot light: the data lives in both regions, and what serves it in the peer is there and off.

The peer has the database's secondary cluster without an instance, the table's replica, the bucket and
the processor with no concurrency: nothing of it serves, and none of it costs by the hour but the network.
A recovery switches the processor on and makes the instance, which are run-time state and no change to a
template, and takes both away after the failback. The order is warm standby's.
"""

from __future__ import annotations

import aws_cdk as cdk

from .parts import elsewhere, foundation, launch, launched, pair, records, witness, workload

RPO_SECONDS, RTO_SECONDS = 15 * 60, 100 * 60
"""What ``product.yaml`` promises for the loss of a region: the instance is made each time, which takes
longer than to find one."""

FOUNDATION = foundation.GROUND
WORKLOAD = (
    *workload.GROUND,
    workload.Reader(with_instance=False),
    workload.State(),
    workload.Api(switched_on=False),
    *workload.AROUND,
    workload.Recovery(rpo_seconds=RPO_SECONDS, rto_seconds=RTO_SECONDS, switches_on=True),
)
WITNESS = (witness.Voter(),)
PRIMARY = (
    launch.Regions(launch="The region that serves", peer="The region that a recovery switches on"),
    records.Failover(),
    *launch.GROUND,
    pair.Foundation(FOUNDATION),
    pair.Peering(),
    *launch.STORES,
    launch.Api(),
    *launch.WATCHED,
    pair.Witness(WITNESS),
    pair.Workload(WORKLOAD),
    pair.PeerApi(),
    records.Dns(),
    launch.Backup(switched_on=True),
    launch.Alarms("launch"),
    launch.DeleteGuarded(),
)


class PilotLight:
    """The tier's templates."""

    name = "pilot-light"

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        about = "Pilot light: data in two regions, transaction API in one"
        return launched(app, construct_id, tier=self.name, description=about, parts=PRIMARY)

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's key, network, vault and bucket."""
        about = "Pilot light, peer region: key, network, vault and documents"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=FOUNDATION)

    def workload(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's cluster without an instance, the API that is off, alarms and recovery."""
        about = "Pilot light, peer region: database, an API that is off, alarms and recovery"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=WORKLOAD)

    def witness(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The third region's probe."""
        about = "Pilot light, witness region: a probe that votes from outside the pair"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=WITNESS)
