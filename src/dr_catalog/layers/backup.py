"""Backups that survive a region: a vault in each, an hourly plan, copies across, restore tests.

What carries the tag ``dr:suffix`` and is a DynamoDB table, an Aurora cluster or an S3 bucket is backed
up by the plan of the region that takes the writes, and every hourly recovery point is copied to the other
region's vault. Both regions have a plan; the tag ``dr:backup`` says at run time which one works, so
that a failover changes data and no template: the launch region's plan takes all but what is tagged
``off``, the peer's only what is tagged ``on``.

An hourly schedule alone is no recovery point objective of one hour: the loss is the interval, the
start window, the job and the copy together.

``RestoreRole`` is what a restore for good needs beforehand, where the peer has nothing else.

Backups of buckets, and copies of tables across regions, are features that an account opts into, in each
region.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html
"""

from __future__ import annotations

from ._backup_failures import FAILURES, BackupFailures, FailureEvent
from ._backup_plan import SWITCH_OFF, SWITCH_ON, SWITCH_TAG, BackupPlan, Schedule
from ._backup_vault import LOCKS, BackupVault, vault_arn
from ._restore_role import RestoreRole
from ._restore_testing import RestoredDatabase, RestoreTestFailures, RestoreTesting

__all__ = [
    "FAILURES",
    "LOCKS",
    "SWITCH_OFF",
    "SWITCH_ON",
    "SWITCH_TAG",
    "BackupFailures",
    "BackupPlan",
    "BackupVault",
    "FailureEvent",
    "RestoreRole",
    "RestoreTestFailures",
    "RestoreTesting",
    "RestoredDatabase",
    "Schedule",
    "vault_arn",
]
