"""The transaction API in both regions, and in each the table that says who writes."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms

from .. import names
from ..layers import LedgerAccess, Placement, RecoveryState, TransactionApi
from ..layers.aurora import USER
from ..layers.dynamodb import STATUS_INDEX
from ..tiers import parameters as given
from ..tiers.template import ASSET_BUCKET_PREFIX, TierTemplate
from . import parameters as told
from .layer import Half, Launch, Layer, Needs, key_of, listed


def _primary(launch: Launch) -> None:
    here, there = launch.here, launch.there
    api = _api(
        launch.stack,
        key=launch.key,
        writer_region=launch.region,
        ledger=LedgerAccess(
            writer_endpoint=here("aurora", "writer-endpoint"),
            reader_endpoint=here("aurora", "reader-endpoint"),
            port=here("aurora", "port"),
            database=here("aurora", "database"),
            user=USER,
            resource_id=here("aurora", "resource-id"),
            placement=Placement(
                listed(here("vpc", "private-subnet-ids")),
                [here("vpc", "function-security-group-id")],
            ),
        ),
    )
    workload = launch.bring_up(
        "workload",
        {
            given.ASSET_BUCKET_PREFIX: ASSET_BUCKET_PREFIX,
            given.KEY_ID: launch.key_id,
            given.LAUNCH_REGION: launch.region,
            given.PRIVATE_SUBNET_IDS: there("vpc", "private-subnet-ids"),
            given.FUNCTION_SECURITY_GROUP_ID: there("vpc", "function-security-group-id"),
            given.WRITER_ENDPOINT: there("aurora", "writer-endpoint"),
            told.READER_ENDPOINT: there("aurora", "reader-endpoint"),
            told.DATABASE_PORT: there("aurora", "port"),
            told.DATABASE_NAME: there("aurora", "database"),
            told.CLUSTER_RESOURCE_ID: there("aurora", "resource-id"),
        },
        after=[api],
    )
    peer = launch.own_there("endpoint", after=workload)
    launch.output("Region", launch.region, "The region that takes writes")
    launch.output("Endpoint", api.endpoint, "The transaction API in the launch region")
    launch.output("PeerEndpoint", peer["endpoint"], "The transaction API in the peer region")


def _peer(stack: TierTemplate) -> None:
    _api(
        stack,
        key=key_of(stack),
        writer_region=stack.value(given.LAUNCH_REGION),
        ledger=LedgerAccess(
            writer_endpoint=stack.value(given.WRITER_ENDPOINT),
            reader_endpoint=stack.value(told.READER_ENDPOINT),
            port=stack.value(told.DATABASE_PORT),
            database=stack.value(told.DATABASE_NAME),
            user=USER,
            resource_id=stack.value(told.CLUSTER_RESOURCE_ID),
            placement=Placement(
                stack.values(given.PRIVATE_SUBNET_IDS),
                [stack.value(given.FUNCTION_SECURITY_GROUP_ID)],
            ),
        ),
    )


def _api(
    stack: TierTemplate, *, key: kms.IKey, writer_region: str, ledger: LedgerAccess
) -> TransactionApi:
    name = names.TABLE.of(suffix=stack.suffix)
    table = dynamodb.Table.from_table_attributes(
        stack,
        "Table",
        table_arn=stack.format_arn(service="dynamodb", resource="table", resource_name=name),
        encryption_key=key,
        global_indexes=[STATUS_INDEX],
    )
    state = RecoveryState(stack, "RecoveryState", suffix=stack.suffix, key=key)
    return TransactionApi(
        stack,
        "Transactions",
        suffix=stack.suffix,
        key=key,
        table=table,
        writer_region=writer_region,
        recovery_table=state.table,
        ledger=ledger,
    )


_NETWORK = ("private-subnet-ids", "function-security-group-id")
_DATABASE = ("writer-endpoint", "reader-endpoint", "port", "database", "resource-id")
LAYER = Layer(
    name="compute",
    description="Transaction API: one in each region, the launch region's takes writes",
    needs=(
        Needs("kms", launch=("key-arn",), peer=("key-arn",)),
        Needs("vpc", launch=_NETWORK, peer=_NETWORK),
        Needs("dynamodb", launch=("table-name",), peer=("table-name",)),
        Needs("aurora", launch=_DATABASE, peer=_DATABASE),
    ),
    primary=_primary,
    halves={
        "workload": Half(
            (
                given.ASSET_BUCKET_PREFIX,
                given.KEY_ID,
                given.LAUNCH_REGION,
                given.PRIVATE_SUBNET_IDS,
                given.FUNCTION_SECURITY_GROUP_ID,
                given.WRITER_ENDPOINT,
                told.READER_ENDPOINT,
                told.DATABASE_PORT,
                told.DATABASE_NAME,
                told.CLUSTER_RESOURCE_ID,
            ),
            _peer,
        )
    },
)
