"""From a tier's class to its raw templates and the folders of its code.

    python -m dr_catalog.tiers.synthesis dr_catalog.tiers:WarmStandby warm-standby OUT

writes ``OUT/primary.template.json``, the template of each other role that the tier has, and
``OUT/assets.json`` (asset key to the zip or folder it is made from). A release is frozen from these; the commands that freeze never
import CDK themselves. Construct paths and CDK's own metadata are left out, so that the same code
gives the same bytes anywhere.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import aws_cdk as cdk

from ..definitions.product import TEMPLATES
from ..errors import CompositionError

CONTEXT = {
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:enable-asset-metadata": False,
    "aws:cdk:disable-asset-staging": True,
    "aws:cdk:version-reporting": False,
}


class Tier(Protocol):
    """What ``product.yaml`` may name under ``builds``.

    A method of the same form for any other role of ``TEMPLATES`` gives the tier that template, unless
    it returns None. A class that takes the keyword ``product`` is told the product's name.
    """

    name: str

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack: ...


def load(builds: str, *, product: str) -> Tier:
    """An instance of the class that ``module:Class`` names, for this product."""
    module, _, name = builds.partition(":")
    made = getattr(importlib.import_module(module), name)
    told = {"product": product} if "product" in inspect.signature(made).parameters else {}
    tier: Tier = made(**told)
    return tier


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python's garbage collector away while constructs are made and synthesised.

    With jsii 1.142 a collection in their midst was seen to lose whole constructs from a template.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@uncollected()
def synthesise(*, tier: Tier, out: Path) -> None:
    """Write the tier's raw templates and ``assets.json`` into ``out``."""
    app = cdk.App(
        outdir=str(out / "assembly"),
        context=CONTEXT,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,  # a release is validated when it is frozen
    )
    made = {role: getattr(tier, role)(app, role) for role in TEMPLATES if hasattr(tier, role)}
    stacks = {role: stack for role, stack in made.items() if stack is not None}
    assembly = app.synth()
    assets: dict[str, str] = {}
    for role, stack in stacks.items():
        artifact = assembly.get_stack_artifact(stack.artifact_id)
        template = artifact.template
        (out / f"{role}.template.json").write_text(json.dumps(template), encoding="utf-8")
        manifest = json.loads(
            Path(assembly.directory, f"{stack.artifact_id}.assets.json").read_text(encoding="utf-8")
        )
        for file in manifest["files"].values():
            if file["source"]["packaging"] != "zip":
                continue  # the template itself
            (destination,) = file["destinations"].values()
            key = Path(destination["objectKey"]).stem
            assets[key] = str(Path(assembly.directory, file["source"]["path"]).resolve())
    (out / "assets.json").write_text(json.dumps(assets), encoding="utf-8")


if __name__ == "__main__":
    try:
        synthesise(tier=load(sys.argv[1], product=sys.argv[2]), out=Path(sys.argv[3]))
    except CompositionError as error:
        sys.exit(str(error))
