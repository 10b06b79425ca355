"""Provisioned products: launch, update, terminate.

An operation that changes something answers with its record at once; `launching` does the work behind
it. A token belongs to one operation and one set of parameters: a repeat answers with the same record.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from . import browsing, launching, products, state
from .errors import InvalidParametersError, NotFoundError
from .records import named, record_detail
from .state import Caller, ProvisionedProduct, Record

_CHANGEABLE = ("AVAILABLE", "TAINTED")


# Changing.


def provision(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ProvisionProduct."""
    if repeated := _repeated(caller, "ProvisionProduct", request["ProvisionToken"], request):
        return repeated
    for member in ("ProvisioningPreferences", "NotificationArns"):
        if request.get(member):
            raise InvalidParametersError(f"{member} is not supported for this product")
    product = _launched_product(caller, request)
    path_id, portfolio = browsing.chosen_path(
        caller, product, path_id=request.get("PathId"), name=request.get("PathName")
    )
    artifact = products.version(
        product,
        artifact_id=request.get("ProvisioningArtifactId"),
        name=request.get("ProvisioningArtifactName"),
    )
    if not artifact["active"]:
        raise NotFoundError(f"ProvisioningArtifact {artifact['id']} not found.")
    if artifact["guidance"] == "DEPRECATED":
        raise InvalidParametersError(
            f"ProvisioningArtifact {artifact['id']} is DEPRECATED and cannot be used to provision "
            "a new product"
        )
    name = request["ProvisionedProductName"]
    if any(target["name"] == name for target in caller.own(state.provisioned)):
        raise InvalidParametersError(f"A stack named {name} already exists.")

    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
    _check_tags(tags)
    target: ProvisionedProduct = {
        "id": state.new_id("pp"),
        "account": caller.account,
        "region": caller.region,
        "name": name,
        "status": "UNDER_CHANGE",
        "message": "",
        "created": state.now(),
        "token": request["ProvisionToken"],
        "product_id": product["id"],
        "product_name": product["name"],
        "artifact_id": artifact["id"],
        "artifact_name": artifact["name"],
        "path_id": path_id,
        "user_arn": caller.arn,
        "user_arn_session": caller.session_arn,
        "role_arn": "",
        "requested_tags": tags,
        "tags": tags,
        "stack_id": "",
        "last_record": "",
        "last_provisioning_record": "",
    }
    record = _new_record(
        caller,
        target,
        kind="PROVISION_PRODUCT",
        product_id=product["id"],
        artifact_id=artifact["id"],
        path_id=path_id,
    )
    target["last_provisioning_record"] = record["id"]
    caller.put(state.provisioned, target["id"], target)
    launching.start_provision(
        launching.Order(
            caller=caller,
            target=target,
            record=record,
            product=product,
            artifact=artifact,
            portfolio=portfolio,
            parameters=_parameters(request),
        )
    )
    return _remember(caller, "ProvisionProduct", request["ProvisionToken"], request, record)


