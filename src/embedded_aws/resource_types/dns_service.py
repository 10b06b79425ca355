"""Route 53 as Route 53 answers it: what it refuses, the state of health checks, and answers to a query.

See https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.core.concurrency import run_reentrant
from ministack.services import route53

from ..extension import Response, require
from . import dns_health

Record = Mapping[str, Any]

_VERSION = "/2013-04-01"
_POLICIES = ("Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer", "CidrRoutingConfig")
_zones = require(route53, "_zones")
_records = require(route53, "_records")
_checks = require(route53, "_health_checks")
_handle = require(route53, "handle_request")
_change = require(route53, "_change_resource_record_sets")
_create_check = require(route53, "_create_health_check")
_update_check = require(route53, "_update_health_check")
_build_check = require(route53, "_build_health_check_el")
_parse_config = require(route53, "_parse_health_check_config")
_parse_body = require(route53, "_parse_body")
_parse_record = require(route53, "_parse_record_set")
_find = require(route53, "_find")
_find_all = require(route53, "_findall")
_text = require(route53, "_text")
_error = require(route53, "_error_response")
_answer = require(route53, "_xml_response")
_normalised = require(route53, "_normalise_name")


class Route53Error(ValueError):
    """Route 53 refuses a request; the text is Route 53's."""

    def __init__(self, message: str, code: str = "InvalidInput") -> None:
        super().__init__(message)
        self.code = code


def install() -> None:
    """Put the operations in place; once, before the server starts."""
    route53.handle_request = handle
    route53._change_resource_record_sets = _refusing(_check_changes, _change)
    route53._create_health_check = create_check
    route53._update_health_check = update_check
    route53._build_health_check_el = _described


async def handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    """The operations that ministack lacks, then its own."""
    parts = path.removeprefix(_VERSION).strip("/").split("/")
    if method == "GET" and parts == ["testdnsanswer"]:
        return await run_reentrant(_test_answer, query)  # type: ignore[no-any-return]
    if method == "GET" and parts[0] == "healthcheck" and parts[2:] == ["status"]:
        return await run_reentrant(_status, parts[1])  # type: ignore[no-any-return]
    answer: Response = await _handle(method, path, headers, body, query)
    return answer


def create_check(body: bytes) -> Response:
    """CreateHealthCheck."""
    root = _parse_body(body)
    element = None if root is None else _find(root, "HealthCheckConfig")
    try:
        alarm = dns_health.settle(_parse_config(element) if element is not None else {})
    except ValueError as refused:
        error: Response = _error("InvalidInput", str(refused))
        return error
    answer: Response = _create_check(body)
    for check in _checks.values():
        if check["caller_reference"] == _text(root, "CallerReference"):
            check["alarm"] = alarm
    return answer


def update_check(check_id: str, body: bytes) -> Response:
    """UpdateHealthCheck; the alarm's settings are copied anew."""
    root, check = _parse_body(body), _checks.get(check_id)
    if check is not None and root is not None:
        try:
            check["alarm"] = dns_health.settle({**check["config"], **_parse_config(root)})
        except ValueError as refused:
            error: Response = _error("InvalidInput", str(refused))
            return error
    answer: Response = _update_check(check_id, body)
    return answer


def _described(parent: Element, check: dict[str, Any]) -> None:
    _build_check(parent, check)
    dns_health.describe(parent[-1], check)


def _status(check_id: str) -> Response:
    check = _checks.get(check_id)
    if check is None:
        missing = f"No health check exists with the specified ID {check_id}."
        error: Response = _error("NoSuchHealthCheck", missing, 404)
        return error
    _, text = dns_health.status(check)

    def build(root: Element) -> None:
        seen = SubElement(SubElement(root, "HealthCheckObservations"), "HealthCheckObservation")
        SubElement(seen, "Region").text = "us-east-1"
        SubElement(seen, "IPAddress").text = "127.0.0.1"
        report = SubElement(seen, "StatusReport")
        SubElement(report, "Status").text = text
        SubElement(report, "CheckedTime").text = datetime.now(UTC).isoformat()

    answer: Response = _answer("GetHealthCheckStatusResponse", build)
    return answer


