"""Backup & restore: the launch region runs alone; the peer holds keys, vault and copies, and costs nothing by the hour.

The order is the one the services force on it, in four steps:

1. the launch region's key, its network, and a range kept for the peer's;
2. *foundation* in the peer: the key's replica, vault and bucket, the role that restores, the weekly test, and
   what a restore has to know;
3. the data, the API on top of them, its name;
4. the hourly plan, which copies into the peer's vault, alarms, and the guard in front of a deletion.

*Restore* is a template that nothing brings up until the launch region is lost or its data are: then
``dr-catalog restore`` has AWS Backup restore table and documents, and CloudFormation make the rest.
"""

from __future__ import annotations

import aws_cdk as cdk

from .parts import alone, copies, elsewhere, launch, launched, pair, rebuilt, restored

RESTORE = (
    restored.Key(),
    restored.Network(),
    restored.Table(),
    restored.Database(),
    restored.State(),
    restored.Api(replicated=False),
    restored.Zone(),
    restored.Domain(),
    restored.Backup(),
    restored.Alarms("launch", replicates=False, copied=False),
    restored.Completed(),
)
FOUNDATION = (
    copies.Key(),
    copies.Vault(),
    copies.Documents(),
    copies.Role(),
    copies.TableTest(),
    copies.Rebuildable(RESTORE),
)
PRIMARY = (
    launch.Regions(launch="The region that runs", peer="The region that holds the copies"),
    launch.Zone(),
    launch.Key(),
    launch.UpdateGuarded(),
    launch.Ranges(),
    alone.Network(),
    alone.Rebuilt(),
    pair.Foundation(FOUNDATION),
    launch.Vault(),
    alone.Table(),
    alone.Documents(),
    launch.Database(),
    launch.State(),
    launch.Api(replicated=False),
    launch.Domain(),
    alone.Dns(),
    alone.Backup(switched_on=True),
    launch.Alarms("launch", replicates=False),
    launch.DeleteGuarded(),
)


class BackupRestore:
    """The tier's three templates."""

    name = "backup-restore"

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        about = "Backup and restore: database, table, documents and transaction API in one region"
        return launched(app, construct_id, tier=self.name, description=about, parts=PRIMARY)

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's key, vault and bucket, and what a restore needs."""
        about = "Backup and restore, peer region: key, vault, copies and what restores them"
        return elsewhere(app, construct_id, tier=self.name, description=about, parts=FOUNDATION)

    def restore(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """What rebuilds the launch in the peer region, from copies."""
        about = "Backup and restore, peer region: the launch rebuilt from its copies"
        return rebuilt(app, construct_id, tier=self.name, description=about, parts=RESTORE)
