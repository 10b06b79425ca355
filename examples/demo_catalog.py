"""The catalog that the demo publishes: a copy of this one that offers a single tier, so that it is soon there."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml
from demo_terminal import ROOT, expect

from dr_catalog.definitions import load_product
from dr_catalog.releases.layout import asset_file, load_release


def catalog(tier: str) -> Path:
    """The copy's folder, which the end of the demo deletes."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    for part in ("portfolio", "pipeline", f"products/{tier}"):
        shutil.copytree(ROOT / part, folder / part)
    product = load_product(ROOT / "products" / tier)
    (folder / "products/assets").mkdir()
    for entry in product.versions:
        for asset in load_release(product, entry.version).manifest.assets:
            shutil.copy(asset_file(product, asset.sha256), folder / "products/assets")
    file = folder / "portfolio/portfolio.yaml"
    offer = yaml.safe_load(file.read_text())
    rules = offer["constraints"]
    offer["portfolios"] = [{**offer["portfolios"][0], "products": [tier]}]
    offer["constraints"] = {tier: rules[tier]} if tier in rules else {}
    file.write_text(yaml.safe_dump(offer, sort_keys=False))
    return folder


def commit(folder: Path) -> None:
    """Commit all of it, as what the pipeline promotes."""

    def git(*words: str) -> bool:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True).returncode == 0

    someone = ("-c", "user.name=demo", "-c", "user.email=demo@example.com")
    expect(
        git("init") and git("add", ".") and git(*someone, "commit", "--message", "demo"),
        "a copy of the catalog, with the one tier that this story is about, is committed",
    )
