"""Small catalogs on disk: real definitions and releases, of templates that make one parameter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import aws_cdk as cdk

from dr_catalog import app as stacks
from dr_catalog.definitions import load_catalog
from dr_catalog.publishing import assembly
from dr_catalog.releases.layout import template_name
from dr_catalog.releases.manifest import MANIFEST_FILE, describe, digest, render

REGIONS = ("us-east-1", "us-west-2")
_onboarding: dict[tuple[str, ...], dict[str, str]] = {}
Entry = tuple[str, str]
"""A version and the rest of its line in product.yaml, such as ``guidance: default``."""


@dataclass
class SmallCatalog:
    """A catalog in a folder; what is changed here is written by `write`.

    Args:
        stages: Stage to account, in order.
        products: Product to its versions, oldest first.
        shares: What stands under shares in portfolio.yaml.
        portfolios: Name to products; one with all of them unless given.
    """

    root: Path
    stages: Mapping[str, str]
    products: dict[str, Sequence[Entry]]
    shares: str = "{accounts: []}"
    text: dict[str, str] = field(default_factory=dict)
    portfolios: dict[str, Sequence[str]] = field(default_factory=dict)

    def write(self) -> Path:
        """Write everything and the assembly of it; the assembly's folder."""
        shutil.rmtree(self.root / "products", ignore_errors=True)
        for name, versions in self.products.items():
            self._product(name, versions)
        stages = [
            f'  - {{name: {name}, account: "{account}", regions: [{", ".join(REGIONS)}]}}'
            for name, account in self.stages.items()
        ]
        self._put(
            "pipeline/pipeline.yaml",
            'name: small\naccount: "555555555555"\nregion: us-east-1\n'
            "source: {s3: {bucket: small-source, key: catalog.zip}}\nstages:\n" + "\n".join(stages),
        )
        self._put(
            "portfolio/portfolio.yaml",
            "provider: Platform team\nportfolios:\n"
            + "".join(
                f"  - {{name: {name}, description: Small, products: [{', '.join(products)}]}}\n"
                for name, products in (self.portfolios or {"Small": list(self.products)}).items()
            )
            + "principals: [{type: IAM_PATTERN, role: dr-tenant}]\n"
            f"shares: {self.shares}\n",
        )
        return self.assemble()

    def assemble(self) -> Path:
        """Synthesise the stacks as `dr-catalog synth` does, in this process."""
        out = self.root / "cdk.out"
        app = cdk.App(
            outdir=str(out), analytics_reporting=False, builtin_cloud_formation_validation=False
        )
        left_out = ["PipelineStack", "PipelineStoreStack", "StageAccessStack"]  # not published
        # Alike for every catalog of the same products, whose templates are of one kind.
        catalog = load_catalog(self.root)
        onboarding = _onboarding.setdefault(tuple(sorted(catalog.offered)), {})
        if onboarding:
            left_out += ["OnboardingRolesStack", "OnboardingRegionStack"]
        with patch.multiple(stacks, **dict.fromkeys(left_out, Mock())):
            stacks.build(app, catalog=catalog)
        app.synth()
        templates = {
            file.name.removesuffix(".template.json"): file.read_text()
            for file in out.glob("*.template.json")
        }
        onboarding |= {name: templates[name] for name in templates if name.startswith("Onboard")}
        folder = self.root / "assembly"
        assembly.write({**onboarding, **templates}, folder)
        shutil.rmtree(out)
        return folder

    def sha256(self, product: str, version: str) -> str:
        """The digest of a version's template."""
        return digest(template(product, version, self.text.get(f"{product} {version}", "")))

    def _product(self, name: str, versions: Sequence[Entry]) -> None:
        lines = [
            f"  - {{version: {version}, {rest}, description: {name} {version}}}  # {version}"
            for version, rest in versions
        ]
        self._put(
            f"products/{name}/product.yaml",
            f"product: {name}\ntitle: {name}\nbuilds: some.module:Tier\nowner: Platform team\n"
            f"description: One tier\n"
            "support: {email: a@example.com, url: https://example.com, description: Ask}\n"
            "versions:  # oldest first\n" + "\n".join(lines) + "\n",
        )
        for version, _ in versions:
            content = template(name, version, self.text.get(f"{name} {version}", ""))
            manifest = describe(
                product=name,
                version=version,
                builds="some.module:Tier",
                templates={"primary": content},
                assets={},
                tools={},
            )
            folder = f"products/{name}/releases/{version}"
            self._put(f"{folder}/{template_name('primary')}", content.decode())
            self._put(f"{folder}/{MANIFEST_FILE}", render(manifest).decode())

    def _put(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def template(product: str, version: str, text: str = "") -> bytes:
    """A template of one parameter, of other bytes for each version and text."""
    body: dict[str, Any] = {
        "Description": f"{product} {version} {text}".strip(),
        "Parameters": {"EnvironmentSuffix": {"Type": "String"}},
        "Resources": {
            "Told": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Name": {"Fn::Sub": f"/dr/${{EnvironmentSuffix}}/{product}/told"},
                    "Type": "String",
                    "Value": version,
                },
            }
        },
    }
    return json.dumps(body).encode()
