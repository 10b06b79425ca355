"""What an end user finds: products, versions, launch paths, and what a launch takes.

Only what a portfolio open to the caller's principal offers is there, and only active versions. A launch
path is a portfolio through which a product is reached.
https://docs.aws.amazon.com/servicecatalog/latest/userguide/end-user-console.html
"""

from __future__ import annotations

from typing import Any

from . import state
from .errors import InvalidParametersError, NotFoundError
from .paging import page
from .portfolios import constraints_of, launchable, tag_list, tag_options_of
from .products import artifact_summary, check_one, matches, ordered, version, view_summary
from .state import Artifact, Caller, Portfolio, Product
from .templates import outputs_of, parameters_of


def path_id(portfolio_id: str, product_id: str) -> str:
    """The launch path that leads to a product through a portfolio."""
    return state.derived_id("lpv3", portfolio_id, product_id)


def paths(caller: Caller, product_id: str) -> dict[str, Portfolio]:
    """The launch paths open to the caller, by id."""
    return {
        path_id(portfolio["id"], product_id): portfolio
        for portfolio in launchable(caller)
        if product_id in portfolio["product_ids"]
    }


def chosen_path(
    caller: Caller, product: Product, *, path_id: str | None, name: str | None
) -> tuple[str, Portfolio]:
    """The launch path a request names, or the only one.

    Raises:
        NotFoundError: None is open to the caller, or not the one named.
        InvalidParametersError: Several are open and none is named.
    """
    open_paths = paths(caller, product["id"])
    if path_id and name:
        raise InvalidParametersError("You cannot specify both PathId and PathName.")
    if not open_paths:
        raise NotFoundError(f"No launch paths found for resource: {product['id']}")
    if not path_id and not name and len(open_paths) > 1:
        raise InvalidParametersError(
            "More than one launch path ids exist. Please specify the launch path id"
        )
    for key, portfolio in open_paths.items():
        if (not path_id and not name) or key == path_id or (name and portfolio["name"] == name):
            return key, portfolio
    raise NotFoundError(f"Launch path {path_id or name} not found.")


def offered(caller: Caller, *, product_id: str | None, name: str | None) -> Product:
    """The product an end user names, when a launch path leads there."""
    check_one(product_id, name, "ProductId", "ProductName")
    for product in _offered_products(caller):
        if product["id"] == product_id or (name and product["name"] == name):
            return product
    if product_id:
        raise NotFoundError(f"Product {product_id} does not exist or access was denied.")
    raise NotFoundError(f"Product with name {name} does not exist or access was denied.")


def _offered_products(caller: Caller) -> list[Product]:
    ids = dict.fromkeys(
        product_id for portfolio in launchable(caller) for product_id in portfolio["product_ids"]
    )
    return [caller.anywhere(state.products, product_id) for product_id in ids]


def tag_choices(caller: Caller, portfolio: Portfolio, product: Product) -> dict[str, list[str]]:
    """The values that active tag options of portfolio and product leave for each key."""
    choices: dict[str, list[str]] = {}
    options = tag_options_of(caller, portfolio) + tag_options_of(caller, portfolio, product)
    for option in options:
        if option["active"] and option["value"] not in choices.setdefault(option["key"], []):
            choices[option["key"]].append(option["value"])
    return {key: values for key, values in choices.items() if values}


def _constraint_summaries(portfolio: Portfolio, product_id: str) -> list[dict[str, Any]]:
    return [
        {"Type": constraint["kind"], "Description": constraint["description"]}
        for constraint in constraints_of(portfolio["id"], product_id)
    ]


# The operations.


def search(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_SearchProducts: what the caller's principal may launch."""
    found = [p for p in _offered_products(caller) if matches(p, request.get("Filters") or {})]
    owners = dict.fromkeys(product["owner"] for product in found)
    answer = page(
        [
            view_summary(product, has_default_path=len(paths(caller, product["id"])) == 1)
            for product in ordered(found, request)
        ],
        request,
        operation="SearchProducts",
        name="ProductViewSummaries",
    )
    answer["ProductViewAggregations"] = {
        "Owner": [
            {"Value": owner, "ApproximateCount": sum(p["owner"] == owner for p in found)}
            for owner in owners
        ],
    }
    return answer


def describe(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeProduct: the active versions and the launch paths."""
    product = offered(caller, product_id=request.get("Id"), name=request.get("Name"))
    open_paths = paths(caller, product["id"])
    return {
        "ProductViewSummary": view_summary(product, has_default_path=len(open_paths) == 1),
        "ProvisioningArtifacts": [_artifact_view(a) for a in product["artifacts"] if a["active"]],
        "Budgets": [],
        "LaunchPaths": [
            {"Id": key, "Name": portfolio["name"]} for key, portfolio in open_paths.items()
        ],
    }


def list_launch_paths(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListLaunchPaths."""
    product_id = request["ProductId"]
    open_paths = paths(caller, product_id)
    if not open_paths:
        raise NotFoundError(f"No launch paths found for resource: {product_id}")
    product = caller.anywhere(state.products, product_id)
    listed = [
        {
            "Id": key,
            "ConstraintSummaries": _constraint_summaries(portfolio, product_id),
            "Tags": tag_list({**product["tags"], **portfolio["tags"]}),
            "Name": portfolio["name"],
        }
        for key, portfolio in open_paths.items()
    ]
    return page(listed, request, operation="ListLaunchPaths", name="LaunchPathSummaries")


def describe_parameters(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeProvisioningParameters: what a launch takes, and what holds it."""
    product = offered(caller, product_id=request.get("ProductId"), name=request.get("ProductName"))
    artifact = version(
        product,
        artifact_id=request.get("ProvisioningArtifactId"),
        name=request.get("ProvisioningArtifactName"),
    )
    if not artifact["active"]:
        raise NotFoundError(f"ProvisioningArtifact {artifact['id']} not found.")
    _, portfolio = chosen_path(
        caller, product, path_id=request.get("PathId"), name=request.get("PathName")
    )
    outputs = outputs_of(artifact["template"])
    return {
        "ProvisioningArtifactParameters": parameters_of(artifact["template"]),
        "ConstraintSummaries": _constraint_summaries(portfolio, product["id"]),
        "UsageInstructions": [],
        "TagOptions": [
            {"Key": key, "Values": values}
            for key, values in tag_choices(caller, portfolio, product).items()
        ],
        "ProvisioningArtifactPreferences": {},
        "ProvisioningArtifactOutputs": outputs,
        "ProvisioningArtifactOutputKeys": outputs,
    }


def _artifact_view(artifact: Artifact) -> dict[str, Any]:
    return {**artifact_summary(artifact), "Guidance": artifact["guidance"]}
