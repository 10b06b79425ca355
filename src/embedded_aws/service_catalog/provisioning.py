"""Provisioned products and their records: launch, update, terminate, look up.

An operation that changes something answers with its record at once; `launching` does the work behind
it. A token belongs to one operation and one set of parameters: a repeat answers with the same record.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from . import launching, products, state
from .errors import InvalidParametersError, NotFoundError
from .paging import page
from .portfolios import tag_list
from .state import Caller, ProvisionedProduct, Record

TYPE = "CFN_STACK"
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
    path_id, portfolio = products.chosen_path(
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
    target = _named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
    if target["status"] not in _CHANGEABLE:
        raise InvalidParametersError(
            f"Provisioned product {target['id']} cannot be updated while its status is "
            f"{target['status']}"
        )
    named = {key: request.get(key) for key in ("ProductId", "ProductName")}
    if not any(named.values()):
        named["ProductId"] = target["product_id"]
    product = _launched_product(caller, named)
    if product["id"] != target["product_id"]:
        raise InvalidParametersError(
            f"Provisioned product {target['id']} was launched from product "
            f"{target['product_id']}, not from {product['id']}"
        )
    wanted_path = request.get("PathId")
    if not wanted_path and not request.get("PathName"):
        open_paths = products.paths(caller, product["id"])
        wanted_path = target["path_id"] if target["path_id"] in open_paths else None
    path_id, portfolio = products.chosen_path(
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
    target = _named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
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
    if product_id and not request.get("ProductName") and not products.paths(caller, product_id):
        raise NotFoundError(f"No launch paths found for resource: {product_id}")
    return products.offered(caller, product_id=product_id, name=request.get("ProductName"))


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
    return {"RecordDetail": _record_detail(caller.get(state.records, seen["record"]))}


def _remember(
    caller: Caller, operation: str, token: str, request: dict[str, Any], record: Record
) -> dict[str, Any]:
    seen = {"digest": _digest(request), "record": record["id"]}
    caller.put(state.tokens, f"{operation}:{token}", seen)
    return {"RecordDetail": _record_detail(record)}


# Looking up.


def _named(
    caller: Caller, request: dict[str, Any], key_member: str, name_member: str
) -> ProvisionedProduct:
    """The provisioned product that a request names by id, or by name or ARN."""
    key, name = request.get(key_member), request.get(name_member)
    if bool(key) == bool(name):
        raise InvalidParametersError(
            f"You must specify either {key_member} or {name_member}, but not both."
        )
    for target in caller.own(state.provisioned):
        if target["id"] == key or (name and name in (target["name"], launching.arn(target))):
            return target
    raise NotFoundError(f"Provisioned product {key or name} not found.")


def _filled(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without members that have nothing to say."""
    return {name: value for name, value in answer.items() if value not in ("", None)}


def _record_detail(record: Record) -> dict[str, Any]:
    return _filled(
        {
            "RecordId": record["id"],
            "ProvisionedProductName": record["provisioned_name"],
            "Status": record["status"],
            "CreatedTime": record["created"],
            "UpdatedTime": record["updated"],
            "ProvisionedProductType": TYPE,
            "RecordType": record["kind"],
            "ProvisionedProductId": record["provisioned_id"],
            "ProductId": record["product_id"],
            "ProvisioningArtifactId": record["artifact_id"],
            "PathId": record["path_id"],
            "RecordErrors": record["errors"],
            "RecordTags": tag_list(record["tags"]),
            "LaunchRoleArn": record["role_arn"],
        }
    )


def _detail(target: ProvisionedProduct) -> dict[str, Any]:
    """The members that ``ProvisionedProductDetail`` and ``...Attribute`` share."""
    return _filled(
        {
            "Name": target["name"],
            "Arn": launching.arn(target),
            "Type": TYPE,
            "Id": target["id"],
            "Status": target["status"],
            "StatusMessage": target["message"],
            "CreatedTime": target["created"],
            "IdempotencyToken": target["token"],
            "LastRecordId": target["last_record"],
            "LastProvisioningRecordId": target["last_provisioning_record"],
            "LastSuccessfulProvisioningRecordId": target.get("last_success"),
            "ProductId": target["product_id"],
            "ProvisioningArtifactId": target["artifact_id"],
        }
    )


def _attributes(target: ProvisionedProduct) -> dict[str, Any]:
    return _filled(
        {
            **_detail(target),
            "Tags": tag_list(target["tags"]),
            "PhysicalId": target["stack_id"],
            "ProductName": target["product_name"],
            "ProvisioningArtifactName": target["artifact_name"],
            "UserArn": target["user_arn"],
            "UserArnSession": target["user_arn_session"],
        }
    )


