"""Provisioned products: launch, update, terminate.

An operation that changes something answers with its record at once; `launching` does the work behind
it. A token belongs to one operation and one set of parameters: a repeat answers with the same record.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html
"""

from __future__ import annotations

from typing import Any

from . import launching, ordering, state, tokens
from .errors import InvalidParametersError
from .ordering import CHANGEABLE
from .records import named, record_detail
from .state import Caller, ProvisionedProduct, Record


def provision(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ProvisionProduct."""
    token = request["ProvisionToken"]
    if repeated := _repeated(caller, "ProvisionProduct", token, request):
        return repeated
    for member in ("ProvisioningPreferences", "NotificationArns"):
        if request.get(member):
            raise InvalidParametersError(f"{member} is not supported for this product")
    choice = ordering.for_launch(caller, request)
    target = ordering.new_target(caller, request, choice, status="UNDER_CHANGE", token=token)
    record = _new_record(
        caller,
        target,
        kind="PROVISION_PRODUCT",
        product_id=choice.product["id"],
        artifact_id=choice.artifact["id"],
        path_id=choice.path_id,
    )
    target["last_provisioning_record"] = record["id"]
    caller.put(state.provisioned, target["id"], target)
    launching.start_provision(_order(caller, request, choice, target, record), record)
    return _remember(caller, "ProvisionProduct", token, request, record)


def update(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_UpdateProvisionedProduct: to another version, or with other parameters."""
    token = request["UpdateToken"]
    if repeated := _repeated(caller, "UpdateProvisionedProduct", token, request):
        return repeated
    if request.get("ProvisioningPreferences"):
        raise InvalidParametersError("ProvisioningPreferences is not supported for this product")
    if request.get("Tags"):
        raise InvalidParametersError(
            "Tag updates are not allowed: the product has no RESOURCE_UPDATE constraint"
        )
    target = named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
    if target["status"] not in CHANGEABLE:
        raise InvalidParametersError(
            f"Provisioned product {target['id']} cannot be updated while its status is "
            f"{target['status']}"
        )
    choice = ordering.for_update(caller, request, target)
    record = _new_record(
        caller,
        target,
        kind="UPDATE_PROVISIONED_PRODUCT",
        product_id=choice.product["id"],
        artifact_id=choice.artifact["id"],
        path_id=choice.path_id,
    )
    target["last_provisioning_record"] = record["id"]
    launching.start_update(_order(caller, request, choice, target, record), record)
    return _remember(caller, "UpdateProvisionedProduct", token, request, record)


def terminate(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_TerminateProvisionedProduct."""
    operation, token = "TerminateProvisionedProduct", request["TerminateToken"]
    if repeated := _repeated(caller, operation, token, request):
        return repeated
    target = named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
    if target["status"] not in (*CHANGEABLE, "ERROR"):
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


def _order(
    caller: Caller,
    request: dict[str, Any],
    choice: ordering.Choice,
    target: ProvisionedProduct,
    record: Record,
) -> launching.Order:
    return launching.Order(
        caller=caller,
        target=target,
        record=record,
        product=choice.product,
        artifact=choice.artifact,
        portfolio=choice.portfolio,
        parameters=ordering.parameters(request),
    )


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


def _repeated(
    caller: Caller, operation: str, token: str, request: dict[str, Any]
) -> dict[str, Any] | None:
    seen = tokens.repeated(caller, operation, token, request)
    return seen and {"RecordDetail": record_detail(caller.get(state.records, seen))}


def _remember(
    caller: Caller, operation: str, token: str, request: dict[str, Any], record: Record
) -> dict[str, Any]:
    tokens.remember(caller, operation, token, request, record["id"])
    return {"RecordDetail": record_detail(record)}
