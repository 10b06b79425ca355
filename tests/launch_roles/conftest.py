"""The roles of the repository's own catalog, derived once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dr_catalog import launch_roles
from dr_catalog.definitions import load_catalog
from dr_catalog.releases.rights import execution_rights, launch_rights, witness_rights

ROOT = Path(__file__).parents[2]
HUB, ACCOUNT, REGION, PEER = "111111111111", "222222222222", "us-east-1", "us-west-2"
WITNESS = "eu-west-1"
PRODUCT = "warm-standby"
WHERE: dict[str, Any] = {"partition": "aws", "account": ACCOUNT}
SCOPE: dict[str, Any] = {
    **WHERE,
    "regions": [REGION, PEER],
    "asset_bucket_prefix": f"dr-catalog-assets-{HUB}",
}
Documents = Sequence[launch_roles.Document]


@cache
def derived() -> dict[str, launch_roles.Rights]:
    """What the launch role and the execution role need."""
    catalog, review = load_catalog(ROOT), launch_roles.load_review(ROOT / "portfolio")
    return {
        "launch": launch_rights(catalog.products[PRODUCT], review),
        "execution": execution_rights(catalog, review),
        "witness": witness_rights(catalog, review),
    }


@cache
def documents() -> dict[str, Documents]:
    """The policy documents of the four."""
    review = launch_roles.load_review(ROOT / "portfolio")
    rights = derived()
    return {
        "launch": launch_roles.launch_policies(rights=rights["launch"], review=review, **SCOPE),
        "execution": launch_roles.execution_policies(
            rights=rights["execution"],
            review=review,
            witness=rights["witness"],
            witness_region=WITNESS,
            **SCOPE,
        ),
        "administration": [launch_roles.administration_policy(**WHERE)],
        "boundary": [launch_roles.boundary_policy(**WHERE)],
    }


def statements(role: str) -> list[dict[str, Any]]:
    """Every statement of a role's policies."""
    return [each for document in documents()[role] for each in document["Statement"]]


def listed(value: str | list[str]) -> list[str]:
    """One text as a list, a list as it is."""
    return [value] if isinstance(value, str) else value
