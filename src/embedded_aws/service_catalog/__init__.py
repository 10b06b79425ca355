"""AWS Service Catalog: products in portfolios, shared with accounts, launched as stacks.

The emulator has none, so this package is the service. The administrator's half (portfolios, products,
constraints, shares, tag options) comes in through the nine CloudFormation types; the end user's half
through the API operations of `OPERATIONS`:

    request -> handler -> validation -> portfolios, products, sharing -> state
                                     -> browsing, provisioning, records -> state
    resource -> resource_types -> resource_schemas -> portfolios, products, sharing, versions -> state
    provisioning -> launching (a thread) -> stacks -> CloudFormation in the launching account

What is not here is refused. https://docs.aws.amazon.com/servicecatalog/latest/dg/
"""

from __future__ import annotations

from .handler import OPERATIONS
from .registration import register

__all__ = ["OPERATIONS", "register"]
