"""What a launch or an update names, found and held to the rules that hold before any work begins.

`provisioning` goes on from here with a record, `plans` with a change set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import browsing, products, state
from .errors import InvalidParametersError, NotFoundError
from .state import Artifact, Caller, Portfolio, Product, ProvisionedProduct

CHANGEABLE = ("AVAILABLE", "TAINTED")


@dataclass(frozen=True)
class Choice:
    """A version of a product, reached through a portfolio by a launch path."""

    product: Product
    artifact: Artifact
    portfolio: Portfolio
    path_id: str


def for_launch(caller: Caller, request: dict[str, Any]) -> Choice:
    """What a launch names.

    Raises:
        NotFoundError: Product, version or path is not there for the caller.
        InvalidParametersError: The version is deprecated, or the name is taken.
    """
    product = _product(caller, request)
    path_id, portfolio = browsing.chosen_path(
        caller, product, path_id=request.get("PathId"), name=request.get("PathName")
    )
    artifact = _active(
        products.version(
            product,
            artifact_id=request.get("ProvisioningArtifactId"),
            name=request.get("ProvisioningArtifactName"),
        )
    )
    if artifact["guidance"] == "DEPRECATED":
        raise InvalidParametersError(
            f"ProvisioningArtifact {artifact['id']} is DEPRECATED and cannot be used to provision "
            "a new product"
        )
    name = request["ProvisionedProductName"]
    if any(target["name"] == name for target in caller.own(state.provisioned)):
        raise InvalidParametersError(f"A stack named {name} already exists.")
    return Choice(product, artifact, portfolio, path_id)


def for_update(caller: Caller, request: dict[str, Any], target: ProvisionedProduct) -> Choice:
    """What an update of ``target`` names; what it does not name stays.

    Raises:
        NotFoundError: Product, version or path is not there for the caller.
        InvalidParametersError: It is another product.
    """
    wanted = {key: request.get(key) for key in ("ProductId", "ProductName")}
    if not any(wanted.values()):
        wanted["ProductId"] = target["product_id"]
    product = _product(caller, wanted)
    if product["id"] != target["product_id"]:
        raise InvalidParametersError(
            f"Provisioned product {target['id']} was launched from product "
            f"{target['product_id']}, not from {product['id']}"
        )
    wanted_path = request.get("PathId")
    if not wanted_path and not request.get("PathName"):
        open_paths = browsing.paths(caller, product["id"])
        wanted_path = target["path_id"] if target["path_id"] in open_paths else None
    path_id, portfolio = browsing.chosen_path(
        caller, product, path_id=wanted_path, name=request.get("PathName")
    )
    artifact_name = request.get("ProvisioningArtifactName")
    artifact = products.version(
        product,
        artifact_id=request.get("ProvisioningArtifactId")
        or (None if artifact_name else target["artifact_id"]),
        name=artifact_name,
    )
    return Choice(product, _active(artifact), portfolio, path_id)


def new_target(
    caller: Caller, request: dict[str, Any], choice: Choice, *, status: str, token: str
) -> ProvisionedProduct:
    """A provisioned product that is not there yet, under the name that is asked for.

    Raises:
        InvalidParametersError: A tag's key is reserved.
    """
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParametersError(
                f"Tag key {key} is reserved: the aws: prefix cannot be used"
            )
    return {
        "id": state.new_id("pp"),
        "account": caller.account,
        "region": caller.region,
        "name": request["ProvisionedProductName"],
        "status": status,
        "message": "",
        "created": state.now(),
        "token": token,
        "product_id": choice.product["id"],
        "product_name": choice.product["name"],
        "artifact_id": choice.artifact["id"],
        "artifact_name": choice.artifact["name"],
        "path_id": choice.path_id,
        "user_arn": caller.arn,
        "user_arn_session": caller.session_arn,
        "role_arn": "",
        "requested_tags": tags,
        "tags": tags,
        "stack_id": "",
        "last_record": "",
        "last_provisioning_record": "",
    }


def parameters(request: dict[str, Any]) -> list[dict[str, Any]]:
    """CloudFormation's list of the request's parameters."""
    return [
        {"ParameterKey": given["Key"], "UsePreviousValue": True}
        if given.get("UsePreviousValue")
        else {"ParameterKey": given["Key"], "ParameterValue": given.get("Value", "")}
        for given in request.get("ProvisioningParameters") or []
    ]


def _product(caller: Caller, request: dict[str, Any]) -> Product:
    """The product to launch; without a path to it, AWS says that the path is missing."""
    product_id = request.get("ProductId")
    if product_id and not request.get("ProductName") and not browsing.paths(caller, product_id):
        raise NotFoundError(f"No launch paths found for resource: {product_id}")
    return browsing.offered(caller, product_id=product_id, name=request.get("ProductName"))


def _active(artifact: Artifact) -> Artifact:
    if not artifact["active"]:
        raise NotFoundError(f"ProvisioningArtifact {artifact['id']} not found.")
    return artifact
