"""Every block's raw templates, synthesised once."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ..conftest import Template

Blocks = Mapping[str, Mapping[str, Template]]
"""Layer, in the order of launching, to role to template."""


@pytest.fixture(scope="session")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Blocks:
    from dr_catalog.blocks import LAYERS, Block
    from dr_catalog.tiers.synthesis import synthesise

    out = tmp_path_factory.mktemp("blocks")
    for layer in LAYERS:
        (out / layer.name).mkdir()
        synthesise(tier=Block(product=layer.name), out=out / layer.name)
    return {
        layer.name: {
            file.name.removesuffix(".template.json"): json.loads(file.read_text())
            for file in (out / layer.name).glob("*.template.json")
        }
        for layer in LAYERS
    }
