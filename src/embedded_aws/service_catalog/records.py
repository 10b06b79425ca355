"""Provisioned products and records, looked up: one, a search, a history, the outputs.

What was terminated is no longer found; its records are.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
"""

from __future__ import annotations

from typing import Any

from . import launching, state
from .errors import InvalidParametersError, NotFoundError
from .paging import page
from .portfolios import tag_list
from .state import Caller, ProvisionedProduct, Record

TYPE = "CFN_STACK"


def named(
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


def record_detail(record: Record) -> dict[str, Any]:
    """The wire's ``RecordDetail``."""
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


def visible(caller: Caller, request: dict[str, Any], items: list[Any]) -> list[Any]:
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
    target = named(caller, request, "Id", "Name")
    detail = _filled({**_detail(target), "LaunchRoleArn": target["role_arn"]})
    return {"ProvisionedProductDetail": detail, "CloudWatchDashboards": []}


def search(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_SearchProvisionedProducts: every word of the query must be answered."""
    queries = (request.get("Filters") or {}).get("SearchQuery") or []
    found = [
        attributes
        for target in visible(caller, request, caller.own(state.provisioned))
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
    listed = visible(caller, request, caller.own(state.provisioned))
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
    return {"RecordDetail": record_detail(record), **answer}


def list_records(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListRecordHistory: newest first, also of what has been terminated."""
    found = visible(caller, request, caller.own(state.records))
    wanted = request.get("SearchFilter") or {}
    if wanted:
        fields = {"product": "product_id", "provisionedproduct": "provisioned_id"}
        field = fields.get(str(wanted.get("Key")).lower())
        if field is None:
            raise InvalidParametersError("SearchFilter Key must be product or provisionedproduct")
        found = [record for record in found if record[field] == wanted.get("Value")]
    return page(
        [record_detail(record) for record in reversed(found)],
        request,
        operation="ListRecordHistory",
        name="RecordDetails",
    )


def outputs(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_GetProvisionedProductOutputs: of the last launch or update that succeeded."""
    target = named(caller, request, "ProvisionedProductId", "ProvisionedProductName")
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
