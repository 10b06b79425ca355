"""What Route 53 answers to a name, by the records' routing policy and their health.

An alias is answered with the name it leads to, since there is no address to give here. There is no distance
either: of latency records the region answers that a control calls nearest, else the first by its name.

    POST /_embedded/nearest {"region": "us-west-2"}

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.core.responses import get_account_id, request_scope
from ministack.services import route53

from .. import controls
from ..extension import Response, on_reset, require
from . import health
from .records import FAILOVER, LATENCY, PRIMARY, WEIGHT
from .refusal import RefusedError, refusing
from .zones import Record, Zone, holding, normalised

PATH = "/2013-04-01/testdnsanswer"
_DEPTH = 8  # of aliases that lead to aliases
_nearest: list[str] = []

_zones = require(route53, "_zones")
_error = require(route53, "_error_response")
_response = require(route53, "_xml_response")
_name_servers = require(route53, "_DEFAULT_NS")
_handle = require(route53, "handle_request")


@dataclass(frozen=True)
class Answer:
    """An answer.

    Args:
        code: ``NOERROR``, or ``NXDOMAIN`` when the name has no record of any type.
        data: The records' values, or the name an alias leads to; empty when there are none of the
            type.
    """

    code: str
    data: tuple[str, ...] = ()


def install() -> None:
    """Answer TestDNSAnswer, which ministack does not know; once, before the server starts."""
    controls.register("nearest", nearest)
    on_reset(_nearest.clear)
    route53.handle_request = _answered


def nearest(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Which region is nearest to everyone from now on."""
    _nearest[:] = [str(asked["region"])]
    return {"region": _nearest[0]}


async def _answered(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    if method == "GET" and path == PATH:
        return refusing(test, error=_error)(query)
    answer: Response = await _handle(method, path, headers, body, query)
    return answer


def test(query: dict[str, Any]) -> Response:
    """TestDNSAnswer."""
    zone_id = _value(query, "hostedzoneid").rpartition("/")[2]
    name, kind = normalised(_value(query, "recordname")), _value(query, "recordtype")
    found = _zones.get(zone_id)
    if found is None:
        raise RefusedError(
            "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", status=404
        )
    zone = Zone(get_account_id(), zone_id, found["name"])
    if not zone.holds(name):
        raise RefusedError("InvalidInput", f"{name} does not lie in the zone {zone.name}")
    given = answer(zone, name, kind)

    def build(root: Element) -> None:
        SubElement(root, "Nameserver").text = _name_servers[0]
        SubElement(root, "RecordName").text = name
        SubElement(root, "RecordType").text = kind
        data = SubElement(root, "RecordData")
        for each in given.data:
            SubElement(data, "RecordDataEntry").text = each
        SubElement(root, "ResponseCode").text = given.code
        SubElement(root, "Protocol").text = "UDP"

    response: Response = _response("TestDNSAnswerResponse", build)
    return response


def anywhere(name: str, kind: str) -> Answer:
    """The answer of whichever account's public zone has the name."""
    name = normalised(name)
    for zone in holding(name):
        with request_scope(zone.account, "us-east-1"):
            found = answer(zone, name, kind)
        if found.code == "NOERROR":
            return found
    return Answer("NXDOMAIN")


def answer(zone: Zone, name: str, kind: str) -> Answer:
    """The answer that a zone gives; within its account's scope."""
    return _answer(zone.zone_id, zone.records(), name, kind, _DEPTH)


def _answer(zone_id: str, records: Sequence[Record], name: str, kind: str, depth: int) -> Answer:
    named = [each for each in records if each["Name"] == name]
    if not named:
        return Answer("NXDOMAIN")
    group = [each for each in named if each["Type"] in (kind, "CNAME")]
    if not group or not depth:
        return Answer("NOERROR")
    chosen = _chosen(zone_id, records, group, depth)
    alias = chosen.get("AliasTarget")
    if alias is None:
        return Answer("NOERROR", tuple(chosen["ResourceRecords"]))
    target = alias["DNSName"].lower()
    if alias["HostedZoneId"] == zone_id:
        return _answer(zone_id, records, target, kind, depth - 1)
    return Answer("NOERROR", (target.rstrip("."),))


def _chosen(zone_id: str, records: Sequence[Record], group: list[Record], depth: int) -> Record:
    """The record that answers; when none is healthy, Route 53 takes all of them for healthy."""
    good = [each for each in group if _is_healthy(zone_id, records, each, depth)]
    candidates = good or group
    if FAILOVER in group[0]:
        return min(candidates, key=lambda each: bool(each[FAILOVER] != PRIMARY))
    if LATENCY in group[0]:
        return min(candidates, key=lambda each: (each[LATENCY] not in _nearest, each[LATENCY]))
    if WEIGHT not in group[0]:
        return group[0]
    weights = [each[WEIGHT] for each in candidates]
    if not any(weights):
        return random.choice(candidates)
    return random.choices(candidates, weights)[0]


def _is_healthy(zone_id: str, records: Sequence[Record], record: Record, depth: int) -> bool:
    check, alias = record.get("HealthCheckId"), record.get("AliasTarget")
    if check and not health.healthy(check):
        return False
    if not alias or not alias["EvaluateTargetHealth"] or alias["HostedZoneId"] != zone_id:
        return True  # an API's domain has no health of its own
    targets = [
        each
        for each in records
        if (each["Name"], each["Type"]) == (alias["DNSName"].lower(), record["Type"])
    ]
    return depth > 0 and any(_is_healthy(zone_id, records, each, depth - 1) for each in targets)


def _value(query: dict[str, Any], name: str) -> str:
    value = query.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
