"""``release`` and ``verify`` as commands: what they print, where, and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dr_catalog.cli import release, verify
from dr_catalog.definitions import Product
from dr_catalog.errors import NotFoundError

from .conftest import listed, synthesis


@pytest.fixture(autouse=True)
def no_cdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "dr_catalog.releases.synthesiser", lambda builds, product, root: synthesis()
    )


def test_release_says_what_to_add(product: Product, root: Path) -> None:
    done = CliRunner().invoke(release.command, ["sample", "1.0.0", "--root", str(root)])
    assert done.exit_code == 0
    assert f"sample 1.0.0 frozen in {product.folder / 'releases/1.0.0'}" in done.stdout
    assert "  - {version: 1.0.0, guidance: default, description: <what is new>}" in done.stderr
    assert done.stderr.endswith("next: dr-catalog verify sample\n")
    listed(product, "1.0.0")
    again = CliRunner().invoke(release.command, ["sample", "1.0.0", "--root", str(root)])
    assert "sample 1.0.0 is already frozen, identical" in again.stdout
    assert "add to" not in again.stderr
    nxt = CliRunner().invoke(
        release.command, ["sample", "1.1.0", "--root", str(root), "--output", "json"]
    )
    content = json.loads(nxt.stdout)
    assert content["contract"] == {"before": "1.0.0", "after": "1.1.0", "changes": []}
    assert content["written"] is True
    assert set(content["templates"]) == {"primary", "foundation", "workload"}


def test_release_names_a_product_that_is_not_there(root: Path) -> None:
    done = CliRunner().invoke(release.command, ["smaple", "1.0.0", "--root", str(root)])
    assert isinstance(done.exception, NotFoundError)
    assert done.exception.hint == "did you mean 'sample'?"


@pytest.mark.parametrize("arguments", [[], ["sample"]])
def test_verify_fails_with_a_finding_and_succeeds_without(
    product: Product, root: Path, arguments: list[str]
) -> None:
    command = [*arguments, "--root", str(root)]
    CliRunner().invoke(release.command, ["sample", "1.0.0", "--root", str(root)])
    bad = CliRunner().invoke(verify.command, command)
    assert bad.exit_code == 1
    assert "unlisted-release" in bad.stdout
    assert bad.stderr == "1 errors, 1 warnings\n"
    data = CliRunner().invoke(verify.command, [*command, "--output", "json"])
    assert data.exit_code == 1
    found = [(each["level"], each["rule"], each["product"]) for each in json.loads(data.stdout)]
    assert found == [
        ("error", "unlisted-release", "sample"),
        ("warning", "objectives", "sample"),  # it promises nothing
    ]
    listed(product, "1.0.0")
    good = CliRunner().invoke(verify.command, command)
    assert (good.exit_code, good.stderr) == (0, "0 errors, 1 warnings\n")


def test_neither_command_loads_cdk() -> None:
    code = (
        "import sys, dr_catalog.cli.release, dr_catalog.cli.verify, dr_catalog.releases;"
        "sys.exit(any(name in sys.modules for name in ('aws_cdk', 'jsii', 'cfnlint', 'boto3')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
