"""The repository's catalog, promoted by its own synthesised pipeline through two stages.

One run for the whole file: the catalog's folder is committed to a repository of its own, with two stages
in accounts that no other test uses.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from dr_catalog.canary.records import LAUNCHED, PASSED
from dr_catalog.cli.organisation import ACCESS_ROLE, make_role
from dr_catalog.definitions import load_product
from dr_catalog.releases.layout import load_release
from dr_catalog.releases.manifest import digest

from .catalogs import catalog_root
from .conftest import PEER, REGION, Identity

PIPELINE, FIRST, LAST = "650000000000", "610000000000", "620000000000"
STAGES = f"""
name: small
account: "{PIPELINE}"
region: {REGION}
source:
  s3: {{bucket: small-source, key: catalog.zip}}
stages:
  - name: first
    account: "{FIRST}"
    regions: [{REGION}, {PEER}]
    gates: {{canary: true, approval: {{timeout_hours: 1}}}}
    notify: platform@example.com
  - name: last
    account: "{LAST}"
    regions: [{REGION}, {PEER}]
"""


@pytest.fixture(autouse=True)
def as_tenant() -> None:
    """These tests need no tenant."""


@dataclass(frozen=True)
class Promoted:
    """A run that went through."""

    result: Result
    operator: Identity
    root: Path

    @property
    def product(self) -> Any:
        """The tier, as the commit has it."""
        return load_product(self.root / "products" / "warm-standby")

    @property
    def outcomes(self) -> dict[str, str]:
        """What came of each action."""
        actions = json.loads(self.result.stdout)["actions"]
        return {f"{each['stage']}/{each['action']}": each["outcome"] for each in actions}


@pytest.fixture(scope="module")
def promoted(
    person: Callable[[str], Identity], tmp_path_factory: pytest.TempPathFactory
) -> Promoted:
    """The commit in the last stage."""
    root = catalog_root(tmp_path_factory.mktemp("catalog"), pipeline=STAGES, copied=True)
    _with_two_versions(root / "products" / "warm-standby")
    publish = root / "pipeline" / "buildspecs" / "publish.yaml"
    publish.write_text(publish.read_text() + '      - echo "of this commit $STAGE $STEP" >&2\n')
    someone = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for words in (["init"], ["add", "."], [*someone, "commit", "--message", "all"]):
        subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
    publish.write_text(publish.read_text() + "# not committed\n")
    operator = person(PIPELINE)
    for account in (FIRST, LAST):
        endpoint = operator.settings["AWS_ENDPOINT_URL"]
        make_role(endpoint=endpoint, account=account, role=ACCESS_ROLE, trusted=(PIPELINE,))
    result = operator.ok(
        *("pipeline", "run", "--root", str(root), "--skip", "test", "--approve", "first"),
        *("--output", "json"),
    )
    return Promoted(result, operator, root)


def test_the_actions_are_those_of_the_template_and_the_commands_those_of_the_commit(
    promoted: Promoted,
) -> None:
    steps = ("assets", "portfolio", "guidance", "digests")
    assert list(promoted.outcomes) == [
        *("Source/source", "Checks/test", "Checks/verify"),
        *(f"first/{step}" for step in steps),
        *("first/canary", "first/changes", "first/approval"),
        *(f"last/{step}" for step in steps),
    ]
    assert promoted.outcomes["Checks/test"] == "left out"
    told = promoted.result.stderr
    assert "not committed, so not part of it: pipeline/buildspecs/publish.yaml" in told
    assert [f"of this commit last {step}" for step in steps] == [
        line.strip() for line in told.splitlines() if line.startswith("    of this commit last")
    ]


def test_the_approval_told_what_the_last_stages_tenants_get(promoted: Promoted) -> None:
    version = promoted.product.default.version
    assert f"warm-standby new -> {version}: first offered, with " in promoted.result.stderr
    record = promoted.operator.client("ssm").get_parameter(Name="/dr-catalog/pipeline/small")
    known = json.loads(record["Parameter"]["Value"])
    assert (known["status"], list(known["approved"])) == ("done", ["first"])


def test_each_stage_has_the_bytes_of_the_release_in_both_regions(
    promoted: Promoted, person: Callable[[str], Identity]
) -> None:
    product = promoted.product
    for account in (FIRST, LAST):
        for region in (REGION, PEER):
            s3 = person(account).client("s3", region)
            for entry in product.versions:
                release = load_release(product, entry.version).manifest.templates["primary"]
                found = s3.get_object(
                    Bucket=f"dr-catalog-assets-{account}-{region}",
                    Key=f"templates/{release.sha256}.json",
                )
                assert digest(found["Body"].read()) == release.sha256


def test_the_canary_left_its_pass_and_nothing_else(
    promoted: Promoted, person: Callable[[str], Identity]
) -> None:
    first, product = person(FIRST), promoted.product
    version = product.default.version
    parameters = first.client("ssm").describe_parameters()["Parameters"]
    ours = [each["Name"] for each in parameters if each["Name"].startswith("/dr-catalog/canary")]
    assert ours == [f"{PASSED}/warm-standby/{version}"]
    assert not any(each["Name"].startswith((LAUNCHED, "/dr/")) for each in parameters)
    for region in (REGION, PEER):
        found = first.client("servicecatalog", region).search_provisioned_products(
            AccessLevelFilter={"Key": "Account", "Value": "self"}
        )
        assert found["ProvisionedProducts"] == []
        stacks = first.client("cloudformation", region).describe_stacks()["Stacks"]
        assert all(each["StackName"].startswith("dr-catalog-") for each in stacks)
    words = ("canary", "--stage", "first", "--root", str(promoted.root))
    assert [each["status"] for each in first.json(*words)] == ["nothing to do"]
    # The build alone may enter as the canary, not everyone in the pipeline's account.
    assert "dr-catalog-canary can't be assumed" in promoted.operator.run(*words).stderr


def test_status_tells_that_all_stages_have_the_same(promoted: Promoted) -> None:
    told = promoted.operator.json("pipeline", "status", "--root", str(promoted.root))
    assert told["gates"] == []
    assert {each["version"]: each["differs"] for each in told["versions"]} == {
        entry.version: [] for entry in promoted.product.versions
    }
    assert {tuple(each["stages"]) for each in told["versions"]} == {("first", "last")}
    changes = promoted.operator.ok(
        *("pipeline", "changes", "--stage", "first", "--root", str(promoted.root))
    )
    # Who is not one of the builds reads as the organisation's administrator.
    assert changes.stdout == "Nothing changes for the tenants of stage last.\n"


def _with_two_versions(folder: Path) -> None:
    """The oldest version and the default: what the others would take is time."""
    file = folder / "product.yaml"
    content = yaml.safe_load(file.read_text())
    content["versions"] = [content["versions"][0], *_default(content["versions"])]
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    product = load_product(folder)
    kept = {entry.version: load_release(product, entry.version) for entry in product.versions}
    for release in folder.glob("releases/*"):
        if release.name not in kept:
            shutil.rmtree(release)
    assets = {asset.sha256 for release in kept.values() for asset in release.manifest.assets}
    for asset in folder.parent.glob("assets/*.zip"):
        if asset.stem not in assets:
            asset.unlink()


def _default(versions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in versions if entry["guidance"] == "default"]
