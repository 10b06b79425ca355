"""Guidance and activity of a product's versions, which CloudFormation can't set.

``product.yaml`` says for each version ``default``, ``available``, ``deprecated`` or ``retired``. Service
Catalog knows two flags: DEPRECATED closes a version to new launches, inactive closes it to updates
too.

See https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProvisioningArtifact.html
"""

from __future__ import annotations

from typing import Any

from ..definitions import Product

FLAGS = {
    "default": {"Guidance": "DEFAULT", "Active": True},
    "available": {"Guidance": "DEFAULT", "Active": True},
    "deprecated": {"Guidance": "DEPRECATED", "Active": True},
    "retired": {"Guidance": "DEPRECATED", "Active": False},
}


def reconcile(servicecatalog: Any, *, product: Product, product_id: str) -> tuple[str, ...]:
    """Set what differs.

    Returns:
        The versions whose flags were changed.
    """
    found = servicecatalog.list_provisioning_artifacts(ProductId=product_id)[
        "ProvisioningArtifactDetails"
    ]
    by_name = {entry["Name"]: entry for entry in found}
    changed = []
    for entry in product.versions:
        artifact, wanted = by_name[entry.version], FLAGS[entry.guidance]
        if any(artifact.get(flag) != value for flag, value in wanted.items()):
            servicecatalog.update_provisioning_artifact(
                ProductId=product_id, ProvisioningArtifactId=artifact["Id"], **wanted
            )
            changed.append(entry.version)
    return tuple(changed)
