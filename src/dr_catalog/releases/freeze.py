"""Freezing a version: from synthesis to bytes that never change again.

    synthesise -> link -> (frozen already?) -> check -> compare with the last release -> write

Writing is all or nothing: a folder beside the others takes its name only when it is complete.
``product.yaml`` is never written; the result says which line lists the version.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ..definitions import Product, SemanticVersion
from ..errors import ReleaseError
from .contract import Contract, compare
from .findings import Finding, accept, ordered
from .integrity import entry_line
from .layout import (
    asset_file,
    assets_folder,
    frozen_versions,
    load_release,
    release_folder,
    releases_folder,
    template_name,
)
from .link import Linked, link
from .manifest import MANIFEST_FILE, Manifest, current_tools, describe, digest, render
from .synthesis import Synthesiser
from .verify import check_templates


@dataclass(frozen=True)
class Frozen:
    """What freezing did.

    Args:
        folder: The release's folder.
        manifest: What it holds.
        written: False when the same release was frozen before.
        contract: What changed since the release before it; None for the first, or when not written.
        warnings: What cfn-lint warned of.
        entry: The line to add under ``versions`` in ``product.yaml``; empty when it is there.
    """

    folder: Path
    manifest: Manifest
    written: bool
    contract: Contract | None
    warnings: tuple[Finding, ...]
    entry: str


def freeze(product: Product, version: str, *, synthesise: Synthesiser) -> Frozen:
    """Freeze a version of the product, or say that it is frozen already.

    Args:
        product: The product.
        version: A semantic version.
        synthesise: Writes the raw templates and assets into a folder.

    Raises:
        UsageError: The version is not a semantic version.
        ReleaseError: The synthesis fails, a check finds an error, a breaking change comes without
            a new major version, or the version was frozen with other bytes.
    """
    wanted = SemanticVersion.parse(version)
    with tempfile.TemporaryDirectory(prefix="dr-catalog-") as out:
        synthesise(Path(out))
        linked = link(Path(out))
    manifest = describe(
        product=product.product,
        version=version,
        builds=product.builds,
        templates=linked.templates,
        assets=linked.assets,
        tools=current_tools(),
    )
    folder = release_folder(product, version)
    entry = "" if product.version(version) else entry_line(product, version)
    if folder.exists():
        _require_identical(product, manifest)
        return Frozen(folder, manifest, False, None, (), entry)

    warnings = _check(product, version, linked)
    earlier = [v for v in frozen_versions(product) if SemanticVersion.parse(v) < wanted]
    contract = _compare(product, earlier[-1], version, linked) if earlier else None
    _write(product, version, linked, manifest)
    return Frozen(folder, manifest, True, contract, warnings, entry)


def _require_identical(product: Product, manifest: Manifest) -> None:
    frozen = load_release(product, manifest.version).manifest
    # Other tools may give the same bytes; those that froze the release stay on record.
    same = replace(manifest, builds=frozen.builds, tools=frozen.tools)
    if same == frozen:
        return
    differing = [
        name
        for name in ("templates", "assets", "parameters", "outputs")
        if getattr(same, name) != getattr(frozen, name)
    ]
    raise ReleaseError(
        f"{product.product} {manifest.version} is frozen already, with other bytes",
        why=f"now different: {', '.join(differing)}; a frozen release never changes",
        hint=f"release the change under a new version, or run dr-catalog verify {product.product} "
        "if the folder was edited",
    )


def _check(product: Product, version: str, linked: Linked) -> tuple[Finding, ...]:
    """Refuse what verify would refuse; return the warnings."""
    left, _ = accept(
        check_templates(product=product.product, version=version, templates=linked.templates),
        product.exceptions,
    )
    errors = [finding for finding in ordered(left) if finding.level == "error"]
    if errors:
        raise ReleaseError(
            f"{product.product} {version} is not frozen: {len(errors)} findings",
            why=_lines(f"{f.template} {f.resource} {f.rule}: {f.message}" for f in errors),
            hint="mend each, or write its reason under exceptions in product.yaml",
        )
    return ordered(left)


def _compare(product: Product, before: str, after: str, linked: Linked) -> Contract:
    old = load_release(product, before).templates
    contract = compare(before=before, after=after, old=old, new=linked.templates)
    if contract.refused:
        major = SemanticVersion.parse(after).major + 1
        raise ReleaseError(
            f"{product.product} {after} is not frozen: it breaks what {before} promised",
            why=_lines(map(str, contract.refused)),
            hint=f"release it as {major}.0.0, or keep what {before} has",
        )
    return contract


def _write(product: Product, version: str, linked: Linked, manifest: Manifest) -> None:
    folder = release_folder(product, version)
    assets_folder(product).mkdir(parents=True, exist_ok=True)
    unfinished = releases_folder(product) / f".{version}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    added: list[Path] = []
    try:
        for role, content in linked.templates.items():
            (unfinished / template_name(role)).write_bytes(content)
        (unfinished / MANIFEST_FILE).write_bytes(render(manifest))
        for sha256, content in linked.assets.items():
            file = asset_file(product, sha256)
            if file.exists():
                _require_intact(file, sha256)
                continue
            part = file.with_suffix(f".{os.getpid()}")
            added.append(part)
            part.write_bytes(content)
            added.append(part.rename(file))
        unfinished.rename(folder)
    except BaseException:
        for file in added:
            file.unlink(missing_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _require_intact(file: Path, sha256: str) -> None:
    if digest(file.read_bytes()) != sha256:
        raise ReleaseError(
            f"the asset {file.name} is there already, with other bytes than its name says",
            hint="restore it from version control, then release again",
        )


def _lines(texts: Iterable[str]) -> str:
    return "\n        ".join(texts)