def update(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_UpdateProvisionedProduct: to another version, or with other parameters."""
    if repeated := _repeated(caller, "UpdateProvisionedProduct", request["UpdateToken"], request):
        return repeated
    if request.get("ProvisioningPreferences"):
        raise InvalidParametersError("ProvisioningPreferences is not supported for this product")
    if request.get("Tags"):
        raise InvalidParametersError(
            "Tag updates are not allowed: the product has no RESOURCE_UPDATE constraint"
        )
    target = named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
    if target["status"] not in _CHANGEABLE:
        raise InvalidParametersError(
            f"Provisioned product {target['id']} cannot be updated while its status is "
            f"{target['status']}"
        )
    wanted = {key: request.get(key) for key in ("ProductId", "ProductName")}
    if not any(wanted.values()):
        wanted["ProductId"] = target["product_id"]
    product = _launched_product(caller, wanted)
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
    if not artifact["active"]:
        raise NotFoundError(f"ProvisioningArtifact {artifact['id']} not found.")
    record = _new_record(
        caller,
        target,
        kind="UPDATE_PROVISIONED_PRODUCT",
        product_id=product["id"],
        artifact_id=artifact["id"],
        path_id=path_id,
    )
    target["last_provisioning_record"] = record["id"]
    launching.start_update(
        launching.Order(
            caller=caller,
            target=target,
            record=record,
            product=product,
            artifact=artifact,
            portfolio=portfolio,
            parameters=_parameters(request),
        )
    )
    return _remember(caller, "UpdateProvisionedProduct", request["UpdateToken"], request, record)


def terminate(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_TerminateProvisionedProduct."""
    operation, token = "TerminateProvisionedProduct", request["TerminateToken"]
    if repeated := _repeated(caller, operation, token, request):
        return repeated
    target = named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
    if target["status"] not in (*_CHANGEABLE, "ERROR"):
        raise InvalidParametersError(
            f"Provisioned product {target['id']} cannot be terminated while its status is "
            f"{target['status']}"
        )
    record = _new_record(
        caller,
        target,
        kind="TERMINATE_PROVISIONED_PRODUCT",
        product_id=target["product_id"],
        artifact_id=target["artifact_id"],
        path_id=target["path_id"],
    )
    launching.start_terminate(
        caller,
        target,
        record,
        ignore_errors=bool(request.get("IgnoreErrors")),
        retain=bool(request.get("RetainPhysicalResources")),
    )
    return _remember(caller, operation, token, request, record)


def _launched_product(caller: Caller, request: dict[str, Any]) -> state.Product:
    """The product to launch; without a path to it, AWS says that the path is missing."""
    product_id = request.get("ProductId")
    if product_id and not request.get("ProductName") and not browsing.paths(caller, product_id):
        raise NotFoundError(f"No launch paths found for resource: {product_id}")
    return browsing.offered(caller, product_id=product_id, name=request.get("ProductName"))


def _check_tags(tags: dict[str, str]) -> None:
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParametersError(
                f"Tag key {key} is reserved: the aws: prefix cannot be used"
            )


def _parameters(request: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"ParameterKey": given["Key"], "UsePreviousValue": True}
        if given.get("UsePreviousValue")
        else {"ParameterKey": given["Key"], "ParameterValue": given.get("Value", "")}
        for given in request.get("ProvisioningParameters") or []
    ]


def _new_record(
    caller: Caller,
    target: ProvisionedProduct,
    *,
    kind: str,
    product_id: str,
    artifact_id: str,
    path_id: str,
) -> Record:
    moment = state.now()
    record: Record = {
        "id": state.new_id("rec"),
        "kind": kind,
        "status": "CREATED",
        "created": moment,
        "updated": moment,
        "provisioned_id": target["id"],
        "provisioned_name": target["name"],
        "product_id": product_id,
        "artifact_id": artifact_id,
        "path_id": path_id,
        "role_arn": target["role_arn"],
        "tags": target["tags"],
        "errors": [],
        "outputs": [],
        "user_arn": caller.arn,
        "user_arn_session": caller.session_arn,
    }
    caller.put(state.records, record["id"], record)
    return record


# Tokens.


def _digest(request: dict[str, Any]) -> str:
    text = json.dumps(request, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _repeated(
    caller: Caller, operation: str, token: str, request: dict[str, Any]
) -> dict[str, Any] | None:
    """The answer of the first call with this token; None when there was none.

    Raises:
        InvalidParametersError: The first call had other parameters.
    """
    seen = caller.get(state.tokens, f"{operation}:{token}")
    if seen is None:
        return None
    if seen["digest"] != _digest(request):
        raise InvalidParametersError(
            f"The idempotency token {token} was used before with different parameters"
        )
    return {"RecordDetail": record_detail(caller.get(state.records, seen["record"]))}


def _remember(
    caller: Caller, operation: str, token: str, request: dict[str, Any], record: Record
) -> dict[str, Any]:
    seen = {"digest": _digest(request), "record": record["id"]}
    caller.put(state.tokens, f"{operation}:{token}", seen)
    return {"RecordDetail": record_detail(record)}
