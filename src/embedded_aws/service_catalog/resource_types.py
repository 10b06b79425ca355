"""The nine resource types, each a create, an update and a delete that CloudFormation calls.

They run as the stack's account, on a worker thread. An update whose fixed properties changed makes a
new resource, and CloudFormation deletes the old one when the rest of the update is done.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ServiceCatalog.html
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from . import portfolios, resource_schemas, sharing, state, versions
from .errors import DuplicateError, InUseError, InvalidParametersError, NotFoundError
from .identity import role
from .products import delete_product
from .resource_schemas import Schema
from .state import Caller, Portfolio, Principal, Product, TagOption

Properties = Mapping[str, Any]
P = ParamSpec("P")
R = TypeVar("R")
Made = tuple[str, dict[str, str]]  # the physical id (Ref) and the attributes (Fn::GetAtt)


@dataclass(frozen=True)
class ResourceType:
    """One type.

    Args:
        schema: Its properties.
        create: Makes the resource.
        change: Changes what may change in place; None where any change replaces.
        delete: Removes the resource; one that is gone already raises `NotFoundError`.
    """

    schema: Schema
    create: Callable[[Caller, Properties], Made]
    change: Callable[[Caller, str, Properties], Made] | None
    delete: Callable[[Caller, str, Properties], None]


def create(kind: str, caller: Caller, logical_id: str, properties: Properties) -> Made:
    """Make a resource of a type such as ``AWS::ServiceCatalog::Portfolio``."""
    handler = TYPES[kind]
    resource_schemas.check(logical_id, handler.schema, properties)
    return handler.create(caller, properties)


def update(
    kind: str,
    caller: Caller,
    logical_id: str,
    physical_id: str,
    old: Properties,
    new: Properties,
) -> Made:
    """Change a resource in place, or make its replacement."""
    handler = TYPES[kind]
    resource_schemas.check(logical_id, handler.schema, new)
    replaced = any(old.get(name) != new.get(name) for name in handler.schema.fixed)
    if replaced or handler.change is None:
        return handler.create(caller, new)
    return handler.change(caller, physical_id, new)


def delete(kind: str, caller: Caller, physical_id: str, properties: Properties) -> None:
    """Remove a resource; one that is gone already is no failure."""
    with suppress(NotFoundError):
        TYPES[kind].delete(caller, physical_id, properties)


def _locked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, alone with the state while it runs."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with state.LOCK:
            return function(*args, **kwargs)

    return run


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags", [])}


def _flag(properties: Properties, name: str, *, default: bool) -> bool:
    return str(properties.get(name, default)).lower() == "true"


# AWS::ServiceCatalog::Portfolio


def _portfolio_fields(properties: Properties) -> dict[str, Any]:
    return {
        "name": properties["DisplayName"],
        "description": properties.get("Description", ""),
        "provider": properties["ProviderName"],
        "tags": _tags(properties),
    }


@_locked
def _create_portfolio(caller: Caller, properties: Properties) -> Made:
    portfolio: Portfolio = {
        "id": state.new_id("port"),
        "account": caller.account,
        "region": caller.region,
        "created": state.now(),
        "product_ids": [],
        "tag_option_ids": [],
        "shares": {},
        "nodes": {},
        **_portfolio_fields(properties),  # type: ignore[typeddict-item]
    }
    caller.put(state.portfolios, portfolio["id"], portfolio)
    return portfolio["id"], {"PortfolioName": portfolio["name"]}


@_locked
def _change_portfolio(caller: Caller, key: str, new: Properties) -> Made:
    portfolio = portfolios.owned(caller, key)
    portfolio.update(_portfolio_fields(new))  # type: ignore[typeddict-item]
    return key, {"PortfolioName": portfolio["name"]}


@_locked
def _delete_portfolio(caller: Caller, key: str, properties: Properties) -> None:
    portfolios.delete_portfolio(caller, key)


# AWS::ServiceCatalog::CloudFormationProduct


def _product_fields(properties: Properties) -> dict[str, Any]:
    return {
        "name": properties["Name"],
        "owner": properties["Owner"],
        "description": properties.get("Description", ""),
        "distributor": properties.get("Distributor", ""),
        "support_description": properties.get("SupportDescription", ""),
        "support_email": properties.get("SupportEmail", ""),
        "support_url": properties.get("SupportUrl", ""),
        "tags": _tags(properties),
    }


def _product_made(product: Product) -> Made:
    return product["id"], {
        "ProductName": product["name"],
        "ProvisioningArtifactIds": ",".join(a["id"] for a in product["artifacts"]),
        "ProvisioningArtifactNames": ",".join(a["name"] for a in product["artifacts"]),
    }


def _create_product(caller: Caller, properties: Properties) -> Made:
    product: Product = {
        "id": state.new_id("prod"),
        "account": caller.account,
        "region": caller.region,
        "created": state.now(),
        "tag_option_ids": [],
        "artifacts": versions.made(caller, properties["ProvisioningArtifactParameters"]),
        **_product_fields(properties),  # type: ignore[typeddict-item]
    }
    caller.put(state.products, product["id"], product)
    return _product_made(product)


def _change_product(caller: Caller, key: str, new: Properties) -> Made:
    product = caller.get(state.products, key)
    if product is None:
        raise NotFoundError(f"Product {key} not found.")
    replace = _flag(new, "ReplaceProvisioningArtifacts", default=False)
    artifacts = versions.made(
        caller,
        new["ProvisioningArtifactParameters"],
        keep=() if replace else product["artifacts"],
    )
    with state.LOCK:
        product["artifacts"] = artifacts
        product.update(_product_fields(new))
    return _product_made(product)


def _delete_product(caller: Caller, key: str, properties: Properties) -> None:
    delete_product(caller, key)


# AWS::ServiceCatalog::PortfolioProductAssociation


@_locked
def _create_product_association(caller: Caller, properties: Properties) -> Made:
    portfolio_id, product_id = properties["PortfolioId"], properties["ProductId"]
    portfolios.add_product(caller, portfolio_id, product_id)
    return f"{portfolio_id}|{product_id}", {}


@_locked
def _delete_product_association(caller: Caller, key: str, properties: Properties) -> None:
    portfolios.remove_product(caller, properties["PortfolioId"], properties["ProductId"])


# AWS::ServiceCatalog::LaunchRoleConstraint and LaunchTemplateConstraint


def _launch_parameters(caller: Caller, properties: Properties) -> dict[str, Any]:
    name = properties.get("LocalRoleName")
    if name is None:
        return {"RoleArn": properties["RoleArn"]}
    if role(account=caller.account, name=name) is None:
        raise InvalidParametersError(f"The role {name} does not exist in account {caller.account}")
    return {"LocalRoleName": name}


def _template_parameters(caller: Caller, properties: Properties) -> dict[str, Any]:
    try:
        rules = json.loads(properties["Rules"])
    except json.JSONDecodeError as error:
        raise InvalidParametersError(f"Invalid template constraint: {error}") from error
    if not isinstance(rules, dict) or not all(
        isinstance(rule, dict) and isinstance(rule.get("Assertions"), list)
        for rule in rules.values()
    ):
        raise InvalidParametersError(
            "Invalid template constraint: Rules must be a map of rule name to rule, "
            "each with Assertions"
        )
    return {"Rules": rules}


def _constraint_type(
    schema: Schema, kind: str, parameters: Callable[[Caller, Properties], dict[str, Any]]
) -> ResourceType:
    @_locked
    def make(caller: Caller, properties: Properties) -> Made:
        constraint = portfolios.add_constraint(
            caller,
            kind=kind,
            portfolio_id=properties["PortfolioId"],
            product_id=properties["ProductId"],
            description=properties.get("Description", ""),
            parameters=parameters(caller, properties),
        )
        return constraint["id"], {"Id": constraint["id"]}

    @_locked
    def change(caller: Caller, key: str, new: Properties) -> Made:
        constraint = caller.get(state.constraints, key)
        if constraint is None:
            raise NotFoundError(f"Constraint {key} not found.")
        constraint["parameters"] = parameters(caller, new)
        constraint["description"] = new.get("Description", "")
        return key, {"Id": key}

    @_locked
    def remove(caller: Caller, key: str, properties: Properties) -> None:
        caller.drop(state.constraints, key)

    return ResourceType(schema=schema, create=make, change=change, delete=remove)


# AWS::ServiceCatalog::PortfolioPrincipalAssociation


def _principal(properties: Properties) -> Principal:
    return {"arn": properties["PrincipalARN"], "kind": properties["PrincipalType"]}


@_locked
def _create_principal_association(caller: Caller, properties: Properties) -> Made:
    portfolio_id = properties["PortfolioId"]
    portfolios.add_principal(caller, portfolio_id, _principal(properties))
    return f"{portfolio_id}|{properties['PrincipalARN']}", {}


@_locked
def _delete_principal_association(caller: Caller, key: str, properties: Properties) -> None:
    portfolios.remove_principal(caller, properties["PortfolioId"], _principal(properties))


# AWS::ServiceCatalog::PortfolioShare


@_locked
def _create_share(caller: Caller, properties: Properties) -> Made:
    portfolio_id, account = properties["PortfolioId"], properties["AccountId"]
    flag = _flag(properties, "ShareTagOptions", default=False)
    sharing.share(caller, portfolio_id, account, share_tag_options=flag)
    return f"{portfolio_id}|{account}", {}


@_locked
def _change_share(caller: Caller, key: str, new: Properties) -> Made:
    return _create_share(caller, new)


@_locked
def _delete_share(caller: Caller, key: str, properties: Properties) -> None:
    sharing.withdraw(caller, properties["PortfolioId"], properties["AccountId"])


# AWS::ServiceCatalog::TagOption and TagOptionAssociation


@_locked
def _create_tag_option(caller: Caller, properties: Properties) -> Made:
    option: TagOption = {
        "id": state.new_id("tag"),
        "account": caller.account,
        "key": properties["Key"],
        "value": properties["Value"],
        "active": _flag(properties, "Active", default=True),
    }
    for other in caller.own(state.tag_options):
        if (other["key"], other["value"]) == (option["key"], option["value"]):
            raise DuplicateError(
                f"TagOption with key {option['key']} and value {option['value']} already exists"
            )
    caller.put(state.tag_options, option["id"], option)
    return option["id"], {"Id": option["id"]}


@_locked
def _change_tag_option(caller: Caller, key: str, new: Properties) -> Made:
    option = caller.get(state.tag_options, key)
    if option is None:
        raise NotFoundError(f"TagOption {key} not found.")
    option["active"] = _flag(new, "Active", default=True)
    return key, {"Id": key}


@_locked
def _delete_tag_option(caller: Caller, key: str, properties: Properties) -> None:
    for holder in (*caller.own(state.portfolios), *caller.own(state.products)):
        if key in holder["tag_option_ids"]:
            raise InUseError(f"TagOption {key} is still associated with {holder['id']}")
    caller.drop(state.tag_options, key)


@_locked
def _create_tag_option_association(caller: Caller, properties: Properties) -> Made:
    tag_option_id, holder_id = properties["TagOptionId"], properties["ResourceId"]
    portfolios.add_tag_option(caller, holder_id, tag_option_id)
    return f"{tag_option_id}|{holder_id}", {}


@_locked
def _delete_tag_option_association(caller: Caller, key: str, properties: Properties) -> None:
    portfolios.remove_tag_option(caller, properties["ResourceId"], properties["TagOptionId"])


TYPES: dict[str, ResourceType] = {
    "AWS::ServiceCatalog::Portfolio": ResourceType(
        schema=resource_schemas.PORTFOLIO,
        create=_create_portfolio,
        change=_change_portfolio,
        delete=_delete_portfolio,
    ),
    "AWS::ServiceCatalog::CloudFormationProduct": ResourceType(
        schema=resource_schemas.PRODUCT,
        create=_create_product,
        change=_change_product,
        delete=_delete_product,
    ),
    "AWS::ServiceCatalog::PortfolioProductAssociation": ResourceType(
        schema=resource_schemas.PRODUCT_ASSOCIATION,
        create=_create_product_association,
        change=None,
        delete=_delete_product_association,
    ),
    "AWS::ServiceCatalog::LaunchRoleConstraint": _constraint_type(
        resource_schemas.LAUNCH_ROLE, "LAUNCH", _launch_parameters
    ),
    "AWS::ServiceCatalog::LaunchTemplateConstraint": _constraint_type(
        resource_schemas.LAUNCH_TEMPLATE, "TEMPLATE", _template_parameters
    ),
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": ResourceType(
        schema=resource_schemas.PRINCIPAL_ASSOCIATION,
        create=_create_principal_association,
        change=None,
        delete=_delete_principal_association,
    ),
    "AWS::ServiceCatalog::PortfolioShare": ResourceType(
        schema=resource_schemas.SHARE,
        create=_create_share,
        change=_change_share,
        delete=_delete_share,
    ),
    "AWS::ServiceCatalog::TagOption": ResourceType(
        schema=resource_schemas.TAG_OPTION,
        create=_create_tag_option,
        change=_change_tag_option,
        delete=_delete_tag_option,
    ),
    "AWS::ServiceCatalog::TagOptionAssociation": ResourceType(
        schema=resource_schemas.TAG_OPTION_ASSOCIATION,
        create=_create_tag_option_association,
        change=None,
        delete=_delete_tag_option_association,
    ),
}
