"""What `init` writes, held against the repository's own catalog: neither may change alone."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from dr_catalog.definitions import Catalog, ProductVersion, Shares, Stage, load_catalog
from dr_catalog.scaffold import FIRST_PRODUCT, FIRST_VERSION, Answers, write
from dr_catalog.scaffold.catalog import FILES

ROOT = Path(__file__).parents[2]
ANSWERS = Answers(
    account="333333333333", tenant="444444444444", regions=("eu-west-1", "eu-central-1")
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "catalog"
    write(folder, ANSWERS)
    return folder


@pytest.fixture(scope="module")
def own(folder: Path) -> Catalog:
    return load_catalog(folder)


@pytest.fixture(scope="module")
def ours() -> Catalog:
    return load_catalog(ROOT)


def test_the_product_is_the_repositorys_but_for_its_versions(own: Catalog, ours: Catalog) -> None:
    assert list(own.products) == [FIRST_PRODUCT]
    product = own.products[FIRST_PRODUCT]
    assert product.versions == (ProductVersion(FIRST_VERSION, "default", "First release"),)
    expected = ours.products[FIRST_PRODUCT]
    assert expected.exceptions
    assert product == replace(expected, folder=product.folder, versions=product.versions)


def test_the_portfolio_is_the_repositorys_first_but_for_its_shares(
    own: Catalog, ours: Catalog
) -> None:
    offer = own.offer
    assert offer.shares == Shares(accounts=("444444444444",))
    first = replace(ours.offer.portfolios[0], products=(FIRST_PRODUCT,))
    same = replace(
        ours.offer,
        folder=offer.folder,
        portfolios=(first,),
        shares=offer.shares,
        constraints=offer.constraints,
    )
    assert offer == same


SAME = [
    "cdk.json",
    "portfolio/constraints/production.json",
    *(f"pipeline/buildspecs/{name}.yaml" for name in ("verify", "publish", "canary", "changes")),
]


@pytest.mark.parametrize("name", SAME)
def test_a_file_without_an_answer_is_the_repositorys(folder: Path, name: str) -> None:
    assert (folder / name).read_text() == (ROOT / name).read_text()


def test_the_pipeline_runs_what_the_repositorys_does_but_for_its_tests(folder: Path) -> None:
    ours, own = (
        {file.name for file in (root / "pipeline/buildspecs").iterdir()} for root in (ROOT, folder)
    )
    assert own == ours - {"test.yaml"}
    installed = (folder / "pipeline/requirements.txt").read_text().splitlines()
    assert installed[-1] == f"dr-catalog=={version('dr-catalog')}"


def test_constraints_are_the_repositorys(own: Catalog, ours: Catalog) -> None:
    relative = [
        [file.relative_to(each.folder) for file in each.constraints[FIRST_PRODUCT]]
        for each in (own.offer, ours.offer)
    ]
    assert relative[0] == relative[1]


def test_what_is_ignored_is_ignored_here_too(folder: Path) -> None:
    ignored = (folder / ".gitignore").read_text().split()
    assert set(ignored) <= set((ROOT / ".gitignore").read_text().split())


def test_the_one_stage_has_the_answers(own: Catalog) -> None:
    assert own.pipeline.stages == (Stage("dev", "333333333333", ("eu-west-1", "eu-central-1")),)


def test_a_hub_that_launches_itself_is_shared_with_nobody(tmp_path: Path) -> None:
    write(tmp_path, replace(ANSWERS, tenant=ANSWERS.account))
    assert load_catalog(tmp_path).offer.shares.accounts == ()


def test_the_wheel_carries_every_file() -> None:
    """`setup.py` names files by patterns: each file of the scaffold must match one."""
    setup = (ROOT / "setup.py").read_text()
    assert '"scaffold/files/**/*"' in setup
    # Setuptools' patterns leave out what begins with a dot.
    assert list(FILES.rglob(".*")) == []
