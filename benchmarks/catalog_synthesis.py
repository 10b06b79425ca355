"""How long the synthesis of the whole catalog takes, against plain Node making the same resources.

    python benchmarks/catalog_synthesis.py

Ours is the app that ``cdk synth`` runs, once as it is and once with ``-c environmentSuffix=dev``, which adds the
tier that ``cdk.json`` names as an ordinary stack. The baseline is a JavaScript program on the same Node, with the ``aws-cdk-lib`` that
came with pip, which makes the same stacks of the same typed resources and synthesises them. Each round is a
process of its own, the two by turns, both without CDK's own validation, which ``dr-catalog verify`` replaces.
*start-up* is what a process takes before it makes its first construct and after it has written the last file:
for ours Python, its modules, and Node beside it.

Then the same catalog with 1 and with 50 versions of each product: a released version is an entry of its
product and adds no construct.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from dr_catalog.definitions import Product, load_catalog
from dr_catalog.node import environment

ROOT = Path(__file__).parents[1]
ROUNDS, WITHIN, VERSIONS = 3, 3, 50
PACKAGES = {
    "aws_cdk": "aws-cdk-lib",
    "aws_cdk.cloud_assembly_schema": "@aws-cdk/cloud-assembly-schema",
    "constructs": "constructs",
}
"""What pip brought: a Python module's name, and that of its archive's package for Node."""
OURS = """
import time
import aws_cdk
import dr_catalog.app
begin = time.perf_counter()
dr_catalog.app.main()
print(time.perf_counter() - begin)
"""
BASELINE = """
const { App, Stack, BootstraplessSynthesizer } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const begin = performance.now();
const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false });
for (const file of process.argv[3].split(",")) {
  const stack = new Stack(app, "S" + file.split(".")[0], { synthesizer: new BootstraplessSynthesizer() });
  new CfnInclude(stack, "Template", { templateFile: `${process.argv[2]}/${file}` });
}
app.synth();
console.log((performance.now() - begin) / 1000);
"""


@dataclass(frozen=True)
class Taken:
    """Seconds of one process.

    Args:
        start: Before the first construct and after the last file.
        work: Between.
        cpu: What all its processes used of the processors, which depends less on what else runs.
    """

    start: float
    work: float
    cpu: float

    @property
    def whole(self) -> float:
        return self.start + self.work


def synthesise(*command: str, root: Path, out: Path, context: Mapping[str, str]) -> Taken:
    """Let a process write an assembly; it prints how long it worked."""
    more = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)}
    begin, used = time.perf_counter(), _cpu()
    done = subprocess.run(
        command, cwd=root, env={**environment(), **more}, check=True, capture_output=True, text=True
    )
    whole, work = time.perf_counter() - begin, float(done.stdout.splitlines()[-1])
    return Taken(whole - work, work, _cpu() - used)


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def ours(root: Path, out: Path, context: Mapping[str, str]) -> Taken:
    """The catalog's app."""
    return synthesise(sys.executable, "-c", OURS, root=root, out=out, context=context)


def stacks(assembly: Path) -> Mapping[str, dict[str, Any]]:
    """The resources of each template, those included that a tier's own stack hands to its StackSets."""
    found = {}
    for file in sorted(assembly.glob("*.json")):
        if re.fullmatch(r".+\.template|[0-9a-f]{64}", file.stem):
            found[file.name] = json.loads(file.read_text())["Resources"]
    return found


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


def compare(title: str, folder: Path, program: Path, context: Mapping[str, str]) -> None:
    """Both by turns, and the ratio."""
    node = environment().get("JSII_NODE", "node")
    mine, theirs = folder / "ours", folder / "plain"

    def plain() -> Taken:
        files = ",".join(made)
        return synthesise(node, str(program), str(mine), files, root=folder, out=theirs, context={})

    ours(ROOT, mine, context)  # warms the caches, and says what to make
    made = {name: len(resources) for name, resources in stacks(mine).items()}
    plain()
    assert sum(map(len, stacks(theirs).values())) == sum(made.values())
    rounds = [(plain(), ours(ROOT, mine, context)) for _ in range(ROUNDS)]
    print(
        f"{title}: {len(made)} templates, {sum(made.values())} resources, median of {ROUNDS} processes"
    )
    print(f"  {'':24}{'start-up':>10}{'work':>10}{'whole':>10}{'CPU':>10}")
    medians = []
    for name, column in zip(
        ("plain Node (baseline)", "dr_catalog.app"), zip(*rounds, strict=True), strict=True
    ):
        medians.append(
            [
                statistics.median(getattr(taken, part) for taken in column)
                for part in ("start", "work", "whole", "cpu")
            ]
        )
        print(f"  {name:24}" + "".join(f"{seconds:8.2f} s" for seconds in medians[-1]))
    ratios = [a / b for b, a in zip(*medians, strict=True)]
    kept = "kept" if ratios[2] <= WITHIN else "MISSED"
    print(
        f"  {'ratio':24}" + "".join(f"{ratio:8.2f}  " for ratio in ratios) + f"aim {WITHIN}: {kept}"
    )


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


def grow(count: int, folder: Path) -> tuple[int, int]:
    """Constructs and resources of the catalog with so many versions a product."""
    root, out = folder / f"catalog-{count}", folder / f"out-{count}"
    root.mkdir()
    taken = ours(catalog_of(count, root), out, {})
    resources = [each for found in stacks(out).values() for each in found.values()]
    entries = sum(
        len(resource["Properties"]["ProvisioningArtifactParameters"])
        for resource in resources
        if resource["Type"] == "AWS::ServiceCatalog::CloudFormationProduct"
    )
    made = constructs(out), len(resources)
    print(
        f"  {count:2} versions a product: {made[0]} constructs, {made[1]} resources, {entries} version "
        f"entries, {taken.whole:.2f} s"
    )
    return made


def main() -> None:
    """Print both comparisons, and what versions add."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = unpack(folder)
        tier = json.loads((ROOT / "cdk.json").read_text())["context"]["tier"]
        for title, context in (
            ("cdk synth", {}),
            ("cdk synth -c environmentSuffix=dev", {"environmentSuffix": "dev", "tier": tier}),
        ):
            below = folder / str(len(context))
            below.mkdir()
            compare(title, below, program, context)
        print("what a released version adds")
        assert grow(1, folder) == grow(VERSIONS, folder), "a released version adds a construct"


if __name__ == "__main__":
    main()
