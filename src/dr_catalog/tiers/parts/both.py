"""Parts that both regions have alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import aws_cdk as cdk

from ... import names
from ...layers import (
    ApiDomain,
    BackupFailures,
    BackupPlan,
    BackupVault,
    DatabaseFromSnapshot,
    Documents,
    GlobalDatabase,
    GlobalDatabaseReader,
    LedgerAccess,
    Monitoring,
    Probe,
    RecoveryState,
    Role,
    TransactionApi,
    Watched,
)
from .. import parameters as given
from .composition import Part, Region
from .facts import CustomerKey, JoinedNetwork, ParentZone, TransactionsTable


def bucket_name(region: Region, *, where: str) -> str:
    """The documents' bucket in a region of the pair."""
    return names.BUCKET.of(suffix=region.suffix, account=region.stack.account, region=where)


def ledger_access(
    database: GlobalDatabase | GlobalDatabaseReader | DatabaseFromSnapshot, network: JoinedNetwork
) -> LedgerAccess:
    """How the processor of a region gets into the ledger."""
    return LedgerAccess(
        writer_endpoint=database.writer_endpoint,
        reader_endpoint=database.reader_endpoint,
        port=database.port,
        database=database.database,
        user=database.user,
        resource_id=database.resource_id,
        placement=network.placement,
    )


class Vault(Part):
    """The backup vault."""

    gives = (BackupVault,)
    keeps = "vault"

    asks = (given.VAULT_LOCK,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        lock = region.value(given.VAULT_LOCK)
        yield BackupVault(region.stack, "Vault", suffix=region.suffix, key=key, lock=lock)


class State(Part):
    """The table that says who writes, and what a recovery does."""

    gives = (RecoveryState,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        yield RecoveryState(region.stack, "RecoveryState", suffix=region.suffix, key=key)


@dataclass(frozen=True)
class Api(Part):
    """The transaction API, which stands on table and ledger.

    Args:
        switched_on: Whether its processor runs before a recovery switches it on.
        both_write: Whether it takes writes whichever region has the ledger's writer.
        replicated: Whether its table has a replica in the other region.
    """

    switched_on: bool = True
    both_write: bool = False
    replicated: bool = True
    gives = (TransactionApi,)
    asks = (given.ASSET_BUCKET_PREFIX,)
    hands = (given.LAUNCH_ENDPOINT,)

    def add(self, region: Region) -> Iterable[object]:
        api = TransactionApi(
            region.stack,
            "Transactions",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            table=region.need(TransactionsTable).table,
            writer_region=region.launch,
            recovery_table=region.need(RecoveryState).table,
            ledger=region.need(LedgerAccess),
            switched_on=self.switched_on,
            both_write=self.both_write,
            replicated=self.replicated,
        )
        region.hand({given.LAUNCH_ENDPOINT: api.endpoint})
        region.output("Endpoint", api.endpoint, f"The transaction API in {region.here}")
        yield api


class Zone(Part):
    """The zone that the API's name goes into, where one is given."""

    gives = (ParentZone,)

    asks = (given.ZONE_ID, given.ZONE_NAME)

    def add(self, region: Region) -> Iterable[object]:
        yield ParentZone(region.value(given.ZONE_ID), region.value(given.ZONE_NAME))


class Domain(Part):
    """The API's name in this region."""

    gives = (ApiDomain,)

    def add(self, region: Region) -> Iterable[object]:
        zone, api = region.need(ParentZone), region.need(TransactionApi)
        yield ApiDomain(
            region.stack,
            "Domain",
            suffix=region.suffix,
            zone_id=zone.id,
            zone_name=zone.name,
            api_id=api.api.rest_api_id,
            stage=api.stage,
        )


@dataclass(frozen=True)
class Alarms(Part):
    """The alarms of a region, and its failed backups, on one topic.

    Args:
        role: Which region it is.
        replicates: Whether the data are replicated between the regions.
        copied: Whether recovery points are copied to the other region.
    """

    role: Role
    replicates: bool = True
    copied: bool = True
    gives = (Monitoring,)

    def add(self, region: Region) -> Iterable[object]:
        api = region.need(TransactionApi)
        other, documents = None, None
        if self.replicates:
            other = region.other
            documents = Documents(
                *(bucket_name(region, where=each) for each in (region.name, other))
            )
        monitoring = Monitoring(
            region.stack,
            "Monitoring",
            suffix=region.suffix,
            role=self.role,
            key=region.need(CustomerKey).key,
            peer_region=other,
            watched=Watched(
                table=names.TABLE.of(suffix=region.suffix),
                documents=documents,
                cluster=names.LEDGER_CLUSTER.of(suffix=region.suffix, region=region.name),
                vault=names.VAULT.of(suffix=region.suffix),
                copied=self.copied,
                functions={"processor": api.function.function_name},
                api=names.API.of(suffix=region.suffix),
                stage=api.stage,
            ),
        )
        topic = monitoring.topic
        BackupFailures(region.stack, "Failures", suffix=region.suffix, topics=[topic])
        region.output("TopicArn", topic.topic_arn, f"Where {region.here}'s alarms are told")
        yield monitoring


@dataclass(frozen=True)
class Backup(Part):
    """The plan that backs up here and copies to the other region.

    Args:
        switched_on: Whether it works from the start, or waits for its turn.
    """

    switched_on: bool
    gives = (BackupPlan,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        yield BackupPlan(
            region.stack,
            "Backup",
            suffix=region.suffix,
            key=key.key,
            peer_region=region.other,
            peer_key_arn=key.elsewhere,
            switched_on=self.switched_on,
        )


@dataclass(frozen=True)
class Voter(Part):
    """The probe that asks the launch region and tells the peer what it finds."""

    gives = (Probe,)

    def add(self, region: Region) -> Iterable[object]:
        yield Probe(
            region.stack,
            "Probe",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            peer_region=self.votes(region),
            launch_endpoint=self.launch_endpoint(region),
        )

    def votes(self, region: Region) -> str:
        """The peer region, which it tells."""
        return region.other

    def launch_endpoint(self, region: Region) -> str:
        """The API that it asks."""
        return region.need(TransactionApi).endpoint


def condition(region: Region, name: str, *, unless: given.Parameter, is_: str) -> cdk.CfnCondition:
    """The condition of that name: a parameter has another value than the one that means no."""
    found = region.stack.node.try_find_child(name)
    if isinstance(found, cdk.CfnCondition):
        return found
    return cdk.CfnCondition(
        region.stack,
        name,
        expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(region.value(unless), is_)),
    )


def either(condition: cdk.CfnCondition, yes: str, no: str) -> str:
    """One of two values."""
    return cdk.Fn.condition_if(condition.logical_id, yes, no).to_string()
