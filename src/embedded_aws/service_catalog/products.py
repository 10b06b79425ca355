"""Products and their versions, as the administrator keeps them.

The operations see the account's own products and those of the portfolios it has accepted, with all
versions; what an end user finds is in `browsing`.
https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_products.html
"""

from __future__ import annotations

from typing import Any

from . import state
from .errors import InUseError, InvalidParametersError, NotFoundError
from .paging import page
from .portfolios import arn as portfolio_arn
from .portfolios import detail, is_shared_with, reachable, tag_list, tag_option_detail
from .state import Artifact, Caller, Product
from .templates import parameters_of

ARTIFACTS_MAX = 100
TYPE = "CLOUD_FORMATION_TEMPLATE"


def arn(product: Product) -> str:
    """The product's ARN."""
    return f"arn:aws:catalog:{product['region']}:{product['account']}:product/{product['id']}"


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


# What is found.


def administered(caller: Caller, request: dict[str, Any]) -> Product:
    """The product a request names by id or name, among those the account may administer."""
    key, name = request.get("ProductId"), request.get("ProductName")
    check_one(key, name, "ProductId", "ProductName")
    for product in _administered_products(caller):
        if product["id"] == key or (name and product["name"] == name):
            return product
    raise NotFoundError(
        f"Product {key} not found." if key else f"Product with name {name} not found."
    )


def _administered_products(caller: Caller) -> list[Product]:
    shared = {
        product_id
        for (_, region, _), portfolio in state.portfolios.all_items()
        if region == caller.region and is_shared_with(portfolio, caller)
        for product_id in portfolio["product_ids"]
    }
    return [
        *caller.own(state.products),
        *(caller.anywhere(state.products, product_id) for product_id in sorted(shared)),
    ]


def version(product: Product, *, artifact_id: str | None, name: str | None) -> Artifact:
    """The version a request names by id or by name."""
    check_one(artifact_id, name, "ProvisioningArtifactId", "ProvisioningArtifactName")
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


def check_one(key: str | None, name: str | None, key_member: str, name_member: str) -> None:
    """Refuse a request that names something both by id and by name, or by neither."""
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


def artifact_summary(artifact: Artifact) -> dict[str, Any]:
    """The wire's ``ProvisioningArtifactSummary``."""
    return {
        "Id": artifact["id"],
        "Name": artifact["name"],
        "Description": artifact["description"],
        "CreatedTime": artifact["created"],
    }


def _artifact_detail(artifact: Artifact) -> dict[str, Any]:
    return {
        **artifact_summary(artifact),
        "Type": TYPE,
        "Active": artifact["active"],
        "Guidance": artifact["guidance"],
    }


def matches(product: Product, filters: dict[str, list[str]]) -> bool:
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


def ordered(products: list[Product], request: dict[str, Any]) -> list[Product]:
    """The products as ``SortBy`` and ``SortOrder`` want them; by title without."""
    keys = {
        "Title": lambda product: product["name"],
        "VersionCount": lambda product: len(product["artifacts"]),
        "CreationDate": lambda product: product["created"],
    }
    in_order = sorted(products, key=keys[request.get("SortBy") or "Title"])
    return in_order[::-1] if request.get("SortOrder") == "DESCENDING" else in_order


# The administrator's operations.


def search_as_admin(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_SearchProductsAsAdmin: of the account, or of one portfolio."""
    found = _administered_products(caller)
    if request.get("PortfolioId"):
        inside = reachable(caller, request["PortfolioId"])["product_ids"]
        found = [product for product in found if product["id"] in inside]
    found = [product for product in found if matches(product, request.get("Filters") or {})]
    return page(
        [_view_detail(product) for product in ordered(found, request)],
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
        "ProvisioningArtifactSummaries": [artifact_summary(a) for a in product["artifacts"]],
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
