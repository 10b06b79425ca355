"""The templates of a version as a tenant can read them: its primary one and those for other regions.

    version id -> Service Catalog says where -> S3 -> primary -> its StackSets say where -> the peer's

An account of the catalog may read the asset bucket, but a role of it perhaps not: then, in a clone of
the catalog's repository, the release folder serves; else there is none, and the reason is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DrCatalogError
from ..releases.template import Template
from ..releases.values import Unknown, Values
from .aws import STACK_SET, Aws
from .model import Product, Version

PRIMARY, RESTORE = "primary", "restore"
RESTORE_TEMPLATE = "RestoreTemplate"
"""The parameter by which a template of the peer is told where in the asset bucket the one that restores lies."""


@dataclass(frozen=True, kw_only=True)
class PeerPart:
    """One of the stacks in another region, as the primary template describes it.

    Args:
        role: ``foundation``, ``workload``, ``witness`` or what else the tier calls it.
        resource: The StackSet's logical id.
        name: The StackSet's name, an expression.
        url: Its template's address; empty where it can't be told.
        parameters: What it is handed, expressions by name.
        region: Where it is, an expression.
        condition: The primary's condition on which it is there; empty for always.
    """

    role: str
    resource: str
    name: Any
    url: str
    parameters: Mapping[str, Any]
    region: Any
    condition: str


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """What could be read.

    Args:
        templates: By role; empty when not even the primary one could be read.
        peers: The stacks in other regions.
        unread: Why something is missing; empty when all is there.
        refused: Why AWS gave none, where the repository did.
    """

    templates: Mapping[str, Template]
    peers: tuple[PeerPart, ...] = ()
    unread: str = ""
    refused: str = ""


def read(aws: Aws, product: Product, version: Version, *, root: Path = Path()) -> Blueprint:
    """All templates of a version that can be read, from AWS or from a repository in ``root``."""
    try:
        launched = primary(aws, product_id=product.id, version_id=version.id)
    except (DrCatalogError, ValueError) as error:
        return _released(root, product.name, version.name, why=str(error).splitlines()[0])
    peers = tuple(_peers(launched, _values(aws)))
    templates, unread = {PRIMARY: launched}, ""
    for role, url in _urls(peers).items():
        try:
            templates[role] = Template.parse(role, aws.read_url(url))
        except (DrCatalogError, ValueError) as error:
            unread = str(error).splitlines()[0]
    return Blueprint(templates=templates, peers=peers, unread=unread)


def primary(aws: Aws, *, product_id: str, version_id: str) -> Template:
    """The launch region's template of a version.

    Raises:
        DrCatalogError: It may not be read.
        ValueError: It is no template in JSON.
    """
    url = aws.template_url(product_id=product_id, version_id=version_id)
    return Template.parse(PRIMARY, aws.read_url(url))


def _urls(peers: Collection[PeerPart]) -> dict[str, str]:
    """Where the other templates lie, by role; what restores lies beside that which is told of it."""
    urls = {peer.role: peer.url for peer in peers}
    for peer in peers:
        if path := peer.parameters.get(RESTORE_TEMPLATE):
            urls[RESTORE] = f"{peer.url.rpartition('/templates/')[0]}/{path}"
    return urls


def _released(root: Path, product: str, version: str, *, why: str) -> Blueprint:
    products = root / "products"
    folders = [below / product / "releases" / version for below in (products, products / "layers")]
    try:
        templates = {
            role: Template.parse(role, file.read_bytes())
            for folder in folders
            for file in sorted(folder.glob("*.template.json"))
            for role in [file.name.removesuffix(".template.json")]
        }
    except (OSError, ValueError):
        templates = {}
    if PRIMARY not in templates:
        return Blueprint(templates={}, unread=why)
    return Blueprint(templates=templates, peers=tuple(_peers(templates[PRIMARY])), refused=why)


def _peers(primary: Template, values: Values | None = None) -> list[PeerPart]:
    """The stacks in other regions; their templates' addresses only where there is ground to tell them."""
    found = []
    for resource in primary.resources(STACK_SET):
        try:
            url = values.text(resource.get("TemplateURL")) if values else ""
        except (Unknown, DrCatalogError):
            url = ""
        name = resource.get("StackSetName")
        found.append(
            PeerPart(
                role=_role(primary.text(name), resource.id),
                resource=resource.id,
                name=name,
                url=url,
                parameters={
                    each["ParameterKey"]: each["ParameterValue"]
                    for each in resource.get("Parameters") or ()
                },
                region=_region(resource.get("StackInstancesGroup")),
                condition=str(resource.body.get("Condition", "")),
            )
        )
    return found


def _values(aws: Aws) -> Values:
    china = aws.region.startswith("cn-")
    return Values(
        known={
            "AWS::Region": aws.region,
            "AWS::URLSuffix": "amazonaws.com.cn" if china else "amazonaws.com",
        },
        conditions={},
        setting=aws.setting,
    )


def _region(groups: Any) -> Any:
    """That of the one instance; None where it is not said."""
    match groups:
        case [{"Regions": [region, *_]}, *_]:
            return region
    return None


def _role(name: str, resource: str) -> str:
    """``dr-foundation-${EnvironmentSuffix}`` is the foundation, ``dr-layer-vpc-foundation-...`` too."""
    parts = name.split("-")
    return parts[-2] if len(parts) > 2 and parts[0] == "dr" else resource
