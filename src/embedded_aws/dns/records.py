"""ChangeResourceRecordSets, held to what Route 53 refuses.

A batch is applied to a copy of the zone first; only what leaves a zone that Route 53 would have is done.
Simple, weighted, failover and latency records exist here. Where Route 53's own words are known they are used.

See https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from ministack.core.responses import get_account_id
from ministack.services import route53

from ..extension import Response, require
from . import domains, health
from .refusal import RefusedError, refusing
from .zones import Record, Zone

Key = tuple[str, str, str]

PRIMARY, SECONDARY = "PRIMARY", "SECONDARY"
FAILOVER, WEIGHT, LATENCY = POLICIES = ("Failover", "Weight", "Region")
WORDS = {FAILOVER: "failover", WEIGHT: "weighted", LATENCY: "latency"}
KNOWN = (
    "AliasTarget",
    "HealthCheckId",
    "Name",
    "ResourceRecords",
    "SetIdentifier",
    "TTL",
    "Type",
    *POLICIES,
)
MOST = 255
_WILDCARDS = ("*", "\\052")

_zones = require(route53, "_zones")
_key = require(route53, "_rs_key")
_parse = require(route53, "_parse_record_set")
_parse_body = require(route53, "_parse_body")
_find = require(route53, "_find")
_findall = require(route53, "_findall")
_text = require(route53, "_text")
_error = require(route53, "_error_response")
_change = require(route53, "_change_resource_record_sets")


def install() -> None:
    """Put the operation in place; once, before the server starts."""
    route53._change_resource_record_sets = refusing(
        functools.partial(change, _change), error=_error
    )


def change(call: Callable[[str, bytes], Response], zone_id: str, body: bytes) -> Response:
    """ChangeResourceRecordSets."""
    root, found = _parse_body(body), _zones.get(zone_id)
    if root is not None and found is not None:
        _check(Zone(get_account_id(), zone_id, found["name"]), _changes(root))
    return call(zone_id, body)


def _changes(root: Element) -> Iterable[tuple[str, Element]]:
    batch = _find(root, "ChangeBatch")
    changes = _find(batch, "Changes") if batch is not None else None
    for each in () if changes is None else _findall(changes, "Change"):
        record = _find(each, "ResourceRecordSet")
        if record is not None:
            yield _text(each, "Action"), record


def _check(zone: Zone, changes: Iterable[tuple[str, Element]]) -> None:
    current: dict[Key, Record] = {_key(each): each for each in zone.records()}
    wanted: list[Record] = []
    for action, element in changes:
        record = _parse(element)
        key = _key(record)
        if action == "DELETE":
            current.pop(key, None)  # the operation itself says when it is not there
            continue
        if action == "CREATE" and key in current:
            told = f"Tried to create resource record set {_named(record)} but it already exists"
            raise RefusedError("InvalidChangeBatch", f"[{told}]")
        _check_form(element, record)
        _check_place(zone, record)
        current[key] = record
        wanted.append(record)
    for record in wanted:
        _check_neighbours(zone, record, [each for each in current.values() if each != record])
        _check_alias(zone, record, current.values())


def _check_form(element: Element, record: Record) -> None:
    where = f"in Change with [Name={record['Name']}, Type={record['Type']}]"
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name not in KNOWN:
            raise RefusedError(
                "InvalidInput",
                "The embedded AWS answers simple, weighted, failover and latency records: "
                f"{name} is none of theirs {where}",
            )
    alias, plain = "AliasTarget" in record, "TTL" in record and record.get("ResourceRecords")
    if alias == bool(plain) or (alias and ("TTL" in record or record.get("ResourceRecords"))):
        raise RefusedError(
            "InvalidInput",
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
            f"ResourceRecords], or TrafficPolicyInstanceId] {where}",
        )
    policies = [name for name in POLICIES if name in record]
    if len(policies) > 1 or bool(policies) != bool(record.get("SetIdentifier")):
        raise RefusedError(
            "InvalidInput",
            "Invalid request: Expected SetIdentifier together with exactly one of "
            f"[{', '.join(POLICIES)}] {where}",
        )
    if not 0 <= record.get("Weight", 0) <= MOST:
        raise RefusedError(
            "InvalidInput",
            f"Value '{record['Weight']}' at 'resourceRecordSet.weight' failed to satisfy "
            f"constraint: Member must have value between 0 and {MOST} {where}",
        )
    if record.get("Failover", PRIMARY) not in (PRIMARY, SECONDARY):
        raise RefusedError("InvalidInput", f"Failover is {PRIMARY} or {SECONDARY} {where}")


def _check_place(zone: Zone, record: Record) -> None:
    name = record["Name"]
    if any(each in name for each in _WILDCARDS):
        raise RefusedError("InvalidInput", f"The embedded AWS answers no wildcard: {name}")
    if not zone.holds(name):
        raise _refused(f"RRSet with DNS name {name} is not permitted in zone {zone.name}")
    if record["Type"] == "CNAME" and name == zone.name:
        raise _refused(
            f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {name}"
        )
    check = record.get("HealthCheckId")
    if check and check not in health.checks:
        raise RefusedError(
            "NoSuchHealthCheck", f"No health check exists with the specified ID {check}", status=404
        )


def _check_neighbours(zone: Zone, record: Record, others: list[Record]) -> None:
    same_name = [each for each in others if each["Name"] == record["Name"]]
    same = [each for each in same_name if each["Type"] == record["Type"]]
    if len(same) < len(same_name) and "CNAME" in (
        record["Type"],
        *(each["Type"] for each in same_name),
    ):
        raise _refused(
            f"RRSet of type {record['Type']} with DNS name {record['Name']} is not permitted as it "
            f"conflicts with other records with the same DNS name in zone {zone.name}"
        )
    told = f"RRSet with DNS name {record['Name']}, type {record['Type']}"
    if not record.get("SetIdentifier"):
        if same:
            raise _refused(
                f"{told} cannot be created as other RRSets exist with the same name and type"
            )
        return
    told = f"{told}, SetIdentifier {record['SetIdentifier']} cannot be created as"
    policy = next(each for each in POLICIES if each in record)
    if any(policy not in each for each in same):
        raise _refused(f"{told} a non-{WORDS[policy]} set exists with the same name and type")
    if policy != WEIGHT and record[policy] in [each[policy] for each in same]:
        raise _refused(f"{told} a {record[policy]} set exists with the same name and type")


def _check_alias(zone: Zone, record: Record, current: Iterable[Record]) -> None:
    """The name an alias leads to must be somebody's: a record of the zone or a custom domain's."""
    alias = record.get("AliasTarget")
    if alias is None:
        return
    target, target_zone = alias["DNSName"].lower(), alias["HostedZoneId"]
    told = (
        f"Tried to create an alias that targets {target}, type {record['Type']} in zone "
        f"{target_zone}, but"
    )
    if target_zone == zone.zone_id:
        inside = zone.holds(target)
        found = any(
            (each["Name"], each["Type"]) == (target, record["Type"])
            for each in current
            if each is not record
        )
    else:
        inside = domains.in_zone(target, target_zone)
        found = record["Type"] == "A" and domains.owner(target) is not None
    if not inside:
        raise _refused(f"{told} the alias target name does not lie within the target zone")
    if not found:
        raise _refused(f"{told} that target was not found")


def _named(record: Record) -> str:
    identifier = record.get("SetIdentifier")
    more = f", set-identifier='{identifier}'" if identifier else ""
    return f"[name='{record['Name']}', type='{record['Type']}'{more}]"


def _refused(message: str) -> RefusedError:
    return RefusedError("InvalidChangeBatch", f"[{message}]")
