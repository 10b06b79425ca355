"""Products and their versions, as the administrator keeps them and as an end user finds them.

The administrator's operations see the account's own products (and those of an accepted portfolio);
the end user's see only what a portfolio open to the caller's principal offers, and only active
versions. A launch path is a portfolio through which a product is reached.
https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_products.html
"""

from __future__ import annotations

from typing import Any

from . import state
from .errors import InUseError, InvalidParametersError, NotFoundError
from .paging import page
from .portfolios import arn as portfolio_arn
from .portfolios import (
    constraints_of,
    detail,
    launchable,
    reachable,
    tag_list,
    tag_option_detail,
    tag_options_of,
)
from .state import Artifact, Caller, Portfolio, Product
from .templates import outputs_of, parameters_of

ARTIFACTS_MAX = 100
TYPE = "CLOUD_FORMATION_TEMPLATE"


def arn(product: Product) -> str:
    """The product's ARN."""
    return f"arn:aws:catalog:{product['region']}:{product['account']}:product/{product['id']}"


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


def delete_product(caller: Caller, product_id: str) -> None:
    """Forget a product that no portfolio offers any more."""
    if caller.get(state.products, product_id) is None:
        raise NotFoundError(f"Product {product_id} not found.")
    for portfolio in caller.own(state.portfolios):
        if product_id in portfolio["product_ids"]:
            raise InUseError(
                f"Product {product_id} is still associated with portfolio {portfolio['id']}"
            )
    caller.drop(state.products, product_id)


# What is found, and for whom.


def administered(caller: Caller, request: dict[str, Any]) -> Product:
    """The product a request names by id or name, among those the account may administer."""
    key, name = request.get("ProductId"), request.get("ProductName")
    _check_one(key, name, "ProductId", "ProductName")
    for product in _administered_products(caller):
        if product["id"] == key or (name and product["name"] == name):
            return product
    raise NotFoundError(
        f"Product {key} not found." if key else f"Product with name {name} not found."
    )


def _administered_products(caller: Caller) -> list[Product]:
    shared = {
        product_id
        for portfolio_id in caller.own_keys(state.acceptances)
        if (portfolio := caller.anywhere(state.portfolios, portfolio_id)) is not None
        for product_id in portfolio["product_ids"]
    }
    return [
        *caller.own(state.products),
        *(caller.anywhere(state.products, product_id) for product_id in sorted(shared)),
    ]


def offered(caller: Caller, *, product_id: str | None, name: str | None) -> Product:
    """The product an end user names, when a launch path leads there."""
    _check_one(product_id, name, "ProductId", "ProductName")
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


def version(product: Product, *, artifact_id: str | None, name: str | None) -> Artifact:
    """The version a request names by id or by name."""
    _check_one(artifact_id, name, "ProvisioningArtifactId", "ProvisioningArtifactName")
    found = [
        artifact
        for artifact in product["artifacts"]
        if artifact["id"] == artifact_id or (name and artifact["name"] == name)
    ]
    if len(found) > 1:
        raise InvalidParametersError(f"Multiple Provisioning Artifact with name {name} found.")
    if not found:
        raise NotFoundError(f"ProvisioningArtifact {artifact_id or name} not found.")
    return found[0]


def _check_one(key: str | None, name: str | None, key_member: str, name_member: str) -> None:
    if key and name:
        raise InvalidParametersError(f"You cannot specify both {key_member} and {name_member}.")
    if not key and not name:
        raise InvalidParametersError(f"You must specify either {key_member} or {name_member}.")


# The wire's shapes.


def view_summary(product: Product, *, has_default_path: bool) -> dict[str, Any]:
    """The wire's ``ProductViewSummary``."""
    return {
        "Id": state.derived_id("prodview", product["id"]),
        "ProductId": product["id"],
        "Name": product["name"],
        "Owner": product["owner"],
        "ShortDescription": product["description"],
        "Type": TYPE,
        "Distributor": product["distributor"],
        "HasDefaultPath": has_default_path,
        "SupportEmail": product["support_email"],
        "SupportDescription": product["support_description"],
        "SupportUrl": product["support_url"],
    }


def _view_detail(product: Product) -> dict[str, Any]:
    return {
        "ProductViewSummary": view_summary(product, has_default_path=False),
        "Status": "AVAILABLE",
        "ProductARN": arn(product),
        "CreatedTime": product["created"],
    }


def _artifact_summary(artifact: Artifact) -> dict[str, Any]:
    return {
        "Id": artifact["id"],
        "Name": artifact["name"],
        "Description": artifact["description"],
        "CreatedTime": artifact["created"],
    }


def _artifact_detail(artifact: Artifact) -> dict[str, Any]:
    return {
        **_artifact_summary(artifact),
        "Type": TYPE,
        "Active": artifact["active"],
        "Guidance": artifact["guidance"],
    }


def _artifact_view(artifact: Artifact) -> dict[str, Any]:
    return {**_artifact_summary(artifact), "Guidance": artifact["guidance"]}


def _matches(product: Product, filters: dict[str, list[str]]) -> bool:
    """Whether a product answers every filter; a filter is answered by any of its values."""
    described = (product["name"], product["owner"], product["description"], product["distributor"])
    text = " ".join(described).lower()
    answers = {
        "FullTextSearch": lambda value: value.lower() in text,
        "Owner": lambda value: value == product["owner"],
        "ProductType": lambda value: value == TYPE,
        "SourceProductId": lambda value: False,
    }
    return all(any(answers[key](value) for value in values) for key, values in filters.items())


