"""The network, the database and the processor with its ledger, synthesised once a session.

Three neutral templates, as a tier would have them: *primary* in the launch region, *foundation* and
*workload* in the peer.
"""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms

from dr_catalog.layers._function import Placement
from dr_catalog.layers.aurora import GlobalDatabase, GlobalDatabaseReader
from dr_catalog.layers.compute import LedgerAccess, TransactionApi
from dr_catalog.layers.vpc import Network
from dr_catalog.layers.vpc_cidr import CidrPlan
from dr_catalog.layers.vpc_peering import PeeringRequest, PeeringReturn
from dr_catalog.tiers.synthesis import CONTEXT, uncollected
from dr_catalog.tiers.template import ASSET_BUCKET_PREFIX, TierTemplate

from .reading import Template

ROLES = ("primary", "foundation", "workload")
OUT = "assembly"


@cache
def templates() -> dict[str, Template]:
    """The raw templates by role."""
    return synthesise(Path(tempfile.mkdtemp()))


@uncollected()
def synthesise(out: Path) -> dict[str, Template]:
    """Synthesise into ``out``; the code of functions that talk to the database lies there too."""
    app = cdk.App(
        outdir=str(out / OUT),
        context=CONTEXT,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
    )
    for build in (_primary, _foundation, _workload):
        build(app)
    assembly = app.synth()
    return {
        role: json.loads(json.dumps(assembly.get_stack_by_name(role).template)) for role in ROLES
    }


def _stack(app: cdk.App, role: str) -> TierTemplate:
    return TierTemplate(
        app, role, tier="ledger", description=role, asset_bucket_prefix=ASSET_BUCKET_PREFIX
    )


def _given(stack: cdk.Stack, name: str, pattern: str, **rest: str) -> str:
    return cdk.CfnParameter(
        stack, name, allowed_pattern=pattern, description=name, **rest
    ).value_as_string


def _capacity(stack: cdk.Stack) -> dict[str, float]:
    return {
        name: cdk.CfnParameter(
            stack,
            label,
            type="Number",
            default=default,
            min_value=0.5,
            max_value=256,
            description=label,
        ).value_as_number
        for name, label, default in (
            ("min_capacity", "MinCapacity", 8),
            ("max_capacity", "MaxCapacity", 32),
        )
    }


def _api(stack: TierTemplate, key: kms.IKey, network: dict[str, object], database: object) -> None:
    table = dynamodb.Table.from_table_name(stack, "Table", "dr-transactions-any")
    TransactionApi(
        stack,
        "Transactions",
        suffix=stack.suffix,
        key=key,
        table=table,
        writer_region=stack.region,
        ledger=LedgerAccess(
            **{
                name: getattr(database, name)
                for name in (
                    "writer_endpoint",
                    "reader_endpoint",
                    "port",
                    "database",
                    "user",
                    "resource_id",
                )
            },
            placement=Placement(network["private_subnet_ids"], [network["group"]]),  # type: ignore[arg-type,list-item]
        ),
    )


def _primary(app: cdk.App) -> None:
    stack = _stack(app, "primary")
    suffix = stack.suffix
    peer_region = _given(stack, "PeerRegion", "^[a-z0-9-]+$")
    peering_id = _given(stack, "PeeringId", "^pcx-[0-9a-f]+$")
    key = kms.Key.from_key_arn(stack, "Key", _given(stack, "KeyArn", "^arn:.*$"))
    plan = CidrPlan(
        stack,
        "Ranges",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        cidr=_given(stack, "Cidr", "^.+$", default="auto"),
    )
    network = Network(
        stack,
        "Network",
        suffix=suffix,
        cidr=plan.cidr,
        peer_cidr=plan.peer_cidr,
        key=key,
        nat_per_zone=_given(stack, "NatPerZone", "^(true|false)$"),
    )
    PeeringReturn(
        stack,
        "Peering",
        suffix=suffix,
        peering_id=peering_id,
        peer_cidr=plan.peer_cidr,
        route_table_ids=network.route_table_ids,
    )
    database = GlobalDatabase(
        stack,
        "Database",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        peer_key_arn=_given(stack, "PeerKeyArn", "^arn:.*$"),
        vpc_id=network.vpc_id,
        private_subnet_ids=network.private_subnet_ids,
        isolated_subnet_ids=network.isolated_subnet_ids,
        client_security_group_id=network.function_security_group_id,
        peer_cidr=plan.peer_cidr,
        **_capacity(stack),
    )
    database.set_up.node.add_dependency(network.ready)
    _api(
        stack,
        key,
        {
            "private_subnet_ids": network.private_subnet_ids,
            "group": network.function_security_group_id,
        },
        database,
    )


def _foundation(app: cdk.App) -> None:
    stack = _stack(app, "foundation")
    launch_cidr = _given(stack, "LaunchCidr", "^.+$")
    network = Network(
        stack,
        "Network",
        suffix=stack.suffix,
        cidr=_given(stack, "Cidr", "^.+$"),
        peer_cidr=launch_cidr,
        key=kms.Key.from_key_arn(stack, "Key", _given(stack, "KeyArn", "^arn:.*$")),
        nat_per_zone=_given(stack, "NatPerZone", "^(true|false)$"),
    )
    PeeringRequest(
        stack,
        "Peering",
        suffix=stack.suffix,
        vpc_id=network.vpc_id,
        route_table_ids=network.route_table_ids,
        peer_vpc_id=_given(stack, "LaunchVpcId", "^vpc-[0-9a-f]+$"),
        peer_region=_given(stack, "LaunchRegion", "^[a-z0-9-]+$"),
        peer_cidr=launch_cidr,
    )


def _workload(app: cdk.App) -> None:
    stack = _stack(app, "workload")
    key = kms.Key.from_key_arn(stack, "Key", _given(stack, "KeyArn", "^arn:.*$"))
    subnets = [_given(stack, f"Isolated{zone}", "^subnet-[0-9a-f]+$") for zone in (1, 2, 3)]
    group = _given(stack, "FunctionGroup", "^sg-[0-9a-f]+$")
    database = GlobalDatabaseReader(
        stack,
        "Database",
        suffix=stack.suffix,
        key=key,
        vpc_id=_given(stack, "VpcId", "^vpc-[0-9a-f]+$"),
        isolated_subnet_ids=subnets,
        client_security_group_id=group,
        peer_cidr=_given(stack, "LaunchCidr", "^.+$"),
        writer_endpoint=_given(stack, "WriterEndpoint", "^.+$"),
        **_capacity(stack),
    )
    _api(stack, key, {"private_subnet_ids": subnets, "group": group}, database)
