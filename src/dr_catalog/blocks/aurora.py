"""The ledger's database: the writer, and then its reader in the peer."""

from __future__ import annotations

import aws_cdk as cdk

from ..layers import GlobalDatabase, GlobalDatabaseReader
from ..tiers import parameters as given
from ..tiers.template import TierTemplate
from .layer import Half, Launch, Layer, Needs, key_of, listed


def _primary(launch: Launch) -> None:
    stack = launch.stack
    private = launch.here("vpc", "private-subnet-ids")
    database = GlobalDatabase(
        stack,
        "Database",
        suffix=launch.suffix,
        key=launch.key,
        peer_region=launch.peer_region,
        peer_key_arn=launch.peer_key_arn,
        vpc_id=launch.here("vpc", "vpc-id"),
        # Those that are always there.
        private_subnet_ids=[cdk.Fn.select(number, listed(private)) for number in (0, 1)],
        isolated_subnet_ids=listed(launch.here("vpc", "isolated-subnet-ids")),
        client_security_group_id=launch.here("vpc", "function-security-group-id"),
        peer_cidr=launch.there("vpc", "cidr"),
        min_capacity=stack.number(given.MIN_CAPACITY),
        max_capacity=stack.number(given.MAX_CAPACITY),
        deletion_protection=False,  # the guard's, once all is up
    )
    launch.bring_up(
        "workload",
        {
            given.KEY_ID: launch.key_id,
            given.LAUNCH_RANGE: launch.here("vpc", "cidr"),
            given.VPC_ID: launch.there("vpc", "vpc-id"),
            given.ISOLATED_SUBNET_IDS: launch.there("vpc", "isolated-subnet-ids"),
            given.FUNCTION_SECURITY_GROUP_ID: launch.there("vpc", "function-security-group-id"),
            given.WRITER_ENDPOINT: database.writer_endpoint,
            given.MIN_CAPACITY: stack.value(given.MIN_CAPACITY),
            given.MAX_CAPACITY: stack.value(given.MAX_CAPACITY),
        },
        after=[database],
    )
    launch.output(
        "WriterEndpoint", database.writer_endpoint, "The database's writer, wherever it is"
    )
    launch.output("ReaderEndpoint", database.reader_endpoint, "The database's readers here")


def _reader(stack: TierTemplate) -> None:
    GlobalDatabaseReader(
        stack,
        "Database",
        suffix=stack.suffix,
        key=key_of(stack),
        vpc_id=stack.value(given.VPC_ID),
        isolated_subnet_ids=stack.values(given.ISOLATED_SUBNET_IDS),
        client_security_group_id=stack.value(given.FUNCTION_SECURITY_GROUP_ID),
        peer_cidr=stack.value(given.LAUNCH_RANGE),
        writer_endpoint=stack.value(given.WRITER_ENDPOINT),
        min_capacity=stack.number(given.MIN_CAPACITY),
        max_capacity=stack.number(given.MAX_CAPACITY),
        deletion_protection=False,  # likewise
    )


_NETWORK = ("cidr", "vpc-id", "isolated-subnet-ids", "function-security-group-id")
LAYER = Layer(
    name="aurora",
    description="Ledger: an Aurora PostgreSQL global database, writer and reader",
    needs=(
        Needs("kms", launch=("key-arn",), peer=("key-arn",)),
        Needs("vpc", launch=(*_NETWORK, "private-subnet-ids", "peering-id"), peer=_NETWORK),
    ),
    parameters=(given.MIN_CAPACITY, given.MAX_CAPACITY),
    primary=_primary,
    halves={
        "workload": Half(
            (
                given.KEY_ID,
                given.LAUNCH_RANGE,
                given.VPC_ID,
                given.ISOLATED_SUBNET_IDS,
                given.FUNCTION_SECURITY_GROUP_ID,
                given.WRITER_ENDPOINT,
                given.MIN_CAPACITY,
                given.MAX_CAPACITY,
            ),
            _reader,
            keeps="database",
        )
    },
    holds="database",
)
