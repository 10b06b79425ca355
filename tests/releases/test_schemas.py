"""Schemas are cfn-lint's own, read without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from dr_catalog.definitions import load_catalog
from dr_catalog.errors import ReleaseError
from dr_catalog.releases.rights import PEER, PRIMARY, WITNESS, uses
from dr_catalog.releases.schemas import REGION, schema

ROOT = Path(__file__).parents[2]


def test_every_released_type_has_the_schema_that_cfn_lint_gives() -> None:
    products = load_catalog(ROOT).products.values()
    types = {use.type for use in uses(products, (*PRIMARY, *PEER, *WITNESS))}
    assert "AWS::RDS::GlobalCluster" in types
    for name in types:
        assert schema(name) == PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ReleaseError, match="AWS::S3::Bukket"):
        schema("AWS::S3::Bukket")


def test_cfn_lint_is_not_imported_for_it() -> None:
    code = (
        "import sys; from dr_catalog.releases.schemas import schema; schema('Custom::Any');"
        "sys.exit('cfnlint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
