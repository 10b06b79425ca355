"""Guidance, activity and descriptions of a product's versions, which publishing sets by API.

``product.yaml`` says for each version ``default``, ``available``, ``deprecated`` or ``retired``. Service
Catalog knows two flags: DEPRECATED closes a version to new launches, inactive closes it to updates
too. Which version is the default, and why and until when one is deprecated, stands in its description.

See https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProvisioningArtifact.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..definitions import Product, ProductVersion
from ..errors import PublishError
from .inventory import Artifact

FLAGS = {
    "default": ("DEFAULT", True),
    "available": ("DEFAULT", True),
    "deprecated": ("DEPRECATED", True),
    "retired": ("DEPRECATED", False),
}


def reconcile(
    servicecatalog: Any, *, product: Product, product_id: str, found: Mapping[str, Artifact]
) -> tuple[str, ...]:
    """Set what differs, one call for each version that does.

    Args:
        found: The product's versions as they are.

    Returns:
        The versions that were changed.

    Raises:
        PublishError: A version of ``product.yaml`` is not there; nothing is changed then.
    """
    check_complete(product, found)
    changed = []
    for entry in product.versions:
        if is_as_wanted(entry, found[entry.version]):
            continue
        guidance, active = FLAGS[entry.guidance]
        servicecatalog.update_provisioning_artifact(
            ProductId=product_id,
            ProvisioningArtifactId=found[entry.version].id,
            Description=entry.told,
            Guidance=guidance,
            Active=active,
        )
        changed.append(entry.version)
    return tuple(changed)


def is_as_wanted(entry: ProductVersion, artifact: Artifact) -> bool:
    """Whether Service Catalog says of the version what ``product.yaml`` does."""
    now = (artifact.guidance, artifact.active)
    return now == FLAGS[entry.guidance] and artifact.description == entry.told


def check_complete(product: Product, found: Mapping[str, Artifact]) -> None:
    """Refuse a product without one of its versions.

    Raises:
        PublishError: It names the versions that are not there.
    """
    missing = [entry.version for entry in product.versions if entry.version not in found]
    if missing:
        raise PublishError(
            f"{product.product} {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not in Service Catalog",
            why="the portfolio was not published from this commit, or was published from another since",
            hint="publish again; steps in order: assets, portfolio, guidance, digests",
        )
