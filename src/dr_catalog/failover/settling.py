"""What is good where both regions serve: the ledger has what they took, and no id was taken twice."""

from __future__ import annotations

from ..errors import DrCatalogError
from .surroundings import NotReady, Surroundings, Unknown


def settled(look: Surroundings) -> str:
    """Where both regions serve: the ledger has what they took, and no id was taken twice."""
    told = {}
    for region in look.site.regions:
        try:
            told[region] = look.ready(region).get("checks", {}).get("settled", {})
        except DrCatalogError:  # a region that is gone says nothing, and the other has its claims
            continue
    if not told:
        raise Unknown("neither region's /ready answers")
    waiting = {
        region: each.get("reason", "") for region, each in told.items() if not each.get("ok")
    }
    if waiting:
        raise NotReady(
            "; ".join(f"{region}: {reason}" for region, reason in waiting.items()),
            "what is not in the ledger settles within minutes of its writer being back; an id that was taken "
            "twice has both claims in the table, with the status '#twice' on the one that the ledger lacks",
        )
    return "the ledger has all that the regions took"
