"""A small stack between its two guards, synthesised once."""

from __future__ import annotations

import json
import tempfile
from functools import cache

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs

from dr_catalog import names
from dr_catalog.layers import MultiRegionKey
from dr_catalog.tiers import parameters as given
from dr_catalog.tiers.guard import DeleteGuard, GuardedStores
from dr_catalog.tiers.synthesis import CONTEXT, uncollected
from dr_catalog.tiers.template import PrimaryTemplate
from dr_catalog.tiers.update_guard import UpdateGuard

from ..layers.reading import Template


@cache
@uncollected()
def template() -> Template:
    """The raw template."""
    app = cdk.App(
        outdir=tempfile.mkdtemp(),
        context=CONTEXT,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
    )
    stack = PrimaryTemplate(
        app,
        "primary",
        tier="small",
        description="small",
        parameters=(given.PEER_REGION, given.DELETION_PROTECTION, given.ON_TERMINATION),
    )
    suffix, peer_region = stack.suffix, stack.value(given.PEER_REGION)
    on_termination = stack.value(given.ON_TERMINATION)
    key = MultiRegionKey(stack, "Key", suffix=suffix)
    before = UpdateGuard(
        stack,
        "UpdateGuard",
        suffix=suffix,
        peer_region=peer_region,
        key=key.key,
        content="digest",
        fixed={"Cidr": "10.0.0.0/16"},
        parameters={"OnTermination": on_termination},
        global_cluster=names.LEDGER.of(suffix=suffix),
        recovery_table=names.RECOVERY_STATE.of(suffix=suffix),
        key_id=key.key_id,
    )
    sqs.Queue(stack, "Queue", encryption_master_key=key.key)
    DeleteGuard(
        stack,
        "Guard",
        suffix=suffix,
        peer_region=peer_region,
        key=key.key,
        key_id=key.key_id,
        content="digest",
        deletion_protection=stack.value(given.DELETION_PROTECTION),
        on_termination=on_termination,
        stores=GuardedStores.of(suffix=suffix, region=stack.region, peer_region=peer_region),
    )
    before.before(stack.node.children, besides=[key])
    assembly = app.synth()
    found: Template = json.loads(json.dumps(assembly.get_stack_by_name("primary").template))
    return found
