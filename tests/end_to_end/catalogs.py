"""Catalogs of a few of the repository's products, so that a test publishes no more than it launches."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dr_catalog.definitions import load_product
from dr_catalog.releases import load_release
from dr_catalog.releases.layout import asset_file

ROOT = Path(__file__).parents[2]


def catalog_root(
    folder: Path,
    *,
    products: Sequence[str] = ("warm-standby",),
    portfolios: Mapping[str, Sequence[str]] | None = None,
    accounts: Sequence[str] = (),
    pipeline: str = "",
    copied: bool = False,
) -> Path:
    """Make the folder a catalog's root that offers these of the repository's products.

    Args:
        folder: An empty folder.
        products: Tiers and layers by name; the folder holds no others.
        portfolios: Name to products, in place of the repository's first with all of them.
        accounts: With whom it is shared, in place of those of the repository.
        pipeline: Its ``pipeline.yaml``, in place of the repository's.
        copied: Whether its files are copies, for whoever changes or commits them; else links.

    Returns:
        The folder.
    """
    place = _copy if copied else _link
    for name in products:
        _place_product(name, folder, place)
    for file in (ROOT / "pipeline").iterdir():
        place(file, folder / "pipeline" / file.name)
    if pipeline:
        (folder / "pipeline/pipeline.yaml").unlink()
        (folder / "pipeline/pipeline.yaml").write_text(pipeline)
    place(ROOT / "cdk.json", folder / "cdk.json")
    shutil.copytree(ROOT / "portfolio", folder / "portfolio")
    file = folder / "portfolio/portfolio.yaml"
    text = _offering(file, portfolios or {}, products, accounts)
    file.write_text(yaml.safe_dump(text, sort_keys=False))
    return folder


def _place_product(name: str, folder: Path, place: Callable[[Path, Path], None]) -> None:
    """Put the product there, with the assets of its versions."""
    (there,) = (ROOT / "products").glob(f"**/{name}/product.yaml")
    place(there.parent, folder / there.parent.relative_to(ROOT))
    product = load_product(there)
    for entry in product.versions:
        for asset in load_release(product, entry.version).manifest.assets:
            file = asset_file(product, asset.sha256)
            if not (here := folder / file.relative_to(ROOT)).exists():
                place(file, here)


def _link(there: Path, here: Path) -> None:
    here.parent.mkdir(parents=True, exist_ok=True)
    here.symlink_to(there)


def _copy(there: Path, here: Path) -> None:
    here.parent.mkdir(parents=True, exist_ok=True)
    copy = shutil.copytree if there.is_dir() else shutil.copy
    copy(there, here)


def _offering(
    file: Path,
    portfolios: Mapping[str, Sequence[str]],
    products: Sequence[str],
    accounts: Sequence[str],
) -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load(file.read_text())
    first = text["portfolios"][0]
    offered = [
        {**first, "name": name, "products": list(held)}
        for name, held in (portfolios or {first["name"]: products}).items()
    ]
    rules = {name: files for name, files in text["constraints"].items() if name in products}
    if accounts:
        text["shares"]["accounts"] = list(accounts)
    return {**text, "portfolios": offered, "constraints": rules}
