"""The one function that every step of a recovery asks, and what it may do.

It runs in the peer region and has its settings as literals, so that it looks nothing up where nothing may
answer. What it may do in the launch region serves the fence and the way back; none of it is needed for a
failover.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names
from ._function import Placement, PythonFunction
from ._recovered import Recovered, RecoveredDatabase, Traffic
from ._recovery_machine import use_machine_key

COOLDOWN_SECONDS = 3600
TIMEOUT = cdk.Duration.minutes(3)


class Task(Construct):
    """``dr-recovery-task-<suffix>``, in the peer region.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        launch_key_arn: The customer key in the launch region.
        launch_region: The launch region.
        failover_mode: ``approve`` or ``automatic``.
        state: The state table in this region.
        topic: Where to tell.
        recovered: What a recovery moves.
        traffic: What moves traffic.
        placement: Its place in the network.
        witness_region: A third region whose probe votes too; empty for none.

    Attributes:
        function: The function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        launch_key_arn: str,
        launch_region: str,
        failover_mode: str,
        state: dynamodb.ITable,
        topic: sns.ITopic,
        recovered: Recovered,
        traffic: Traffic,
        placement: Placement,
        witness_region: str,
    ) -> None:
        super().__init__(scope, construct_id)
        regions = (launch_region, cdk.Stack.of(self).region)
        self.function: lambda_.IFunction = PythonFunction(
            self,
            "Task",
            function_name=names.RECOVERY_TASK.of(suffix=suffix),
            role_name=names.RECOVERY_TASK_ROLE.of(suffix=suffix, region=regions[1]),
            asset="recovery",
            handler="index.handler",
            key=key,
            timeout=TIMEOUT,
            memory=512,
            environment={
                "SUFFIX": suffix,
                "LAUNCH_REGION": launch_region,
                "FAILOVER_MODE": failover_mode,
                "WITNESS_REGION": witness_region,
                "COOLDOWN_SECONDS": str(COOLDOWN_SECONDS),
                "RECOVERY_TABLE": state.table_name,
                "TOPIC_ARN": topic.topic_arn,
                **_environment(recovered),
                "SERVING_PARAMETER": traffic.serving_parameter,
                "CONTROL_METRIC": traffic.control_metric,
                "ZONE_URL": traffic.url,
            },
            placement=placement,
            database=True,
            statements=_Rights(cdk.Stack.of(self), suffix=suffix, regions=regions).all(
                recovered, topic=topic, key=key, launch_key_arn=launch_key_arn
            ),
        ).function


def _environment(recovered: Recovered) -> Mapping[str, str]:
    found = {
        "RPO_SECONDS": str(recovered.rpo_seconds),
        "RTO_SECONDS": str(recovered.rto_seconds),
        "TABLE_NAME": recovered.table,
        "STATUS_INDEX": recovered.status_index,
        "LAUNCH_BUCKET": recovered.launch_bucket,
        "PEER_BUCKET": recovered.peer_bucket,
        "LAUNCH_ENDPOINT": recovered.launch_endpoint,
        "PEER_ENDPOINT": recovered.peer_endpoint,
        "PROCESSOR": recovered.processor,
        **({"BOTH_SERVE": "true"} if recovered.both_serve else {}),
    }
    if database := recovered.database:
        found |= {
            "GLOBAL_CLUSTER": database.global_cluster,
            "LAUNCH_CLUSTER": database.launch_cluster,
            "PEER_CLUSTER": database.peer_cluster,
            "LEDGER_PORT": database.port,
            "LEDGER_DATABASE": database.database,
            "LEDGER_USER": database.user,
            "READY_CAPACITY": database.ready_capacity,
        }
    if recovered.switches_on:
        found["SWITCHES_ON"] = "yes"
    return found


