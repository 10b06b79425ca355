"""What a stage has in one region, as its portfolios' stack and Service Catalog tell it.

    stack's template -> portfolios, products, versions, each version's digest (its URL holds it), shares
    ListProvisioningArtifacts, one call a product -> ids, guidance, activity, descriptions

A version's URL never changes, so the template tells the digests of all versions in one call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import names
from ..errors import PublishError
from .stack import describe, outputs, template_of

PORTFOLIO = "dr-catalog-portfolio"
_URL = re.compile(r"/templates/([0-9a-f]{64})\.json")
_NOTHING_YET = ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class Artifact:
    """A version as Service Catalog has it; ``guidance`` is DEFAULT or DEPRECATED."""

    id: str
    name: str
    description: str
    guidance: str
    active: bool


@dataclass(frozen=True)
class Inventory:
    """What is published in one region.

    Args:
        portfolios: Name to id, the first one first; empty where nothing is published.
        products: Name to id.
        digests: Product to version to the sha256 of its primary template.
        accounts: The accounts that have shares of their own.
    """

    portfolios: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()

    def sha256(self, product: str, version: str) -> str:
        """The digest of a version's primary template; empty where the version is not there."""
        return self.digests.get(product, {}).get(version, "")


def look(cloudformation: Any) -> Inventory:
    """What the region has; an empty inventory where nothing is published, or never to its end."""
    stack = describe(cloudformation, PORTFOLIO)
    if stack is None or stack["StackStatus"] in _NOTHING_YET:
        return Inventory()
    told = outputs(stack)
    template = template_of(cloudformation, PORTFOLIO)
    return Inventory(
        portfolios=_portfolios(template, told),
        products={
            name: told[key]
            for name in digests_in(template)
            if (key := f"{names.camel(name)}Id") in told
        },
        digests=digests_in(template),
        accounts=tuple(
            dict.fromkeys(
                each["Properties"]["AccountId"]
                for each in template["Resources"].values()
                if each["Type"] == "AWS::ServiceCatalog::PortfolioShare"
            )
        ),
    )


def _portfolios(template: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, str]:
    """Each portfolio's name and id; the shortest logical id is the first one's."""
    found = {
        key: each["Properties"]["DisplayName"]
        for key, each in template["Resources"].items()
        if each["Type"] == "AWS::ServiceCatalog::Portfolio"
    }
    return {found[key]: told[f"{key}Id"] for key in sorted(found) if f"{key}Id" in told}


def digests_in(template: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """Product to version to digest, as a portfolio's template declares them."""
    return {
        each["Properties"]["Name"]: {
            version["Name"]: _digest(version)
            for version in each["Properties"]["ProvisioningArtifactParameters"]
        }
        for each in template["Resources"].values()
        if each["Type"] == "AWS::ServiceCatalog::CloudFormationProduct"
    }


def _digest(version: Mapping[str, Any]) -> str:
    found = _URL.search(json.dumps(version["Info"]))
    return found[1] if found else ""


def artifacts(servicecatalog: Any, *, product: str, product_id: str) -> Mapping[str, Artifact]:
    """A product's versions by name, in one call.

    Raises:
        PublishError: Two of them have one name.
    """
    found: dict[str, Artifact] = {}
    for entry in servicecatalog.list_provisioning_artifacts(ProductId=product_id)[
        "ProvisioningArtifactDetails"
    ]:
        if entry["Name"] in found:
            raise PublishError(
                f"{product} has two versions {entry['Name']} in Service Catalog",
                why=f"{found[entry['Name']].id} and {entry['Id']}; publishing makes one only",
                hint="delete the one that was made by hand: aws servicecatalog "
                f"delete-provisioning-artifact --product-id {product_id} "
                f"--provisioning-artifact-id {entry['Id']}",
            )
        found[entry["Name"]] = Artifact(
            id=entry["Id"],
            name=entry["Name"],
            description=entry.get("Description", ""),
            guidance=entry.get("Guidance", "DEFAULT"),
            active=entry["Active"],
        )
    return found
