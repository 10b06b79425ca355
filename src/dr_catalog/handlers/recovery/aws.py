"""The world on AWS: what the steps need, over boto3 and the ledger's driver."""

from __future__ import annotations

import time

from aws_compute import AwsCompute
from aws_database import AwsDatabase
from aws_signals import AwsSignals
from aws_state import AwsMachine, AwsState
from aws_stores import AwsStores
from ledger_access import LedgerAccess
from recovery_settings import RecoverySettings
from world import World


def connect_world(settings: RecoverySettings) -> World:
    """The world of these settings; nothing is called yet."""
    ledger = LedgerAccess(settings.database) if settings.database else None
    return World(
        settings=settings,
        clock=time.time,
        state=AwsState(settings),
        machine=AwsMachine(settings),
        database=AwsDatabase(settings, ledger),
        compute=AwsCompute(settings),
        stores=AwsStores(settings, ledger),
        signals=AwsSignals(settings),
    )
