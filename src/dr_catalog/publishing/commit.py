"""What the repository's commit says a stage is to have: its portfolios, products and releases.

    catalog + stage -> releases read from disk, each held against its own digests -> Commit

Nothing here asks AWS, so whatever is refused here is refused before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..definitions import Catalog, Offer, Product, ProductVersion, Stage
from ..errors import NotFoundError, PublishError
from ..releases.layout import Release, asset_file, load_release
from ..releases.manifest import digest
from . import files


@dataclass(frozen=True)
class Commit:
    """What a stage is to have.

    Args:
        before: The stage that its versions come from; None for the first.
        products: The offered products that have a version, by name.
        releases: Product and version to the release.
    """

    stage: Stage
    before: Stage | None
    offer: Offer
    products: Mapping[str, Product]
    releases: Mapping[tuple[str, str], Release]

    def versions(self) -> Iterator[tuple[Product, ProductVersion]]:
        """Every version of every product."""
        for product in self.products.values():
            for entry in product.versions:
                yield product, entry

    def sha256(self, product: str, version: str) -> str:
        """The digest of a version's primary template."""
        return self.releases[product, version].manifest.templates["primary"].sha256

    def files(self) -> Mapping[str, bytes]:
        """Every file that the releases need, by its key in the asset bucket."""
        found: dict[str, bytes] = {}
        for (name, _), release in self.releases.items():
            for role, data in release.templates.items():
                found[files.template_key(release.manifest.templates[role].sha256)] = data
            for asset in release.manifest.assets:
                key = files.asset_key(asset.sha256)
                if key not in found:
                    found[key] = asset_file(self.products[name], asset.sha256).read_bytes()
        return found


def load_commit(catalog: Catalog, stage: Stage) -> Commit:
    """Read what the stage is to have.

    Raises:
        NotFoundError: A version was never frozen.
        PublishError: A release is not what its ``release.yaml`` says.
    """
    offer = catalog.offer_of(stage)
    products = {
        name: catalog.products[name] for name in offer.products if catalog.products[name].versions
    }
    commit = Commit(
        stage=stage,
        before=catalog.pipeline.before(stage),
        offer=offer,
        products=MappingProxyType(products),
        releases=MappingProxyType(
            {
                (name, entry.version): load_release(product, entry.version)
                for name, product in products.items()
                for entry in product.versions
            }
        ),
    )
    for (name, version), release in commit.releases.items():
        _check_release(name, version, release)
    for key, content in commit.files().items():
        if digest(content) not in key:
            raise _not_frozen(f"{key} of the catalog is not what its name says")
    return commit


def _check_release(name: str, version: str, release: Release) -> None:
    manifest = release.manifest
    if (manifest.product, manifest.version) != (name, version):
        raise _not_frozen(
            f"{release.folder} says that it is {manifest.product} {manifest.version}: "
            f"two releases would have one version"
        )
    for role in manifest.templates:
        if role not in release.templates:
            raise _not_frozen(f"{name} {version} has no {role} template")


def _not_frozen(what: str) -> PublishError:
    return PublishError(
        what,
        why="a frozen release never changes",
        hint="`dr-catalog verify` lists what differs; restore it from version control",
    )


def find_stage(catalog: Catalog, name: str) -> Stage:
    """The stage of that name.

    Raises:
        NotFoundError: There is none.
    """
    stage = catalog.pipeline.stage(name)
    if stage is None:
        known = ", ".join(stage.name for stage in catalog.pipeline.stages)
        raise NotFoundError(
            f"there is no stage '{name}'",
            why=f"pipeline/pipeline.yaml defines: {known}",
            hint="name one of them with --stage, or add it there",
        )
    return stage
