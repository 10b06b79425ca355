"""The layers, launched one after the other under one suffix, are what warm standby launches at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from dr_catalog.blocks import LAYERS

from ..conftest import Template
from .conftest import Blocks
from .evaluation import Environment

REGION, PEER, WITNESS = "us-east-1", "us-west-2", "eu-west-1"
OF_A_TIER = re.compile(
    "(Foundation|Guard|Peer(Reader|Network|Endpoint|Domain)|Undo|UpdateGuard|Witness|Workload)[A-Z0-9]"
)
"""How the tier brings its parts up and guards them: the constructs of these ids."""
OF_BLOCKS = re.compile("(Foundation|Guard|Neighbours|Undo|Witness|Workload)[A-Z0-9]")
"""How a block does."""
DEPLOYMENT = re.compile(r"(?<=ApiDeployment[0-9A-F]{8})[0-9a-f]{32}")
"""What CDK adds to the logical id of an API's deployment: a digest of expressions, not of what they come to."""
LAUNCHES = {
    "everything given": {
        "ZoneId": "Z123456",
        "ZoneName": "example.com",
        "WitnessRegion": WITNESS,
        "NatPerZone": "true",
        "VaultLock": "compliance",
        "FailoverMode": "automatic",
        "MinCapacity": "2",
    },
    "weighted, in two zones": {
        "ZoneId": "Z123456",
        "ZoneName": "example.com",
        "PeerWeight": "50",
        "Zones": "2",
        "VaultLock": "governance",
    },
    "no zone": {},
}


@pytest.fixture(scope="session", params=LAUNCHES)
def launched(
    request: pytest.FixtureRequest, templates: Mapping[str, Template], blocks: Blocks
) -> tuple[Environment, Environment]:
    """The tier's environment, and that of the blocks in the order of launching."""
    given = {"EnvironmentSuffix": "dev", "PeerRegion": PEER, **LAUNCHES[request.param]}
    tier, layers = Environment(), Environment()
    tier.launch(templates, region=REGION, given=given)
    for block in blocks.values():
        layers.launch(block, region=REGION, given=given)
    return tier, layers


def made(environment: Environment, *, besides: re.Pattern[str]) -> dict[tuple[str, str], Any]:
    """Region and logical id to what a resource is, of each that no construct of these ids makes."""
    found: dict[tuple[str, str], Any] = {}
    for stack in environment.stacks:
        for name, resource in stack.resources():
            if besides.match(name):
                continue
            name = DEPLOYMENT.sub("", name)
            assert (stack.region, name) not in found, f"{name} is made twice in {stack.region}"
            found[stack.region, name] = {
                "Type": resource["Type"],
                "Properties": _untold(stack.value(resource.get("Properties", {}))),
                **{k: resource.get(k) for k in ("DeletionPolicy", "UpdateReplacePolicy")},
            }
    return found


def _untold(value: Any) -> Any:
    """Without the tag that says which product made it."""
    if isinstance(value, dict):
        return {key: _untold(each) for key, each in value.items() if key != "dr:tier"}
    if isinstance(value, str):
        return DEPLOYMENT.sub("", value)
    if isinstance(value, list):
        return [
            _untold(each)
            for each in value
            if not (isinstance(each, dict) and each.get("Key") == "dr:tier")
        ]
    return value


def test_the_same_resources_come_of_both(launched: tuple[Environment, Environment]) -> None:
    """Every property of every resource, in each region: names, wiring, policies, code."""
    tier, layers = launched
    expected = made(tier, besides=OF_A_TIER)
    found = made(layers, besides=OF_BLOCKS)
    assert found.keys() == expected.keys()
    assert len(found) > 250
    assert [where for where in expected if found[where] != expected[where]] == []


def test_the_same_is_told(launched: tuple[Environment, Environment]) -> None:
    """What the layers write to SSM; a tier's guard writes more of its own, a block's its protection
    and which others it uses."""
    tier, layers = (
        {
            (region, name): environment.read(region, name)
            for region, told in environment.told.items()
            for name in told
            if not re.search("/guard/|/deletion-protection$|/used-by/", name)
        }
        for environment in launched
    )
    assert layers == tier


def test_every_neighbour_tells_what_is_needed_of_it(
    launched: tuple[Environment, Environment],
) -> None:
    told = launched[1].told
    for layer in LAYERS:
        for each in layer.needs:
            for region, read in ((REGION, each.launch), (PEER, each.peer)):
                for name in read:
                    assert f"/dr/dev/{each.layer}/{name}" in told[region], layer.name


def test_each_block_tags_what_it_makes(blocks: Blocks) -> None:
    for layer, templates in blocks.items():
        for template in templates.values():
            text = str(template["Resources"])
            assert "warm-standby" not in text
            if "dr:tier" in text:
                assert f"'Key': 'dr:tier', 'Value': '{layer}'" in text or (
                    f"'dr:tier': '{layer}'" in text
                )
