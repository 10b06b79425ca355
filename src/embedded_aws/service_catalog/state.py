"""What Service Catalog remembers, as plain records in stores per account and region.

Everything is a ``TypedDict`` of JSON values, so that a saved state comes back as it was. An operation
takes `LOCK`, reads and changes records, and answers; only a launch outlives its call (`launching`),
and it takes the lock again for each change. The owner's records lie under the owner's account; what a
recipient of a portfolio share adds (its acceptance, its principals) lies under the recipient's.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from ..extension import account_region_store

LOCK = threading.RLock()

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Portfolio(TypedDict):
    """A portfolio.

    ``shares`` maps a recipient's account to what goes with it; ``nodes`` an organisation or a unit.
    """

    id: str
    account: str
    region: str
    name: str
    description: str
    provider: str
    created: float
    tags: dict[str, str]
    product_ids: list[str]
    tag_option_ids: list[str]
    shares: dict[str, dict[str, bool]]
    nodes: dict[str, dict[str, bool]]


class Artifact(TypedDict):
    """A provisioning artifact (a version); ``template`` is the text fetched at its creation."""

    id: str
    name: str
    description: str
    created: float
    active: bool
    guidance: str
    url: str
    template: str


class Product(TypedDict):
    """A product with its versions, oldest first."""

    id: str
    account: str
    region: str
    name: str
    owner: str
    description: str
    distributor: str
    support_description: str
    support_email: str
    support_url: str
    created: float
    tags: dict[str, str]
    tag_option_ids: list[str]
    artifacts: list[Artifact]


class Constraint(TypedDict):
    """A constraint on one product of one portfolio; ``kind`` is LAUNCH or TEMPLATE."""

    id: str
    account: str
    kind: str
    description: str
    portfolio_id: str
    product_id: str
    parameters: dict[str, Any]


class TagOption(TypedDict):
    """A key and value that tags of launches may be held to."""

    id: str
    account: str
    key: str
    value: str
    active: bool


class Principal(TypedDict):
    """Who may launch from a portfolio; ``kind`` is IAM or IAM_PATTERN."""

    arn: str
    kind: str


class ProvisionedProduct(TypedDict):
    """A launch that has not been terminated."""

    id: str
    account: str
    region: str
    name: str
    status: str
    message: str
    created: float
    token: str
    product_id: str
    product_name: str
    artifact_id: str
    artifact_name: str
    path_id: str
    user_arn: str
    user_arn_session: str
    role_arn: str
    requested_tags: dict[str, str]
    tags: dict[str, str]
    stack_id: str
    last_record: str
    last_provisioning_record: str
    last_success: NotRequired[str]


class Record(TypedDict):
    """One provision, update or termination, and what came of it."""

    id: str
    kind: str
    status: str
    created: float
    updated: float
    provisioned_id: str
    provisioned_name: str
    product_id: str
    artifact_id: str
    path_id: str
    role_arn: str
    tags: dict[str, str]
    errors: list[dict[str, str]]
    outputs: list[dict[str, str]]
    user_arn: str
    user_arn_session: str


class Plan(TypedDict):
    """What a launch or an update would change; ``new`` when it made the provisioned product."""

    id: str
    name: str
    status: str
    message: str
    created: float
    updated: float
    new: bool
    provisioned_id: str
    provisioned_name: str
    product_id: str
    artifact_id: str
    path_id: str
    parameters: list[dict[str, Any]]
    tags: dict[str, str]
    role_arn: str
    stack_id: str
    changes: list[dict[str, Any]]
    user_arn: str
    user_arn_session: str


portfolios = account_region_store()
products = account_region_store()
constraints = account_region_store()
tag_options = account_region_store()
# Portfolio id -> list[Principal], of the account that associates.
principals = account_region_store()
# Portfolio id -> time, of the share's recipient.
acceptances = account_region_store()
provisioned = account_region_store()
records = account_region_store()
plans = account_region_store()
# Share token -> {"portfolio": ..., "node": ..., "accounts": [...], "looks": ...}.
share_tokens = account_region_store()
# Operation and token as one text -> {"digest": ..., "record": ...}.
tokens = account_region_store()

STORES = (
    portfolios,
    products,
    constraints,
    tag_options,
    principals,
    acceptances,
    provisioned,
    records,
    plans,
    share_tokens,
    tokens,
)


def reset() -> None:
    """Forget everything, in every account and region."""
    with LOCK:
        for store in STORES:
            store.clear()


@dataclass(frozen=True)
class Caller:
    """Who calls, and where.

    Args:
        account: The 12-digit account the call acts in.
        region: The region of the call.
        arn: The principal: a user's, a role's (for a session of it) or the account root's ARN.
        session_arn: The ARN with the session's name; the same as ``arn`` without a session.
    """

    account: str
    region: str
    arn: str
    session_arn: str

    def get(self, store: Any, key: str) -> Any:
        """The caller's own record, or None."""
        return store.get_scoped(self.account, self.region, key)

    def put(self, store: Any, key: str, value: Any) -> None:
        """Keep a record of the caller's own."""
        store.set_scoped(self.account, self.region, key, value)

    def drop(self, store: Any, key: str) -> None:
        """Forget a record of the caller's own, when there is one."""
        store.pop_scoped(self.account, self.region, key, None)

    def own(self, store: Any) -> list[Any]:
        """All records of the caller's account and region, as they were added."""
        return list(store.values_scoped(self.account, self.region))

    def anywhere(self, store: Any, key: str) -> Any:
        """The record of this id in the caller's region, whichever account owns it, or None."""
        for (_, region, candidate), value in store.all_items():
            if region == self.region and candidate == key:
                return value
        return None


def new_id(prefix: str) -> str:
    """An identifier such as ``prod-4dm35moh4lx4q``."""
    return f"{prefix}-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(13))


def derived_id(prefix: str, *parts: str) -> str:
    """The identifier that always belongs to ``parts``: of a launch path, of a product's view."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"{prefix}-" + "".join(_ID_ALPHABET[byte % 32] for byte in digest[:13])


def now() -> float:
    """The present as the wire writes it: seconds of the epoch."""
    return round(time.time(), 3)
