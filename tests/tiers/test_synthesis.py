"""From ``builds`` to templates: which a tier has, and what its class is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from dr_catalog.tiers import WarmStandby
from dr_catalog.tiers.synthesis import load, synthesise


class Told:
    """Builds any product; ``small`` has no foundation."""

    def __init__(self, *, product: str) -> None:
        self.name = product

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        return cdk.Stack(app, construct_id, description=self.name)

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack | None:
        return None if self.name == "small" else self.primary(app, construct_id)


def written(out: Path, product: str) -> dict[str, Any]:
    out.mkdir()
    synthesise(tier=load(f"{__name__}:Told", product=product), out=out)
    return {file.name: json.loads(file.read_text()) for file in out.glob("*.template.json")}


def test_a_class_is_told_the_product_where_it_asks() -> None:
    assert load(f"{__name__}:Told", product="small").name == "small"
    assert isinstance(load("dr_catalog.tiers:WarmStandby", product="mine"), WarmStandby)


def test_a_template_that_is_none_is_left_out(tmp_path: Path) -> None:
    assert set(written(tmp_path / "a", "small")) == {"primary.template.json"}
    found = written(tmp_path / "b", "large")
    assert set(found) == {"primary.template.json", "foundation.template.json"}
    assert {body["Description"] for body in found.values()} == {"large"}
