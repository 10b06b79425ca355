"""``AWS::Route53::HealthCheck``, ``RecordSet`` and ``RecordSetGroup``, through Route 53's operations.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_Route53.html
"""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError

from .context import Made, Properties, here, known

_FIXED = ("Type", "MeasureLatency", "RequestInterval")
"""What of a health check can't be changed."""
_RECORD = (
    "AliasTarget",
    "Failover",
    "HealthCheckId",
    "Name",
    "Region",
    "ResourceRecords",
    "SetIdentifier",
    "TTL",
    "Type",
    "Weight",
)
_ZONE = ("HostedZoneId", "HostedZoneName")
_CONFIG = (
    "AlarmIdentifier",
    "Disabled",
    "EnableSNI",
    "FailureThreshold",
    "FullyQualifiedDomainName",
    "InsufficientDataHealthStatus",
    "Inverted",
    "MeasureLatency",
    "Port",
    "RequestInterval",
    "ResourcePath",
    "SearchString",
    "Type",
)


class HealthCheck:
    """A check on an alarm's data or on an endpoint."""

    TYPE = "AWS::Route53::HealthCheck"
    TAGS = "HealthCheckTags"
    PROPERTIES = ("HealthCheckConfig", "HealthCheckTags")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create the check and tag it."""
        self._known(properties)
        made = here("route53").create_health_check(
            CallerReference=str(uuid.uuid4()), HealthCheckConfig=properties["HealthCheckConfig"]
        )
        identifier: str = made["HealthCheck"]["Id"]
        self._tag(identifier, {}, properties)
        return identifier, {"HealthCheckId": identifier}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Change the check; another type or interval is another check."""
        self._known(new)
        before, after = old["HealthCheckConfig"], new["HealthCheckConfig"]
        if any(before.get(name) != after.get(name) for name in _FIXED):
            return self.create(logical_id, new, stack_name)
        settings = {name: value for name, value in after.items() if name not in _FIXED}
        here("route53").update_health_check(HealthCheckId=physical_id, **settings)
        self._tag(physical_id, old, new)
        return physical_id, {"HealthCheckId": physical_id}

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete the check."""
        route53 = here("route53")
        try:
            route53.delete_health_check(HealthCheckId=physical_id)
        except route53.exceptions.NoSuchHealthCheck:
            return

    def _known(self, properties: Properties) -> None:
        known(properties, self.PROPERTIES)
        known(properties["HealthCheckConfig"], _CONFIG)

    def _tag(self, identifier: str, old: Properties, new: Properties) -> None:
        before = {tag["Key"] for tag in old.get("HealthCheckTags", [])}
        wanted = new.get("HealthCheckTags", [])
        gone = before - {tag["Key"] for tag in wanted}
        changes = {"AddTags": wanted} if wanted else {}
        changes |= {"RemoveTagKeys": sorted(gone)} if gone else {}
        if changes:
            here("route53").change_tags_for_resource(
                ResourceType="healthcheck", ResourceId=identifier, **changes
            )


class RecordSet:
    """One record."""

    TYPE = "AWS::Route53::RecordSet"
    TAGS = ""
    PROPERTIES = (*_RECORD, *_ZONE, "Comment")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create the record, which must not be there."""
        known(properties, self.PROPERTIES)
        _change(properties, [("CREATE", properties)])
        name = _dotted(properties["Name"])
        return name, {"Name": name}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Old out and new in, at once; another zone or name is another record."""
        known(new, self.PROPERTIES)
        if any(old.get(name) != new.get(name) for name in (*_ZONE, "Name")):
            return self.create(logical_id, new, stack_name)
        _change(new, [("DELETE", old), ("CREATE", new)])
        return physical_id, {"Name": physical_id}

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete the record, if it is there."""
        _remove(properties, [properties])


class RecordSetGroup:
    """Records of one zone that change together."""

    TYPE = "AWS::Route53::RecordSetGroup"
    TAGS = ""
    PROPERTIES = ("Comment", "RecordSets", *_ZONE)

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create all records, or none."""
        self._known(properties)
        _change(properties, [("CREATE", record) for record in properties["RecordSets"]])
        identifier = f"{stack_name}-{logical_id}"
        return identifier, {"Id": identifier}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """What is gone or changed goes, what is new or changed comes, at once."""
        self._known(new)
        if any(old.get(name) != new.get(name) for name in _ZONE):
            _remove(old, old["RecordSets"])
            _change(new, [("CREATE", record) for record in new["RecordSets"]])
            return physical_id, {"Id": physical_id}
        before, after = old["RecordSets"], new["RecordSets"]
        changes = [("DELETE", record) for record in before if record not in after]
        changes += [("CREATE", record) for record in after if record not in before]
        if changes:
            _change(new, changes)
        return physical_id, {"Id": physical_id}

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete the records that are there."""
        _remove(properties, properties["RecordSets"])

    def _known(self, properties: Properties) -> None:
        known(properties, self.PROPERTIES)
        for record in properties["RecordSets"]:
            known(record, _RECORD)


TYPES = (HealthCheck(), RecordSet(), RecordSetGroup())


def _dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _zone(properties: Properties) -> str:
    if "HostedZoneId" in properties:
        identifier: str = properties["HostedZoneId"]
        return identifier
    name = _dotted(properties["HostedZoneName"])
    for zone in here("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"]:
        if zone["Name"] == name:
            found: str = zone["Id"].removeprefix("/hostedzone/")
            return found
    raise ValueError(f"No hosted zone named {name} found")


def _change(properties: Properties, changes: list[tuple[str, Properties]]) -> None:
    here("route53").change_resource_record_sets(
        HostedZoneId=_zone(properties),
        ChangeBatch={
            "Changes": [
                {"Action": action, "ResourceRecordSet": _record(record)}
                for action, record in changes
            ]
        },
    )


def _record(properties: Properties) -> dict[str, Any]:
    record = {name: properties[name] for name in _RECORD if name in properties}
    if "TTL" in record:
        record["TTL"] = int(record["TTL"])
    if "ResourceRecords" in record:
        record["ResourceRecords"] = [{"Value": str(value)} for value in record["ResourceRecords"]]
    if "AliasTarget" in record:
        record["AliasTarget"] = {"EvaluateTargetHealth": False, **record["AliasTarget"]}
    return record


def _remove(properties: Properties, records: list[Properties]) -> None:
    """Each by itself: what is gone already is no failure."""
    for record in records:
        try:
            _change(properties, [("DELETE", record)])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("InvalidChangeBatch", "NoSuchHostedZone"):
                raise
