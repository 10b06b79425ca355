"""Where a release lies on disk, and reading it from there.

products/<product>/product.yaml
products/<product>/releases/<version>/<role>.template.json   primary and what else it has
products/<product>/releases/<version>/release.yaml
products/assets/<sha256>.zip                           shared by every product
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ..definitions import Product, SemanticVersion
from ..definitions.product import TEMPLATES
from ..errors import NotFoundError, UsageError
from .manifest import MANIFEST_FILE, Manifest, load_manifest


@dataclass(frozen=True)
class Release:
    """A frozen version, read from disk.

    Args:
        templates: Role, ``primary`` and what else it has, to the template's bytes.
    """

    folder: Path
    manifest: Manifest
    templates: Mapping[str, bytes]


def releases_folder(product: Product) -> Path:
    """The folder that holds one folder a version."""
    return product.folder / "releases"


def release_folder(product: Product, version: str) -> Path:
    """The folder of this version."""
    return releases_folder(product) / version


def assets_folder(product: Product) -> Path:
    """The folder of assets that the catalog's products share."""
    above = product.folder.parent
    return (above.parent if above.name == "layers" else above) / "assets"


def asset_file(product: Product, digest: str) -> Path:
    """The asset of this SHA-256 digest."""
    return assets_folder(product) / f"{digest}.zip"


def template_name(role: str) -> str:
    """The file name of a role's template."""
    return f"{role}.template.json"


def frozen_versions(product: Product) -> tuple[str, ...]:
    """The versions that have a folder, oldest first; folders named otherwise are left out."""
    folder = releases_folder(product)
    found: list[SemanticVersion] = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            found.append(SemanticVersion.parse(entry.name))
        except UsageError:
            continue
    return tuple(str(version) for version in sorted(found))


def read_templates(folder: Path, roles: Iterable[str] = TEMPLATES) -> Mapping[str, bytes]:
    """The templates of these roles that a release's folder holds, by role."""
    files = {role: folder / template_name(role) for role in roles}
    return MappingProxyType({role: f.read_bytes() for role, f in files.items() if f.is_file()})


def load_release(product: Product, version: str) -> Release:
    """Read a frozen version; its digests are ``verify``'s to prove.

    Raises:
        NotFoundError: The version was never frozen.
        DefinitionError: Its ``release.yaml`` is not as it must be.
    """
    folder = release_folder(product, version)
    if not (folder / MANIFEST_FILE).is_file():
        raise NotFoundError(
            f"{product.product} has no release {version}",
            why=f"frozen: {', '.join(frozen_versions(product)) or 'none'}",
            hint=f"dr-catalog release {product.product} {version}",
        )
    return Release(folder=folder, manifest=load_manifest(folder), templates=read_templates(folder))
