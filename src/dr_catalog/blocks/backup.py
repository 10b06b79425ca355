"""Backups: a vault and a plan in each region, copies across, restore tests in the peer."""

from __future__ import annotations

from .. import names
from ..layers import BackupPlan, BackupVault, RestoredDatabase, RestoreTesting
from ..tiers import parameters as given
from ..tiers.template import TierTemplate
from . import parameters as told
from .layer import Half, Launch, Layer, Needs, key_of, launch_key_arn


def _primary(launch: Launch) -> None:
    stack, lock, key_id = launch.stack, launch.stack.value(given.VAULT_LOCK), launch.key_id
    foundation = launch.bring_up("foundation", {given.KEY_ID: key_id, given.VAULT_LOCK: lock})
    vault = BackupVault(stack, "Vault", suffix=launch.suffix, key=launch.key, lock=lock)
    workload = launch.bring_up(
        "workload",
        {
            given.KEY_ID: key_id,
            given.LAUNCH_REGION: launch.region,
            told.DATABASE_SECURITY_GROUP_ID: launch.there("aurora", "security-group-id"),
        },
        after=[foundation, vault],
    )
    plan = BackupPlan(
        stack,
        "Backup",
        suffix=launch.suffix,
        key=launch.key,
        peer_region=launch.peer_region,
        peer_key_arn=launch.peer_key_arn,
        switched_on=True,
    )
    plan.node.add_dependency(vault, workload)
    launch.output("VaultName", vault.name, "The backup vault, the same name in both regions")


def _vault(stack: TierTemplate) -> None:
    lock = stack.value(given.VAULT_LOCK)
    BackupVault(stack, "Vault", suffix=stack.suffix, key=key_of(stack), lock=lock)


def _waiting(stack: TierTemplate) -> None:
    key, launch_key = key_of(stack), launch_key_arn(stack)
    BackupPlan(
        stack,
        "Backup",
        suffix=stack.suffix,
        key=key,
        peer_region=stack.value(given.LAUNCH_REGION),
        peer_key_arn=launch_key,
        switched_on=False,
    )
    RestoreTesting(
        stack,
        "Testing",
        suffix=stack.suffix,
        key=key,
        source_key_arn=launch_key,
        database=RestoredDatabase(
            subnet_group=names.LEDGER.of(suffix=stack.suffix),
            security_group_id=stack.value(told.DATABASE_SECURITY_GROUP_ID),
        ),
    )


LAYER = Layer(
    name="backup",
    description="Backups: a vault and a plan in each region, copies and restore tests",
    needs=(
        Needs("kms", launch=("key-arn",), peer=("key-arn",)),
        Needs("aurora", peer=("security-group-id",)),
    ),
    parameters=(given.VAULT_LOCK,),
    primary=_primary,
    halves={
        "foundation": Half((given.KEY_ID, given.VAULT_LOCK), _vault, keeps="vault"),
        "workload": Half(
            (given.KEY_ID, given.LAUNCH_REGION, told.DATABASE_SECURITY_GROUP_ID), _waiting
        ),
    },
    holds="vault",
)
