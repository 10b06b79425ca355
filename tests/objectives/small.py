"""Small templates: of each resource only what the objectives read of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from dr_catalog.handlers.recovery import procedures
from dr_catalog.objectives import Loss, compute
from dr_catalog.objectives.durations import load_durations
from dr_catalog.releases.template import Template

Body = dict[str, Any]
Templates = dict[str, Body]
DURATIONS = load_durations()


def resource(kind: str, /, **properties: Any) -> Body:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def kept(kind: str, /, **properties: Any) -> Body:
    return resource(kind, **properties) | {"DeletionPolicy": "RetainExceptOnCreate"}


def alarm(metric: str, *, periods: Any = 5, period: int = 60, **properties: Any) -> Body:
    return resource(
        "CloudWatch::Alarm",
        MetricName=metric,
        Period=period,
        EvaluationPeriods=periods,
        **properties,
    )


def replica(*, recovers: bool = True) -> Body:
    return {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovers}}


RULE: Body = {
    "ScheduleExpression": "cron(0 0/1 * * ? *)",
    "StartWindowMinutes": 60,
    "CompletionWindowMinutes": 180,
    "CopyActions": [{"DestinationBackupVaultArn": "there"}],
}
REPLICATION: Body = {
    "Rules": [{"Destination": {"ReplicationTime": {"Time": {"Minutes": 15}}}}],
}
MACHINE: Body = {
    "States": {
        **{name: {"Type": "Task"} for name in procedures.STEPS},
        "approval": {"Type": "Task", "TimeoutSeconds": 3600},
        "done": {"Type": "Succeed"},
    }
}
PRIMARY: Body = {
    "Parameters": {
        "FailoverMode": {"Type": "String", "Default": "approve"},
        "DetectionMinutes": {"Type": "Number", "Default": 5},
    },
    "Resources": {
        "Workload": resource(
            "CloudFormation::StackSet",
            StackSetName={"Fn::Join": ["-", ["dr-workload", {"Ref": "Suffix"}]]},
            Parameters=[
                {"ParameterKey": "Mode", "ParameterValue": {"Ref": "FailoverMode"}},
                {"ParameterKey": "Minutes", "ParameterValue": {"Ref": "DetectionMinutes"}},
                {"ParameterKey": "Made", "ParameterValue": {"Fn::GetAtt": ["Table", "Arn"]}},
            ],
        ),
        "Database": kept("RDS::DBCluster"),
        "Table": kept("DynamoDB::GlobalTable", Replicas=[replica(), replica()]),
        "State": resource("DynamoDB::GlobalTable", Replicas=[replica()]),
        "Documents": kept("S3::Bucket", ReplicationConfiguration=REPLICATION),
        "TableLatency": alarm(
            "ReplicationLatency", Namespace="AWS/DynamoDB", Threshold=30_000, Statistic="Average"
        ),
        "Plan": resource("Backup::BackupPlan", BackupPlan={"BackupPlanRule": [RULE]}),
        "Selection": resource(
            "Backup::BackupSelection",
            BackupSelection={
                "Resources": [
                    "arn:aws:rds:*:*:cluster:*",
                    {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::*"]]},
                    "arn:aws:dynamodb:*:*:table/*",
                ]
            },
        ),
        "Check": resource("Route53::HealthCheck", HealthCheckConfig={"Type": "CLOUDWATCH_METRIC"}),
        "Record": resource("Route53::RecordSet"),
    },
}
WORKLOAD: Body = {
    "Parameters": {"Mode": {"Type": "String"}, "Minutes": {"Type": "Number"}},
    "Resources": {
        "Database": resource("RDS::DBCluster", GlobalClusterIdentifier="dr-ledger"),
        "Instance": resource("RDS::DBInstance"),
        "Loss": alarm("AuroraGlobalDBRPOLag", Threshold=30_000),
        "Probe": resource(
            "Lambda::Function",
            Timeout=30,
            Environment={"Variables": {"METRIC": "LaunchRegionAnswers"}},
        ),
        "EveryMinute": resource(
            "Events::Rule",
            ScheduleExpression="rate(1 minute)",
            Targets=[{"Arn": {"Fn::GetAtt": ["Probe", "Arn"]}}],
        ),
        "Vote": alarm(
            "LaunchRegionAnswers",
            periods={"Ref": "Minutes"},
            Statistic="Maximum",
            TreatMissingData="breaching",
        ),
        "Down": resource("CloudWatch::CompositeAlarm"),
        "Task": resource(
            "Lambda::Function", Environment={"Variables": {"FAILOVER_MODE": {"Ref": "Mode"}}}
        ),
        "Machine": resource(
            "StepFunctions::StateMachine",
            DefinitionString={"Fn::Join": ["", [json.dumps(MACHINE)[:-1], "}"]]},
        ),
        "Serving": alarm("Serving", periods=1, Statistic="Minimum"),
        "Rpo": resource("SSM::Parameter", Name="/dr/x/recovery/rpo-seconds", Value="900"),
        "Rto": resource("SSM::Parameter", Name="/dr/x/recovery/rto-seconds", Value="5400"),
    },
}


def templates() -> Templates:
    """A warm standby, free to change."""
    return copy.deepcopy({"primary": PRIMARY, "workload": WORKLOAD})


def properties(bodies: Templates, role: str, name: str) -> Body:
    found: Body = bodies[role]["Resources"][name]["Properties"]
    return found


def drop(bodies: Templates, role: str, *names: str) -> None:
    for name in names:
        del bodies[role]["Resources"][name]


def losses(bodies: Templates, **parameters: str) -> Mapping[str, Loss]:
    """What they come to, by the kind of loss."""
    read = {role: Template(role, body) for role, body in bodies.items()}
    return {loss.kind: loss for loss in compute(read, parameters)}


def figure(name: str) -> int:
    """The seconds of a reviewed figure, with its store's size."""
    found, store = DURATIONS.figures[name], name.partition(".")[2]
    return found.seconds + found.seconds_per_gb * DURATIONS.sizes_gb.get(store, 0)
