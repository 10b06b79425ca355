"""Active-active: both regions serve, and each writes; the losses of one are the other's to answer at once.

Both have the whole of what serves: the table takes writes in either, buckets replicate both ways, and the
name leads to whichever region is ready. The ledger's writer is in one region, and the other calls it over
the peering. Reads and writes of the table need no promotion when a region is lost; a recovery moves the
ledger's writer alone. The order is warm standby's.
"""

from __future__ import annotations

import aws_cdk as cdk

from .parts import elsewhere, foundation, launch, launched, pair, records, witness, workload

RPO_SECONDS, RTO_SECONDS = 15 * 60, 90 * 60
"""What ``product.yaml`` promises for the loss of a region, and a recovery of the ledger is measured by."""

FOUNDATION = foundation.GROUND
WORKLOAD = (
    *workload.GROUND,
    workload.Reader(),
    workload.State(),
    workload.Api(both_write=True),
    *workload.AROUND,
    workload.Recovery(rpo_seconds=RPO_SECONDS, rto_seconds=RTO_SECONDS, both_serve=True),
)
WITNESS = (witness.Voter(),)
PRIMARY = (
    launch.Regions(
        launch="A region that serves; the ledger's writer is here",
        peer="The other region that serves",
    ),
    records.BothServe(),
    *launch.GROUND,
    pair.Foundation(FOUNDATION),
    pair.Peering(),
    *launch.STORES,
    launch.Api(both_write=True),
    *launch.WATCHED,
    pair.Witness(WITNESS),
    pair.Workload(WORKLOAD),
    pair.PeerApi(),
    records.Dns(),
    launch.Backup(switched_on=True),
    launch.Alarms("launch"),
    launch.DeleteGuarded(),
)


class ActiveActive:
    """The tier's templates."""

    name = "active-active"

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        about = (
            "Active-active: database, table, documents and transaction API, served by two regions"
        )
        return launched(app, construct_id, tier=self.name, description=about, parts=PRIMARY)

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's key, network, vault and bucket."""
        about = "Active-active, peer region: key, network, vault and documents"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=FOUNDATION)

    def workload(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's reader, API, alarms, backup plan, recovery, and the replication rule back."""
        about = "Active-active, peer region: reader, transaction API, alarms and recovery"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=WORKLOAD)

    def witness(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The third region's probe."""
        about = "Active-active, witness region: a probe that votes from outside the pair"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=WITNESS)