def _sorted(products: list[Product], request: dict[str, Any]) -> list[Product]:
    keys = {
        "Title": lambda product: product["name"],
        "VersionCount": lambda product: len(product["artifacts"]),
        "CreationDate": lambda product: product["created"],
    }
    ordered = sorted(products, key=keys[request.get("SortBy") or "Title"])
    return ordered[::-1] if request.get("SortOrder") == "DESCENDING" else ordered


# The administrator's operations.


def search_as_admin(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_SearchProductsAsAdmin: of the account, or of one portfolio."""
    found = _administered_products(caller)
    if request.get("PortfolioId"):
        inside = reachable(caller, request["PortfolioId"])["product_ids"]
        found = [product for product in found if product["id"] in inside]
    found = [product for product in found if _matches(product, request.get("Filters") or {})]
    return page(
        [_view_detail(product) for product in _sorted(found, request)],
        request,
        operation="SearchProductsAsAdmin",
        name="ProductViewDetails",
    )


def describe_as_admin(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeProductAsAdmin."""
    product = administered(
        caller, {"ProductId": request.get("Id"), "ProductName": request.get("Name")}
    )
    options = [o for o in caller.own(state.tag_options) if o["id"] in product["tag_option_ids"]]
    return {
        "ProductViewDetail": _view_detail(product),
        "ProvisioningArtifactSummaries": [_artifact_summary(a) for a in product["artifacts"]],
        "Tags": tag_list(product["tags"]),
        "TagOptions": [tag_option_detail(option) for option in options],
        "Budgets": [],
    }


def list_portfolios_for_product(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListPortfoliosForProduct."""
    product = administered(caller, {"ProductId": request["ProductId"]})
    listed = [
        detail(portfolio)
        for portfolio in caller.own(state.portfolios)
        if product["id"] in portfolio["product_ids"]
    ]
    return page(listed, request, operation="ListPortfoliosForProduct", name="PortfolioDetails")


def list_artifacts(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListProvisioningArtifacts: all versions, also inactive ones."""
    product = administered(caller, {"ProductId": request["ProductId"]})
    return {
        "ProvisioningArtifactDetails": [_artifact_detail(a) for a in product["artifacts"]],
    }


def describe_artifact(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeProvisioningArtifact; ``Verbose`` adds the template's URL."""
    product = administered(caller, request)
    artifact = version(
        product,
        artifact_id=request.get("ProvisioningArtifactId"),
        name=request.get("ProvisioningArtifactName"),
    )
    answer: dict[str, Any] = {
        "ProvisioningArtifactDetail": _artifact_detail(artifact),
        "Info": {"TemplateUrl": artifact["url"]} if request.get("Verbose") else {},
        "Status": "AVAILABLE",
    }
    if request.get("IncludeProvisioningArtifactParameters"):
        answer["ProvisioningArtifactParameters"] = parameters_of(artifact["template"])
    return answer


def update_artifact(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_UpdateProvisioningArtifact: name, description, activity and guidance."""
    product = caller.get(state.products, request["ProductId"])
    if product is None:
        raise NotFoundError(f"Product {request['ProductId']} not found.")
    artifact = version(product, artifact_id=request["ProvisioningArtifactId"], name=None)
    for member, field in (
        ("Name", "name"),
        ("Description", "description"),
        ("Active", "active"),
        ("Guidance", "guidance"),
    ):
        if request.get(member) is not None:
            artifact[field] = request[member]  # type: ignore[literal-required]
    return {
        "ProvisioningArtifactDetail": _artifact_detail(artifact),
        "Info": {"TemplateUrl": artifact["url"]},
        "Status": "AVAILABLE",
    }


# The end user's operations.


def search(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_SearchProducts: what the caller's principal may launch."""
    found = [p for p in _offered_products(caller) if _matches(p, request.get("Filters") or {})]
    owners = dict.fromkeys(product["owner"] for product in found)
    answer = page(
        [
            view_summary(product, has_default_path=len(paths(caller, product["id"])) == 1)
            for product in _sorted(found, request)
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


def list_resources_for_tag_option(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListResourcesForTagOption: the portfolios and products it is associated with."""
    key = request["TagOptionId"]
    if caller.get(state.tag_options, key) is None:
        raise NotFoundError(f"TagOption {key} not found.")
    kind = request.get("ResourceType")
    holders = []
    if kind in (None, "Portfolio"):
        holders += [(p, portfolio_arn(p)) for p in caller.own(state.portfolios)]
    if kind in (None, "Product"):
        holders += [(p, arn(p)) for p in caller.own(state.products)]
    listed = [
        {
            "Id": holder["id"],
            "ARN": holder_arn,
            "Name": holder["name"],
            "Description": holder["description"],
            "CreatedTime": holder["created"],
        }
        for holder, holder_arn in holders
        if key in holder["tag_option_ids"]
    ]
    return page(
        listed,
        request,
        operation="ListResourcesForTagOption",
        name="ResourceDetails",
        token_name="PageToken",
    )
