"""``AWS::Route53::RecordSet``: a simple, weighted, failover or latency record of a zone that is there.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-route53-recordset.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known
from .zones import normalised

TYPE = "AWS::Route53::RecordSet"
TAGS = ""
COPIED = ("Failover", "HealthCheckId", "Region", "SetIdentifier", "Type", "Weight")
PROPERTIES = (
    "AliasTarget",
    "Comment",
    "HostedZoneId",
    "Name",
    "ResourceRecords",
    "TTL",
    *COPIED,
)

Record = dict[str, Any]


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it; another record in its place is not touched."""
    record = _record(properties)
    _change(properties, [{"Action": "CREATE", "ResourceRecordSet": record}])
    return _made(record)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Another zone or name is another record; everything else changes in one batch."""
    before, after = _record(old), _record(new)
    there = _there(new)
    if old["HostedZoneId"] != new["HostedZoneId"] or _made(after)[0] != physical_id:
        if after not in there:
            _change(new, [{"Action": "CREATE", "ResourceRecordSet": after}])
        if _made(after)[0] == physical_id:  # CloudFormation sees no replacement and deletes nothing
            _remove(old, exact=True)
        return _made(after)
    same = _identity(before) == _identity(after)
    changes = []
    if before in there and not same:
        changes.append({"Action": "DELETE", "ResourceRecordSet": before})
    if after not in there:
        action = "UPSERT" if same else "CREATE"
        changes.append({"Action": action, "ResourceRecordSet": after})
    if changes:
        _change(new, changes)
    return _made(after)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the record as it is now, if it is there."""
    _remove(properties, exact=False)


def _remove(properties: Properties, *, exact: bool) -> None:
    """Delete the record; an ``exact`` one only while it has these very values."""
    wanted = _record(properties)
    try:
        for each in _there(properties):
            if each == wanted or (not exact and _identity(each) == _identity(wanted)):
                _change(properties, [{"Action": "DELETE", "ResourceRecordSet": each}])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchHostedZone":
            raise


def _record(properties: Properties) -> Record:
    """The record as Route 53's API tells it."""
    known(properties, PROPERTIES)
    if not properties.get("HostedZoneId"):
        raise ValueError("The embedded AWS has records with HostedZoneId alone")
    record: Record = {each: properties[each] for each in COPIED if each in properties}
    record["Name"] = normalised(properties["Name"])
    if "TTL" in properties:
        record["TTL"] = int(properties["TTL"])
    if "ResourceRecords" in properties:
        record["ResourceRecords"] = [{"Value": each} for each in properties["ResourceRecords"]]
    if "AliasTarget" in properties:
        alias = properties["AliasTarget"]
        record["AliasTarget"] = {
            "HostedZoneId": alias["HostedZoneId"],
            "DNSName": normalised(alias["DNSName"]),
            "EvaluateTargetHealth": alias.get("EvaluateTargetHealth", False),
        }
    return record


def _there(properties: Properties) -> list[Record]:
    """The zone's records."""
    pages = here("route53").get_paginator("list_resource_record_sets")
    return [
        each
        for page in pages.paginate(HostedZoneId=properties["HostedZoneId"])
        for each in page["ResourceRecordSets"]
    ]


def _identity(record: Record) -> tuple[str, str, str]:
    return record["Name"], record["Type"], record.get("SetIdentifier", "")


def _change(properties: Properties, changes: list[dict[str, Any]]) -> None:
    batch: dict[str, Any] = {"Changes": changes}
    if properties.get("Comment"):
        batch["Comment"] = properties["Comment"]
    here("route53").change_resource_record_sets(
        HostedZoneId=properties["HostedZoneId"], ChangeBatch=batch
    )


def _made(record: Record) -> Made:
    return record["Name"].rstrip("."), {}