def _test_answer(query: Mapping[str, Any]) -> Response:
    """TestDNSAnswer: the record that a resolver would get."""
    asked = {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
    zone, kind = asked["hostedzoneid"], asked["recordtype"]
    name = _normalised(asked["recordname"])
    if zone not in _zones:
        error: Response = _error("NoSuchHostedZone", f"No hosted zone found with ID: {zone}", 404)
        return error
    record = chosen([r for r in _records[zone] if (r["Name"], r["Type"]) == (name, kind)])
    values: list[str] = []
    if record is not None:
        alias = record.get("AliasTarget")
        values = [alias["DNSName"]] if alias else list(record["ResourceRecords"])

    def build(root: Element) -> None:
        for tag, text in (("Nameserver", "ns-1.awsdns-1.com"), ("RecordName", name)):
            SubElement(root, tag).text = text
        SubElement(root, "RecordType").text = kind
        data = SubElement(root, "RecordData")
        for value in values:
            SubElement(data, "RecordDataEntry").text = value
        SubElement(root, "ResponseCode").text = "NOERROR" if values else "NXDOMAIN"
        SubElement(root, "Protocol").text = "UDP"

    answer: Response = _answer("TestDNSAnswerResponse", build)
    return answer


def chosen(records: list[Record]) -> Record | None:
    """The record that answers; of several weighted ones the heaviest."""
    if not records or not any(name in records[0] for name in ("Failover", "Weight")):
        return records[0] if records else None
    healthy = [record for record in records if _is_healthy(record)]
    if "Failover" in records[0]:
        ordered = sorted(healthy or records, key=lambda record: record["Failover"])
        return ordered[0]  # PRIMARY before SECONDARY
    weighted = [record for record in healthy if record["Weight"]]
    return max(weighted or healthy or records, key=lambda record: record["Weight"])


def _is_healthy(record: Record) -> bool:
    """A record without a check counts as healthy."""
    check = _checks.get(record.get("HealthCheckId", ""))
    return check is None or dns_health.status(check)[0]


def _refusing(
    check: Callable[[str, Element], None], operation: Callable[[str, bytes], Response]
) -> Callable[[str, bytes], Response]:
    def run(zone_id: str, body: bytes) -> Response:
        root = _parse_body(body)
        try:
            if root is not None and zone_id in _zones:
                check(zone_id, root)
        except Route53Error as refused:
            error: Response = _error(refused.code, str(refused))
            return error
        return operation(zone_id, body)

    return run


def _check_changes(zone_id: str, root: Element) -> None:
    batch = _find(_find(root, "ChangeBatch"), "Changes")
    current = {_key(record): record for record in _records[zone_id]}
    changes = [
        (_text(each, "Action"), _parse_record(_find(each, "ResourceRecordSet")))
        for each in _find_all(batch, "Change")
    ]
    for action, record in changes:
        if action == "DELETE":
            current.pop(_key(record), None)
            continue
        told = f"Change with [Action={action}, Name={record['Name']}, Type={record['Type']}, SetIdentifier={record.get('SetIdentifier', 'null')}]"
        _check_record(record, told, _zones[zone_id]["name"])
        current.setdefault(_key(record), record)
        _check_beside(record, [each for each in current.values() if _key(each) != _key(record)])


def _key(record: Record) -> tuple[str, str, str]:
    return record["Name"], record["Type"], record.get("SetIdentifier", "")


def _check_record(record: Record, told: str, zone: str) -> None:
    if not f".{record['Name']}".endswith(f".{zone}"):
        raise Route53Error(
            f"RRSet with DNS name {record['Name']} is not permitted in zone {zone}",
            "InvalidChangeBatch",
        )
    if bool(record.get("AliasTarget")) == bool(record.get("ResourceRecords") or "TTL" in record):
        raise Route53Error(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
            "ResourceRecords], or TrafficPolicyInstanceId], but found "
            f"{'more than one' if record.get('AliasTarget') else 'none'} in {told}"
        )
    if not record.get("AliasTarget") and not (record.get("ResourceRecords") and "TTL" in record):
        raise Route53Error(f"Invalid request: Missing field 'TTL' or 'ResourceRecords' in {told}")
    policies = [name for name in _POLICIES if name in record]
    if policies and not record.get("SetIdentifier"):
        raise Route53Error(f"Invalid request: Missing field 'SetIdentifier' in {told}")
    if bool(record.get("SetIdentifier")) != (len(policies) == 1):
        raise Route53Error(
            f"Invalid request: Expected exactly one of [{', '.join(_POLICIES)}], but found "
            f"{'more than one' if policies else 'none'} in {told}"
        )
    check = record.get("HealthCheckId")
    if check and check not in _checks:
        raise Route53Error(f"A health check with id {check} does not exist.", "NoSuchHealthCheck")


def _check_beside(record: Record, others: list[Record]) -> None:
    """Records of one name and type share one policy, and only one is the primary."""
    policy = [name for name in _POLICIES if name in record]
    for other in others:
        if _key(other)[:2] != _key(record)[:2]:
            continue
        where = f"RRSet with DNS name {record['Name']}, type {record['Type']}"
        if [name for name in _POLICIES if name in other] != policy:
            raise Route53Error(
                f"{where} cannot be created as other RRSets exist with the same name and type "
                "and another routing policy",
                "InvalidChangeBatch",
            )
        if policy == ["Failover"] and other["Failover"] == record["Failover"]:
            raise Route53Error(
                f"{where}, failover {record['Failover']} cannot be created as one exists already",
                "InvalidChangeBatch",
            )
