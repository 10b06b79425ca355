"""How long the synthesis of the whole catalog takes, against plain Node making the same resources.

    python benchmarks/catalog_synthesis.py

Ours is what ``cdk synth`` runs, ``python -m dr_catalog.app`` at the catalog's root. The baseline is a
JavaScript program on the same Node, with the ``aws-cdk-lib`` that came with pip, which makes the same
stacks with as many resources of the same types and properties and synthesises them. Each round is a process
of its own, the two by turns, both without CDK's own validation, which ``dr-catalog verify`` replaces.

Then the same catalog with 1 and with 50 versions of each product: a released version is an entry of its
product and adds no construct.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from dr_catalog.definitions import Product, load_catalog
from dr_catalog.node import environment

ROOT = Path(__file__).parents[1]
ROUNDS, WITHIN, VERSIONS = 5, 3, 50
PACKAGES = {
    "aws_cdk": "aws-cdk-lib",
    "aws_cdk.cloud_assembly_schema": "@aws-cdk/cloud-assembly-schema",
    "constructs": "constructs",
}
"""What pip brought: a Python module's name, and that of its archive's package for Node."""
BASELINE = """
const { readFileSync } = require("fs");
const { App, CfnResource, Stack, BootstraplessSynthesizer } = require("aws-cdk-lib");
const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false });
for (const [name, resources] of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const stack = new Stack(app, name, { synthesizer: new BootstraplessSynthesizer() });
  for (const [id, type, properties] of resources) new CfnResource(stack, id, { type, properties });
}
app.synth();
"""


def synthesise(*command: str, root: Path, out: Path) -> float:
    """Seconds that a process needs to write an assembly."""
    begin = time.perf_counter()
    subprocess.run(
        command, cwd=root, env={**environment(), "CDK_OUTDIR": str(out)}, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begin


def ours(root: Path, out: Path) -> float:
    """Seconds for the catalog's app."""
    return synthesise(sys.executable, "-m", "dr_catalog.app", root=root, out=out)


def stacks(assembly: Path) -> Mapping[str, dict[str, Any]]:
    """The resources of each stack's template."""
    return {
        file.name.removesuffix(".template.json"): json.loads(file.read_text())["Resources"]
        for file in sorted(assembly.glob("*.template.json"))
    }


def constructs(assembly: Path) -> int:
    """How many constructs the assembly's tree has."""

    def below(node: Mapping[str, Any]) -> int:
        return 1 + sum(map(below, node.get("children", {}).values()))

    return below(json.loads((assembly / "tree.json").read_text())["tree"])


def unpack(folder: Path) -> Path:
    """CDK for Node as pip brought it, unpacked where a program in ``folder`` finds it."""
    for module, package in PACKAGES.items():
        spec = find_spec(f"{module}._jsii")
        assert spec is not None
        assert spec.origin is not None
        (archive,) = Path(spec.origin).parent.glob("*.jsii.tgz")
        target = folder / "node_modules" / package
        with tarfile.open(archive) as packed:
            packed.extractall(folder / module, filter="data")
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / module / "package").rename(target)
    program = folder / "baseline.js"
    program.write_text(BASELINE)
    return program


def catalog_of(count: int, folder: Path) -> Path:
    """This catalog, with so many versions of each product, all frozen alike."""
    for name in ("portfolio", "pipeline"):
        (folder / name).symlink_to(ROOT / name)
    for product in load_catalog(ROOT).products.values():
        target = folder / product.folder.relative_to(ROOT)
        (target / "releases").mkdir(parents=True)
        definition = yaml.safe_load((product.folder / "product.yaml").read_text())
        definition["versions"] = list(_versions(product, target, count))
        (target / "product.yaml").write_text(yaml.safe_dump(definition))
    return folder


def _versions(product: Product, target: Path, count: int) -> Iterator[dict[str, str]]:
    assert product.default is not None
    for number in range(count):
        version = f"1.{number}.0"
        frozen = product.folder / "releases" / product.default.version
        (target / "releases" / version).symlink_to(frozen)
        guidance = "default" if number == count - 1 else "available"
        yield {"version": version, "guidance": guidance, "description": "One"}


def main() -> None:
    """Print both times with their ratio, and what versions add."""
    node = environment().get("JSII_NODE", "node")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program, spec = unpack(folder), folder / "stacks.json"
        ours(ROOT, folder / "ours")  # warms the caches, and says what to make
        made = stacks(folder / "ours")
        spec.write_text(
            json.dumps(
                [
                    (stack, [(i, each["Type"], each.get("Properties", {})) for i, each in resources.items()])
                    for stack, resources in made.items()
                ]
            )
        )  # fmt: skip
        plain = (node, str(program), str(spec))
        synthesise(*plain, root=folder, out=folder / "plain")
        again = {stack: len(found) for stack, found in stacks(folder / "plain").items()}
        assert again == {stack: len(found) for stack, found in made.items()}
        times = [
            (ours(ROOT, folder / "ours"), synthesise(*plain, root=folder, out=folder / "plain"))
            for _ in range(ROUNDS)
        ]
        mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        count = sum(again.values())
        print(
            f"synthesis of the catalog, {len(made)} stacks, {count} resources, median of {ROUNDS}"
        )
        print(f"  plain Node, as many resources (baseline)  {theirs:6.2f} s")
        print(
            f"  python -m dr_catalog.app                  {mine:6.2f} s   ratio {mine / theirs:.2f}"
        )
        print(
            f"  the aim is a ratio of {WITHIN}: {'kept' if mine <= WITHIN * theirs else 'MISSED'}"
        )
        grown = []
        for versions in (1, VERSIONS):
            root = folder / f"catalog-{versions}"
            root.mkdir()
            out = folder / f"out-{versions}"
            seconds = ours(catalog_of(versions, root), out)
            found = stacks(out)
            entries = sum(
                len(resource["Properties"]["ProvisioningArtifactParameters"])
                for resources in found.values()
                for resource in resources.values()
                if resource["Type"] == "AWS::ServiceCatalog::CloudFormationProduct"
            )
            grown.append((constructs(out), sum(map(len, found.values()))))
            print(
                f"  {versions:2} versions a product: {grown[-1][0]} constructs, {grown[-1][1]} resources, "
                f"{entries} version entries, {seconds:.2f} s"
            )
        assert grown[0] == grown[1], "a released version adds a construct"


if __name__ == "__main__":
    main()
