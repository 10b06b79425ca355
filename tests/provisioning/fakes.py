"""A catalog with one product in three versions, and a wrapper of AWS that answers from it.

`with_blocks` adds layers that are launched alone to it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import create_autospec

from dr_catalog.provisioning.aws import Aws
from dr_catalog.provisioning.model import (
    PROVISION,
    Launch,
    LaunchPath,
    Parameter,
    Product,
    Record,
    Stack,
    StackEvent,
    Terms,
    Version,
)

START = datetime(2026, 1, 5, 12, 0, 0, 400_000, tzinfo=UTC)

OLD = Version(
    id="pa-old",
    name="0.9.0",
    guidance="DEPRECATED",
    description="Old [deprecated, ends 2027-03-31: too slow]",
    created=START,
)
ONE = Version(id="pa-1", name="1.0.0", guidance="DEFAULT", created=START + timedelta(days=1))
TWO = Version(id="pa-2", name="1.1.0", created=START + timedelta(days=2))
PRODUCT = Product(
    id="prod-1",
    name="warm-standby",
    versions=(OLD, ONE, TWO),
    paths=(LaunchPath(id="lp-1", name="Recovery tiers"),),
)

NEEDS: dict[str, tuple[str, ...]] = {
    "kms": (),
    "vpc": ("kms",),
    "dynamodb": ("kms",),
    "aurora": ("vpc", "kms"),
    "compute": ("aurora", "dynamodb", "vpc"),
}
BLOCKS = {
    name: replace(
        PRODUCT,
        id=f"prod-{name}",
        name=name,
        paths=(LaunchPath(id="lp-2", name="Building blocks"),),
    )
    for name in NEEDS
}

SUFFIX = Parameter(name="EnvironmentSuffix", pattern=r"^[a-z](-?[a-z0-9])+$")
PROTECTION = Parameter(name="DeletionProtection", default="true", allowed=("true", "false"))
PEER = Parameter(
    name="PeerRegion",
    type="AWS::SSM::Parameter::Value<String>",
    default="/dr-catalog/peer-region",
)
SIZE = Parameter(name="Size", default="small", allowed=("small", "large"), description="How big")
CIDR = Parameter(name="Cidr", default="10.0.0.0/16", pattern=r"[0-9./]+", constraint="a CIDR")
TERMS = Terms(parameters={p.name: p for p in (SUFFIX, PROTECTION, PEER, SIZE)})
TERMS_TWO = Terms(parameters={**TERMS.parameters, "Cidr": CIDR})


def launch(**changes: Any) -> Launch:
    """The launch `demo`, AVAILABLE at 1.0.0."""
    return Launch(
        **{
            "id": "pp-1",
            "name": "dr-demo",
            "status": "AVAILABLE",
            "product_id": PRODUCT.id,
            "version_id": ONE.id,
            "last_record": "rec-1",
            "last_provisioning_record": "rec-1",
            **changes,
        }
    )


def record(**changes: Any) -> Record:
    """The record that launched `demo`."""
    return Record(
        **{
            "id": "rec-1",
            "kind": PROVISION,
            "status": "SUCCEEDED",
            "launch_id": "pp-1",
            "launch": "dr-demo",
            "product_id": PRODUCT.id,
            "version_id": ONE.id,
            "created": START,
            **changes,
        }
    )


def stack(**changes: Any) -> Stack:
    """The launch region's stack of `demo`."""
    return Stack(
        **{
            "id": "arn:stack/demo",
            "name": "SC-222222222222-pp-1",
            "region": "us-east-1",
            "status": "CREATE_COMPLETE",
            "parameters": {
                "EnvironmentSuffix": "demo",
                "DeletionProtection": "true",
                "PeerRegion": "/dr-catalog/peer-region",
                "Size": "small",
            },
            **changes,
        }
    )


def event(resource: str, status: str, *, at: float = 1, **changes: Any) -> StackEvent:
    """An event ``at`` seconds after the operation began."""
    return StackEvent(
        **{
            "id": f"{changes.get('region', 'us-east-1')}-{resource}-{status}-{at}",
            "region": "us-east-1",
            "stack": "SC-222222222222-pp-1",
            "resource": resource,
            "type": "AWS::SSM::Parameter",
            "status": status,
            "time": START + timedelta(seconds=at),
            **changes,
        }
    )


def fake_aws() -> Any:
    """`Aws` with one product and nothing launched."""
    aws = create_autospec(Aws, instance=True)
    aws.region, aws.chosen_region = "us-east-1", ""
    aws.account, aws.peer_region, aws.local = "222222222222", "us-west-2", False
    aws.products.return_value = (PRODUCT,)
    aws.product.return_value = PRODUCT
    aws.terms.side_effect = lambda *, product_id, version_id, path_id="": (
        TERMS_TWO if version_id == TWO.id else TERMS
    )
    aws.launch.return_value = None
    aws.launches.return_value = ()
    aws.latest_records.return_value = ()
    aws.stack.return_value = stack()
    aws.stack_sets.return_value = ()
    aws.stack_instances.return_value = ()
    aws.stacks_since.return_value = ()
    aws.events.side_effect = lambda *_, **__: iter(())
    aws.record.return_value = record()
    aws.template_url.return_value = "https://t"
    aws.read_url.return_value = aws.stack_template.return_value = b"{}"
    return aws


def block(layer: str, *, suffix: str = "demo", **changes: Any) -> Launch:
    """A layer that is launched alone, the later in `NEEDS` the later."""
    age = timedelta(hours=list(NEEDS).index(layer))
    return launch(
        id=f"pp-{layer}",
        name=f"dr-{suffix}.{layer}",
        product=layer,
        product_id=f"prod-{layer}",
        created=START + age,
        **changes,
    )


def described(layer: str) -> bytes:
    """What a layer's template says of itself."""
    told = {"dr-catalog": {"kind": "layer", "needs": list(NEEDS[layer])}}
    return json.dumps({"Metadata": told, "Resources": {}}).encode()


def with_blocks(aws: Any, *present: Launch) -> Any:
    """`aws` that offers every layer as well, on which ``present`` is launched."""
    products = {PRODUCT.id: PRODUCT, **{each.id: each for each in BLOCKS.values()}}
    by_name = {each.name: each for each in products.values()}
    aws.products.return_value = tuple(products.values())
    aws.product.side_effect = lambda *, name="", product_id="": (
        by_name[name] if name else products[product_id]
    )
    aws.template_url.side_effect = lambda *, product_id, version_id: product_id
    aws.read_url.side_effect = lambda url: _template(url.removeprefix("prod-"))
    aws.stack_template.side_effect = lambda name, *, region="": _template(name.rpartition("-")[2])
    aws.launches.return_value = present
    aws.launch.side_effect = lambda name: next(
        (each for each in present if each.name == name), None
    )
    aws.stack.side_effect = lambda name, *, region="": replace(
        stack(), name=name, parameters={**stack().parameters, "DeletionProtection": "false"}
    )
    return aws


def _template(layer: str) -> bytes:
    return described(layer) if layer in NEEDS else b"{}"