@dataclass(frozen=True)
class _Rights:
    """What the function may do, each on what the launch has, by name, in its two regions."""

    stack: cdk.Stack
    suffix: str
    regions: tuple[str, str]

    def all(
        self, recovered: Recovered, *, topic: sns.ITopic, key: kms.IKey, launch_key_arn: str
    ) -> list[iam.PolicyStatement]:
        table = self._both("dynamodb", "table", recovered.table)
        buckets = [
            f"arn:{self.stack.partition}:s3:::{bucket}"
            for bucket in (recovered.launch_bucket, recovered.peer_bucket)
        ]
        here, key_arns = self.regions[1], (launch_key_arn, key.key_arn)
        machine = names.RECOVERY.of(suffix=self.suffix)
        machine_arn = self._arn("states", "stateMachine", machine, here)
        return [
            _allow(
                "KeepState",
                ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
                self._both("dynamodb", "table", names.RECOVERY_STATE.of(suffix=self.suffix)),
            ),
            _allow(
                "VerifyTable",
                [
                    "dynamodb:DescribeTable",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                    "dynamodb:Scan",
                    *(["dynamodb:UpdateItem"] if recovered.both_serve else []),
                ],
                [*table, *(f"{arn}/index/{recovered.status_index}" for arn in table)],
            ),
            _allow("SwitchTableBackup", ["dynamodb:TagResource"], table),
            _allow(
                "VerifyDocuments",
                ["s3:GetObject", "s3:PutObject"],
                [f"{bucket}/*" for bucket in buckets],
            ),
            _allow(
                "SeeDocumentsAndSwitchBackup",
                ["s3:GetBucketTagging", "s3:ListBucket", "s3:PutBucketTagging"],
                buckets,
            ),
            self._use_keys(
                "UseKeys",
                ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                key_arns,
                through=("dynamodb", "rds", "s3", "sns"),
            ),
            _allow("ReadMetrics", ["cloudwatch:GetMetricData"], ["*"]),
            _allow("Tell", ["sns:Publish"], [topic.topic_arn]),
            _allow(
                "SeeRuns",
                ["states:DescribeExecution"],
                [self._arn("states", "execution", f"{machine}:*", here)],
            ),
            _allow("WakeRun", ["states:SendTaskSuccess"], [machine_arn]),
            use_machine_key(key, machine_arn=machine_arn),
            _allow(
                "CompareVersions",
                ["lambda:GetFunctionConfiguration"],
                [
                    self._arn("lambda", "function", recovered.processor, region)
                    for region in self.regions
                ],
            ),
            _allow(
                "MoveTraffic",
                ["ssm:GetParameter", "ssm:PutParameter"],
                [
                    self.stack.format_arn(
                        service="ssm",
                        resource="parameter",
                        resource_name=names.parameter(
                            suffix=self.suffix, layer="route53", name="serving-region"
                        ).removeprefix("/"),
                    )
                ],
            ),
            _allow(
                "PublishControlMetric",
                ["lambda:InvokeFunction"],
                [
                    self._arn(
                        "lambda", "function", names.CONTROL_METRIC.of(suffix=self.suffix), here
                    )
                ],
            ),
            *(self._database(recovered.database, key_arns) if recovered.database else ()),
            *(self._switch(recovered.processor) if recovered.switches_on else ()),
        ]

    def _switch(self, processor: str) -> list[iam.PolicyStatement]:
        """On and off is the concurrency that is reserved for the function: none is off.

        See https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
        """
        return [
            _allow(
                "SwitchProcessor",
                [
                    "lambda:DeleteFunctionConcurrency",
                    "lambda:GetFunctionConcurrency",
                    "lambda:PutFunctionConcurrency",
                ],
                [self._arn("lambda", "function", processor, self.regions[1])],
            )
        ]

    def _database(
        self, database: RecoveredDatabase, key_arns: tuple[str, str]
    ) -> list[iam.PolicyStatement]:
        """See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html"""
        clusters = [
            self._arn("rds", "cluster", cluster, region)
            for region, cluster in zip(
                self.regions, (database.launch_cluster, database.peer_cluster), strict=True
            )
        ]
        global_cluster = self._arn("rds", "global-cluster", database.global_cluster, "")
        instances, found, kept, left = (
            [self._arn("rds", kind, name, region) for region in self.regions]
            for kind, name in (
                ("db", f"{database.global_cluster}-*"),
                ("db", "*"),  # to list those of a cluster is to list
                ("cluster-snapshot", f"{database.global_cluster}-*"),
                ("cluster-snapshot", "rds:unplanned-global-failover-*"),
            )
        )
        defaults = [
            self._arn("rds", kind, name, region)
            for kind, name in (
                ("og", "default*"),
                ("pg", "default*"),
                ("subgrp", database.global_cluster),
            )
            for region in self.regions
        ]
        return [
            _allow(
                "MoveWriter",
                [
                    "rds:DescribeDBClusters",
                    "rds:DescribeGlobalClusters",
                    "rds:FailoverGlobalCluster",
                    "rds:ModifyDBCluster",
                    "rds:SwitchoverGlobalCluster",
                ],
                [global_cluster, *clusters],
            ),
            _allow("SwitchDatabaseBackup", ["rds:AddTagsToResource"], clusters),
            _allow(
                "MakeInstances",
                ["rds:CreateDBInstance", "rds:DeleteDBInstance"],
                [*clusters, *instances, *defaults],
            ),
            _allow("FindInstances", ["rds:DescribeDBInstances"], found),
            _allow(
                "KeepSnapshots",
                ["rds:CopyDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"],
                [*clusters, *kept, *left],
            ),
            self._use_keys("GrantKeys", ["kms:CreateGrant"], key_arns, through=("rds",)),
            _allow(
                "ConnectLedger",
                ["rds-db:connect"],
                [
                    self._arn("rds-db", "dbuser", f"*/{database.user}", region)
                    for region in self.regions
                ],
            ),
        ]

    def _use_keys(
        self, sid: str, actions: list[str], key_arns: tuple[str, str], *, through: tuple[str, ...]
    ) -> iam.PolicyStatement:
        """Through these services of the two regions, and for nothing else."""
        return iam.PolicyStatement(
            sid=sid,
            actions=actions,
            resources=list(key_arns),
            conditions={
                "StringEquals": {
                    "kms:ViaService": [
                        f"{service}.{region}.amazonaws.com"
                        for service in through
                        for region in self.regions
                    ]
                }
            },
        )

    def _both(self, service: str, resource: str, name: str) -> list[str]:
        return [
            self.stack.format_arn(
                service=service, region=region, resource=resource, resource_name=name
            )
            for region in self.regions
        ]

    def _arn(self, service: str, resource: str, name: str, region: str) -> str:
        return self.stack.format_arn(
            service=service,
            region=region,
            resource=resource,
            resource_name=name,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )


def _allow(sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=actions, resources=resources)
