"""What an account needs before a launch: the pair, code, roles, boundary, portfolios, principals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .. import names
from ..definitions import load_offer
from ..errors import DefinitionError, DrCatalogError, NotFoundError
from .model import Check, Mend, Skip, Surroundings

_ORGANIZATION = "AWS_ORGANIZATIONS"
CATALOG_SERVICE, STACK_SERVICE = "servicecatalog.amazonaws.com", "cloudformation.amazonaws.com"


def pair(surroundings: Surroundings) -> str:
    """Each region of the pair names the other."""
    try:
        peer = surroundings.peer
    except NotFoundError:
        raise Mend(
            f"{surroundings.region} has no {names.PEER_REGION_PARAMETER}", _onboard(surroundings)
        ) from None
    region = surroundings.region
    if peer == region:
        raise Mend(f"{region} names itself as its peer", _onboard(surroundings))
    try:
        back = surroundings.parameter("peer-region", peer)
    except NotFoundError:
        back = "nothing"
    if back != region:
        raise Mend(f"{region} -> {peer}, but {peer} -> {back}", _onboard(surroundings))
    return f"{region} <-> {peer}"


def assets(surroundings: Surroundings) -> str:
    """Both regions say where code is read from, and say the same."""
    said: dict[str, str] = {}
    for region in surroundings.regions:
        try:
            said[region] = surroundings.parameter("asset-bucket-prefix", region)
        except NotFoundError:
            raise Mend(
                f"{region} has no {names.ASSET_BUCKET_PREFIX_PARAMETER}", _onboard(surroundings)
            ) from None
    if len(set(said.values())) > 1:
        found = ", ".join(f"{region}: {prefix}" for region, prefix in said.items())
        raise Mend(f"the regions read from different hubs: {found}", _onboard(surroundings))
    return f"{next(iter(said.values()))}-<region>"


def stackset_roles(surroundings: Surroundings) -> str:
    """CloudFormation may take the administration role, and that the execution role."""
    administration = _role(surroundings, names.STACKSET_ADMINISTRATION_ROLE)
    execution = _role(surroundings, names.STACKSET_EXECUTION_ROLE)
    _require_trust(surroundings, administration, "Service", STACK_SERVICE)
    _require_trust(surroundings, execution, "AWS", administration["Arn"])
    return f"{names.STACKSET_ADMINISTRATION_ROLE}, {names.STACKSET_EXECUTION_ROLE}"


def boundary(surroundings: Surroundings) -> str:
    """The boundary that every role of a launch gets."""
    partition = surroundings.caller["Arn"].split(":")[1]
    account = surroundings.caller["Account"]
    arn = f"arn:{partition}:iam::{account}:policy/{names.PERMISSIONS_BOUNDARY}"
    try:
        surroundings.call("iam", "get_policy", PolicyArn=arn)
    except NotFoundError:
        raise Mend(f"there is no {arn}", _onboard(surroundings)) from None
    return names.PERMISSIONS_BOUNDARY


def portfolio(surroundings: Surroundings) -> str:
    """Each region holds portfolios: the hub's own, or some that are shared and accepted."""
    found: dict[str, str] = {}
    for region in surroundings.regions:
        there = [
            *_own(surroundings, region),
            *_shared(surroundings, region),
            *_shared(surroundings, region, _ORGANIZATION),
        ]
        if not there:
            raise Mend(
                f"{region} has no portfolio of its own and accepted none", _onboard(surroundings)
            )
        found[region] = ", ".join(f"{entry['DisplayName']} ({entry['Id']})" for entry in there)
    return "; ".join(f"{region}: {told}" for region, told in found.items())


def principals(surroundings: Surroundings) -> str:
    """Someone in this account may launch from each portfolio that it accepted, in each region.

    An organisation's share brings its principals along, and a hub's own has them from its stack.
    """
    found: set[str] = set()
    for region in surroundings.regions:
        for each in _own(surroundings, region):
            found |= _may_launch(surroundings, region, each["Id"])
        for each in _shared(surroundings, region):
            here = _may_launch(surroundings, region, each["Id"])
            if not here:
                raise Mend(
                    f"in {region} nobody may launch from {each['DisplayName']} ({each['Id']})",
                    _onboard(surroundings),
                )
            found |= here
    return ", ".join(sorted(found)) or "those of the organisation's shares"