def _visible(caller: Caller, request: dict[str, Any], items: list[Any]) -> list[Any]:
    """What the access level shows: the account's, the role's, or (also without one) the user's."""
    level = request.get("AccessLevelFilter") or {"Key": "User", "Value": "self"}
    if level.get("Value", "self") != "self":
        raise InvalidParametersError("The only supported value of AccessLevelFilter is self")
    if level.get("Key") == "Account":
        return items
    if level.get("Key") == "Role":
        return [item for item in items if item["user_arn"] == caller.arn]
    return [item for item in items if item["user_arn_session"] == caller.session_arn]


def describe(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeProvisionedProduct: by id or by name."""
    target = _named(caller, request, "Id", "Name")
    detail = _filled({**_detail(target), "LaunchRoleArn": target["role_arn"]})
    return {"ProvisionedProductDetail": detail, "CloudWatchDashboards": []}


def search(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_SearchProvisionedProducts: every word of the query must be answered."""
    queries = (request.get("Filters") or {}).get("SearchQuery") or []
    found = [
        attributes
        for target in _visible(caller, request, caller.own(state.provisioned))
        for attributes in [_attributes(target)]
        if all(_answers(attributes, query) for query in queries)
    ]
    sort_by = request.get("SortBy")
    if sort_by:
        member = _SORTABLE.get(sort_by)
        if member is None:
            raise InvalidParametersError(f"SortBy {sort_by} is not one of {', '.join(_SORTABLE)}")
        found.sort(key=lambda attributes: str(attributes.get(member, "")))
    if request.get("SortOrder") == "DESCENDING":
        found.reverse()
    answer = page(found, request, operation="SearchProvisionedProducts", name="ProvisionedProducts")
    answer["TotalResultsCount"] = len(found)
    return answer


_SORTABLE = {
    "arn": "Arn",
    "id": "Id",
    "name": "Name",
    "lastRecordId": "LastRecordId",
    "createdTime": "CreatedTime",
}
_SEARCHABLE = {
    "arn": "Arn",
    "createdTime": "CreatedTime",
    "id": "Id",
    "lastRecordId": "LastRecordId",
    "idempotencyToken": "IdempotencyToken",
    "name": "Name",
    "physicalId": "PhysicalId",
    "productId": "ProductId",
    "productName": "ProductName",
    "provisioningArtifactId": "ProvisioningArtifactId",
    "provisioningArtifactName": "ProvisioningArtifactName",
    "type": "Type",
    "status": "Status",
    "userArn": "UserArn",
    "userArnSession": "UserArnSession",
    "lastProvisioningRecordId": "LastProvisioningRecordId",
    "lastSuccessfulProvisioningRecordId": "LastSuccessfulProvisioningRecordId",
}


def _answers(attributes: dict[str, Any], query: str) -> bool:
    """Whether a provisioned product answers ``field:value``, ``tags:value`` or a bare word."""
    field, colon, value = query.partition(":")
    if not colon:
        return any(query.lower() in str(attributes.get(m, "")).lower() for m in ("Name", "Id"))
    if field == "tags":
        return any(value in (tag["Key"], tag["Value"]) for tag in attributes["Tags"])
    if field not in _SEARCHABLE:
        raise InvalidParametersError(f"Search by {field} is not supported")
    return str(attributes.get(_SEARCHABLE[field], "")).lower() == value.strip('"').lower()


def scan(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ScanProvisionedProducts."""
    listed = _visible(caller, request, caller.own(state.provisioned))
    return page(
        [_detail(target) for target in listed],
        request,
        operation="ScanProvisionedProducts",
        name="ProvisionedProducts",
    )


def describe_record(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeRecord: the record, and its outputs in pages."""
    record = caller.get(state.records, request["Id"])
    if record is None:
        raise NotFoundError(f"Record {request['Id']} not found.")
    answer = page(record["outputs"], request, operation="DescribeRecord", name="RecordOutputs")
    return {"RecordDetail": _record_detail(record), **answer}


def list_records(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListRecordHistory: newest first, also of what has been terminated."""
    found = _visible(caller, request, caller.own(state.records))
    wanted = request.get("SearchFilter") or {}
    if wanted:
        fields = {"product": "product_id", "provisionedproduct": "provisioned_id"}
        field = fields.get(str(wanted.get("Key")).lower())
        if field is None:
            raise InvalidParametersError("SearchFilter Key must be product or provisionedproduct")
        found = [record for record in found if record[field] == wanted.get("Value")]
    return page(
        [_record_detail(record) for record in reversed(found)],
        request,
        operation="ListRecordHistory",
        name="RecordDetails",
    )


def outputs(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_GetProvisionedProductOutputs: of the last launch or update that succeeded."""
    target = _named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
    record = caller.get(state.records, target.get("last_success", ""))
    listed = record["outputs"] if record else []
    wanted = request.get("OutputKeys")
    if wanted:
        present = {output["OutputKey"] for output in listed}
        missing = [key for key in wanted if key not in present]
        if missing:
            raise InvalidParametersError(f"Output keys not found: {', '.join(missing)}")
        listed = [output for output in listed if output["OutputKey"] in wanted]
    return page(listed, request, operation="GetProvisionedProductOutputs", name="Outputs")
