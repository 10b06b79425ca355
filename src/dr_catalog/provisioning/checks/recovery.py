"""State tables, probes, detection and the state machine, asked of the services that hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ... import names
from .model import Check, Launch, check

LAYER = "recovery"
NO_WITNESS = "none"


def recovery(launch: Launch, region: str) -> Iterator[Check]:
    """What both regions have, and in the peer what recovers."""
    yield _state(launch, region)
    yield _probe(launch, region)
    if region == launch.peer_region:
        yield _machine(launch, region)
        yield _function(launch, region)
        witness = launch.told(LAYER, region).get("witness-region", NO_WITNESS)
        if witness != NO_WITNESS:
            yield _probe(launch, witness)
        yield _detection(launch, region, witness)


def _state(launch: Launch, region: str) -> Check:
    dynamodb, name = launch.client("dynamodb", region), launch.told(LAYER, region)["state-table"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    recovers = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    point = recovers["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return check(
        LAYER,
        name,
        region,
        {
            "customer key": table.get("SSEDescription", {}).get("KMSMasterKeyArn")
            == launch.key_arn(region),
            "point-in-time recovery": point == "ENABLED",
            "in this region alone": not table.get("Replicas"),
        },
    )


def _probe(launch: Launch, region: str) -> Check:
    name = names.PROBE.of(suffix=launch.suffix)
    settings = _settings(launch, name, region)
    return check(
        LAYER,
        name,
        region,
        {
            "asks the launch region": settings["ENDPOINT"] == launch.endpoints[launch.region],
            "tells the peer": settings["PEER_REGION"] == launch.peer_region,
            "every minute": _calls(launch, name, region) == [f"function:{name}"],
        },
    )


def _machine(launch: Launch, region: str) -> Check:
    machine = launch.client("stepfunctions", region).describe_state_machine(
        stateMachineArn=launch.told(LAYER, region)["state-machine-arn"]
    )
    log = names.RECOVERY_LOG.of(suffix=launch.suffix)
    logged = machine["loggingConfiguration"]
    (group,) = [
        each
        for each in launch.client("logs", region).describe_log_groups(logGroupNamePrefix=log)[
            "logGroups"
        ]
        if each["logGroupName"] == log
    ]
    return check(
        LAYER,
        machine["name"],
        region,
        {
            "names no other region": launch.region not in machine["definition"],
            "customer key": machine["encryptionConfiguration"].get("kmsKeyId")
            == launch.key_arn(region),
            f"logs {logged['level']}": log in json.dumps(logged.get("destinations", [])),
            f"for {group.get('retentionInDays')} days": "retentionInDays" in group,
            "its log with the customer key": group.get("kmsKeyId") == launch.key_arn(region),
        },
    )


def _function(launch: Launch, region: str) -> Check:
    name = names.RECOVERY_TASK.of(suffix=launch.suffix)
    settings = _settings(launch, name, region)
    watch = names.RECOVERY_WATCH.of(suffix=launch.suffix)
    mode = launch.told(LAYER, region)["failover-mode"]
    return check(
        LAYER,
        name,
        region,
        {
            f"failover mode {mode}": settings["FAILOVER_MODE"] == mode,
            "both regions' endpoints": settings["PEER_ENDPOINT"] == launch.endpoints[region]
            and settings["LAUNCH_ENDPOINT"] == launch.endpoints[launch.region],
            "watches every minute": _calls(launch, watch, region) == [f"function:{name}"],
        },
    )


def _detection(launch: Launch, region: str, witness: str) -> Check:
    suffix = launch.suffix
    down = names.alarm(suffix=suffix, name="launch-region-down")
    (alarm,) = launch.client("cloudwatch", region).describe_alarms(
        AlarmNames=[down], AlarmTypes=["CompositeAlarm"]
    )["CompositeAlarms"]
    sides = ("outside", "inside", *(["witness"] if witness != NO_WITNESS else []))
    votes = [names.alarm(suffix=suffix, name=f"launch-silent-{side}") for side in sides]
    rule = names.RECOVERY_DETECTED.of(suffix=suffix)
    pattern = json.loads(
        launch.client("events", region).describe_rule(Name=rule).get("EventPattern", "{}")
    )
    machine = launch.told(LAYER, region)["state-machine-arn"]
    return check(
        LAYER,
        down,
        region,
        {
            f"of {len(votes)} votes": alarm["AlarmRule"].count("ALARM(") == len(votes)
            and all(f'ALARM("{vote}")' in alarm["AlarmRule"] for vote in votes),
            "tells the topic": alarm["AlarmActions"]
            == [launch.told("monitoring", region)["topic-arn"]],
            "is heard by the rule": pattern.get("resources") == [alarm["AlarmArn"]],
            "starts the machine": _calls(launch, rule, region)
            == [machine.split(":", maxsplit=5)[5]],
        },
    )


def _settings(launch: Launch, function: str, region: str) -> dict[str, str]:
    found: dict[str, Any] = launch.client("lambda", region).get_function_configuration(
        FunctionName=function
    )
    settings: dict[str, str] = found["Environment"]["Variables"]
    return settings


def _calls(launch: Launch, rule: str, region: str) -> list[str]:
    """What the rule calls, as an ARN ends; nothing while it is off."""
    events = launch.client("events", region)
    if events.describe_rule(Name=rule)["State"] != "ENABLED":
        return []
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    return [each["Arn"].split(":", maxsplit=5)[5] for each in targets]