def _may_launch(surroundings: Surroundings, region: str, portfolio: str) -> set[str]:
    there = _pages(
        surroundings, "list_principals_for_portfolio", "Principals", region, PortfolioId=portfolio
    )
    return {entry["PrincipalARN"].rpartition(":")[2] for entry in there}


def products(surroundings: Surroundings) -> str:
    """These credentials are offered a product."""
    offered = _offered(surroundings)
    if not offered:
        try:
            may = principals(surroundings)
        except (Mend, DrCatalogError) as error:
            raise Mend(
                "these credentials are offered no product",
                "ask the platform team which role may launch, and sign in under it",
            ) from error
        raise Skip(f"these credentials are no principal; sign in as {may} to launch")
    return ", ".join(offered)


def launch_roles(surroundings: Surroundings) -> str:
    """The launch role of each product trusts Service Catalog."""
    known = _offered(surroundings) or _defined(surroundings)
    if not known:
        raise Skip("no product is offered to these credentials, and no catalog here names one")
    found = [_role(surroundings, names.LAUNCH_ROLE.of(suffix=product)) for product in known]
    for role in found:
        _require_trust(surroundings, role, "Service", CATALOG_SERVICE)
    return ", ".join(role["RoleName"] for role in found)


def _offered(surroundings: Surroundings) -> list[str]:
    views = _pages(surroundings, "search_products", "ProductViewSummaries", surroundings.region)
    return sorted(view["Name"] for view in views)


def _defined(surroundings: Surroundings) -> list[str]:
    """The products of the catalog in this folder, for the hub, which launches none itself."""
    try:
        return list(load_offer(surroundings.root / "portfolio").products)
    except DefinitionError:
        return []


def _own(surroundings: Surroundings, region: str) -> Iterator[dict[str, Any]]:
    return _pages(surroundings, "list_portfolios", "PortfolioDetails", region)


def _shared(
    surroundings: Surroundings, region: str, kind: str = "IMPORTED"
) -> Iterator[dict[str, Any]]:
    return _pages(
        surroundings,
        "list_accepted_portfolio_shares",
        "PortfolioDetails",
        region,
        PortfolioShareType=kind,
    )


def _pages(
    surroundings: Surroundings, operation: str, entries: str, region: str, **arguments: str
) -> Iterator[dict[str, Any]]:
    page: dict[str, str] = {}
    while True:
        answer = surroundings.call("servicecatalog", operation, region, **arguments, **page)
        yield from answer[entries]
        if not answer.get("NextPageToken"):
            return
        page = {"PageToken": answer["NextPageToken"]}


def _role(surroundings: Surroundings, name: str) -> dict[str, Any]:
    try:
        role: dict[str, Any] = surroundings.call("iam", "get_role", RoleName=name)["Role"]
    except NotFoundError:
        raise Mend(f"there is no role {name}", _onboard(surroundings)) from None
    return role


def _require_trust(surroundings: Surroundings, role: dict[str, Any], kind: str, who: str) -> None:
    document = role["AssumeRolePolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        named = principal.get(kind, []) if isinstance(principal, dict) else []
        if statement["Effect"] == "Allow" and who in ([named] if isinstance(named, str) else named):
            return
    raise Mend(f"{role['RoleName']} does not trust {who}", _onboard(surroundings))


def _onboard(surroundings: Surroundings) -> str:
    account = surroundings.caller["Account"]
    return (
        f"in the catalog's folder, with the hub's credentials: "
        f"`dr-catalog onboard --account {account} --stage <stage>`"
    )


_KNOWN = ("account", "region")
CHECKS = (
    Check("onboarding", "region pair", pair, needs=_KNOWN),
    Check("onboarding", "asset bucket", assets, needs=(*_KNOWN, "region pair")),
    Check("onboarding", "StackSet roles", stackset_roles, needs=_KNOWN),
    Check("onboarding", "boundary", boundary, needs=_KNOWN),
    Check("onboarding", "portfolio", portfolio, needs=(*_KNOWN, "region pair")),
    Check("onboarding", "principals", principals, needs=(*_KNOWN, "region pair")),
    Check("onboarding", "products", products, needs=(*_KNOWN, "region pair")),
    Check("onboarding", "launch roles", launch_roles, needs=_KNOWN),
)
