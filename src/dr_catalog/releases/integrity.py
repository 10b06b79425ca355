"""Whether a product's releases are on disk what they were when they were frozen.

    product.yaml  <->  release folders  <->  release.yaml  <->  templates and assets

Each pair is compared both ways, so that nothing is missing and nothing is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..definitions import Product
from ..errors import DefinitionError
from .findings import Finding
from .layout import (
    asset_file,
    assets_folder,
    frozen_versions,
    read_templates,
    release_folder,
    releases_folder,
    template_name,
)
from .link import asset_references
from .manifest import MANIFEST_FILE, Manifest, describe, digest, load_manifest

_TEMPLATE_URL = re.compile(r"templates/([0-9a-f]{64})\.json")
_RESTORE = "restore it from version control: a frozen release never changes"


@dataclass(frozen=True)
class _Report:
    product: str
    version: str = ""

    def __call__(
        self, rule: str, message: str, hint: str, *, template: str = "", resource: str = ""
    ) -> Finding:
        return Finding(
            product=self.product,
            version=self.version,
            template=template,
            resource=resource,
            rule=rule,
            message=message,
            hint=hint,
        )


def entry_line(product: Product, version: str) -> str:
    """The line that lists a version in ``product.yaml``."""
    guidance = "available" if product.versions else "default"
    return f"  - {{version: {version}, guidance: {guidance}, description: <what is new>}}"


def check_folders(product: Product) -> Iterator[Finding]:
    """Listed versions against folders."""
    frozen = frozen_versions(product)
    for entry in product.versions:
        if entry.version not in frozen:
            yield _Report(product.product, entry.version)(
                "missing-release",
                "product.yaml lists the version, but no folder holds it",
                f"dr-catalog release {product.product} {entry.version}, or take the entry out",
            )
    for version in frozen:
        if product.version(version) is None:
            yield _Report(product.product, version)(
                "unlisted-release",
                "a folder holds the version, but product.yaml does not list it",
                f"add under versions: '{entry_line(product, version).strip()}'; or delete the folder of "
                "a version that was retired and is taken out",
            )
    folder = releases_folder(product)
    for stray in sorted(folder.iterdir()) if folder.is_dir() else ():
        if stray.name not in frozen:
            yield _Report(product.product)(
                "stray-file",
                f"{stray.name} is no release",
                "delete it",
                resource=stray.name,
            )


def check_release(product: Product, version: str) -> Iterator[Finding]:
    """One release's folder against its ``release.yaml``."""
    report = _Report(product.product, version)
    folder = release_folder(product, version)
    try:
        manifest = load_manifest(folder)
    except DefinitionError as error:
        yield report("manifest", error.what, error.hint or _RESTORE, resource=MANIFEST_FILE)
        return
    templates = read_templates(folder)
    expected = {MANIFEST_FILE, *map(template_name, manifest.templates)}
    for name in sorted({file.name for file in folder.iterdir()} - expected):
        yield report("stray-file", f"{name} is not part of the release", "delete it", resource=name)
    for role in sorted(manifest.templates.keys() - templates.keys()):
        yield report("missing-file", "the template is missing", _RESTORE, template=role)
    changed = [
        role
        for role, content in templates.items()
        if role in manifest.templates and digest(content) != manifest.templates[role].sha256
    ]
    for role in changed:
        message = f"its digest is {digest(templates[role])}, not {manifest.templates[role].sha256}"
        yield report("digest", message, _RESTORE, template=role)
    assets = _read_assets(product, templates)
    yield from _check_assets(report, templates, assets)
    if not changed and templates.keys() == manifest.templates.keys():
        yield from _check_fields(report, manifest, templates, assets)
        yield from _check_references(report, templates)


def check_unused_assets(products: Mapping[str, Product]) -> Iterator[Finding]:
    """Assets on disk that no release of any product refers to."""
    used: set[str] = set()
    for product in products.values():
        for version in frozen_versions(product):
            for content in read_templates(release_folder(product, version)).values():
                used |= asset_references(content)
    for folder in sorted({assets_folder(product) for product in products.values()}):
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if file.suffix != ".zip" or file.stem not in used:
                yield _Report("")(
                    "unused-asset", "no release uses the asset", "delete it", resource=file.name
                )


def _read_assets(product: Product, templates: Mapping[str, bytes]) -> dict[str, bytes]:
    """The assets that the templates refer to, as far as they are there."""
    files = {
        sha256: asset_file(product, sha256)
        for content in templates.values()
        for sha256 in asset_references(content)
    }
    return {sha256: file.read_bytes() for sha256, file in files.items() if file.is_file()}


def _check_assets(
    report: _Report, templates: Mapping[str, bytes], assets: Mapping[str, bytes]
) -> Iterator[Finding]:
    for role, content in templates.items():
        for sha256 in sorted(asset_references(content) - assets.keys()):
            message = f"assets/{sha256}.zip is missing"
            yield report(
                "missing-asset", message, _RESTORE, template=role, resource=f"{sha256}.zip"
            )
    for sha256, content in sorted(assets.items()):
        if digest(content) != sha256:
            message = "the asset's digest is not its name"
            yield report("digest", message, _RESTORE, resource=f"{sha256}.zip")


def _check_fields(
    report: _Report,
    manifest: Manifest,
    templates: Mapping[str, bytes],
    assets: Mapping[str, bytes],
) -> Iterator[Finding]:
    actual = describe(
        product=report.product,
        version=report.version,
        builds=manifest.builds,
        templates=templates,
        assets=assets,
        tools=manifest.tools,
    )
    for field in ("product", "version", "templates", "assets", "parameters", "outputs"):
        stated, is_so = getattr(manifest, field), getattr(actual, field)
        if stated != is_so:
            yield report(
                "manifest",
                f"{field}: release.yaml does not say what the files hold",
                _RESTORE,
                resource=field,
            )


def _check_references(report: _Report, templates: Mapping[str, bytes]) -> Iterator[Finding]:
    others = {role: digest(text) for role, text in templates.items() if role != "primary"}
    used = set(_TEMPLATE_URL.findall(templates["primary"].decode()))
    # What restores is launched by itself, when the launch it is for may be gone.
    needed = {sha256 for role, sha256 in others.items() if role != "restore"}
    for sha256 in sorted((used - set(others.values())) | (needed - used)):
        what = "refers to a template that is not" if sha256 in used else "does not refer to one"
        yield report(
            "template-reference",
            f"the primary template {what} in the release: {sha256}",
            _RESTORE,
            template="primary",
        )
