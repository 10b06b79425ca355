"""The transaction processor: the same function behind a regional API in both regions.

``/transactions`` takes and returns transactions and wants a signed request (``execute-api:Invoke``);
``/health`` says that the function runs; ``/ready`` says which role the region has and what it
checked. The last two are open, because health checkers can't sign.

See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .. import names
from ..errors import DefinitionError
from ._function import Placement, PythonFunction
from ._parameters import publish
from ._schedule import every_minute

STAGE = "live"
OPEN_PATHS = ("health", "ready")
STATUS_INDEX = "StatusIndex"
REQUESTS_PER_SECOND, BURST = 200, 400
OPEN_REQUESTS_PER_SECOND, OPEN_BURST = 10, 20  # enough for every health checker of two regions
TIMEOUT = cdk.Duration.seconds(15)
SETTLE = '{"settle":true}'
"""What the schedule asks where both regions write."""
OFF = 0  # as many as may run at once
BOTH = "both"
"""What is told of who writes, where that is no single region."""


@dataclass(frozen=True)
class LedgerAccess:
    """Where the ledger is, and how the processor of one region gets in.

    Args:
        writer_endpoint: The name that leads to the writer in either region.
        reader_endpoint: The name that leads to a reader in this region.
        port: The port of both.
        database: The database.
        user: The role that logs in by IAM token.
        resource_id: The ``DbClusterResourceId`` of this region's cluster.
        placement: The processor's place in the network.
    """

    writer_endpoint: str
    reader_endpoint: str
    port: str
    database: str
    user: str
    resource_id: str
    placement: Placement


class TransactionApi(Construct):
    """One region's half; both regions get the same, down to the code's digest.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        table: The transactions table in this region.
        writer_region: The region that takes writes; elsewhere ``POST`` is refused.
        ledger: The ledger beside the table; by default there is none.
        recovery_table: The table in this region that says who writes, asked with each write; by default
            it is ``writer_region`` for ever.
        both_write: Whether both regions take writes. The ledger decides then, wherever its writer is, and
            each region settles every minute what its table took without it. Needs ``ledger`` and
            ``recovery_table``.
        switched_on: Whether the processor runs. False reserves no concurrency for it: it is there, costs
            nothing and turns every call away until a recovery switches it on.
        replicated: Whether ``table`` has a replica in the other region, which ``/ready`` then asks for.

    Attributes:
        function: The transaction processor.
        api: The regional REST API.
        stage: Its stage.
        endpoint: Its address, ending in ``/live/``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        table: dynamodb.ITable,
        writer_region: str,
        ledger: LedgerAccess | None = None,
        recovery_table: dynamodb.ITable | None = None,
        both_write: bool = False,
        switched_on: bool = True,
        replicated: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        if both_write and (ledger is None or recovery_table is None):
            raise DefinitionError(
                "both regions can't take writes without a ledger and a state table",
                why="the ledger decides between two requests for one id, and the table says where it is",
                hint="give TransactionApi its ledger and its recovery_table, or leave both_write out",
            )
        region = cdk.Stack.of(self).region
        processor = PythonFunction(
            self,
            "Processor",
            function_name=names.PROCESSOR.of(suffix=suffix),
            role_name=names.PROCESSOR_ROLE.of(suffix=suffix, region=region),
            asset="processor",
            handler="index.handler",
            key=key,
            timeout=TIMEOUT,
            memory=512,
            environment={
                "SUFFIX": suffix,
                "TABLE_NAME": table.table_name,
                "STATUS_INDEX": STATUS_INDEX,
                "WRITER_REGION": writer_region,
                **_ledger_environment(ledger),
                **({"RECOVERY_TABLE": recovery_table.table_name} if recovery_table else {}),
                **({"BOTH_WRITE": "true"} if both_write else {}),
                **({} if replicated else {"REPLICATED": "false"}),
            },
            placement=ledger.placement if ledger else None,
            database=ledger is not None,
            statements=[
                iam.PolicyStatement(
                    sid="UseTable",
                    actions=[
                        "dynamodb:DescribeTable",
                        "dynamodb:GetItem",
                        "dynamodb:PutItem",
                        "dynamodb:Query",
                        *(["dynamodb:UpdateItem"] if both_write else []),
                    ],
                    resources=[table.table_arn, f"{table.table_arn}/index/{STATUS_INDEX}"],
                ),
                iam.PolicyStatement(
                    sid="UseTableKey",
                    actions=["kms:Decrypt", "kms:DescribeKey"],
                    resources=[key.key_arn],
                    conditions={
                        "StringEquals": {"kms:ViaService": f"dynamodb.{region}.amazonaws.com"}
                    },
                ),
                *_ledger_statements(self, ledger, anywhere=both_write),
                *_recovery_statements(recovery_table),
            ],
            concurrency=None if switched_on else OFF,
        )
        self.function: lambda_.IFunction = processor.function
        if both_write:
            every_minute(
                self,
                rule_name=names.SETTLING.of(suffix=suffix),
                description="Brings what was taken without the ledger into it",
                function=processor.function,
                event=SETTLE,
            )
        self.api = _api(self, suffix=suffix, function=processor.function)
        # A reference, so that what maps to the stage comes after it.
        self.stage, self.endpoint = self.api.deployment_stage.stage_name, self.api.url
        told = {"endpoint": self.endpoint}
        if both_write:
            told["writes"] = BOTH
        publish(self, suffix=suffix, layer="compute", values=told)


def _ledger_environment(ledger: LedgerAccess | None) -> Mapping[str, str]:
    if ledger is None:
        return {}
    return {
        "LEDGER_WRITER_ENDPOINT": ledger.writer_endpoint,
        "LEDGER_READER_ENDPOINT": ledger.reader_endpoint,
        "LEDGER_PORT": ledger.port,
        "LEDGER_DATABASE": ledger.database,
        "LEDGER_USER": ledger.user,
    }


def _ledger_statements(
    scope: Construct, ledger: LedgerAccess | None, *, anywhere: bool
) -> list[iam.PolicyStatement]:
    """To this region's cluster, or to the writer's in whichever region.

    See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
    """
    if ledger is None:
        return []
    user = cdk.Stack.of(scope).format_arn(
        service="rds-db",
        region="*" if anywhere else None,
        resource="dbuser",
        resource_name=f"{'*' if anywhere else ledger.resource_id}/{ledger.user}",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    return [iam.PolicyStatement(sid="ConnectLedger", actions=["rds-db:connect"], resources=[user])]


def _recovery_statements(table: dynamodb.ITable | None) -> list[iam.PolicyStatement]:
    """To see who writes, and to make a write depend on it."""
    if table is None:
        return []
    return [
        iam.PolicyStatement(
            sid="SeeWhoWrites",
            actions=["dynamodb:ConditionCheckItem", "dynamodb:GetItem"],
            resources=[table.table_arn],
        )
    ]


def _api(scope: Construct, *, suffix: str, function: lambda_.Function) -> apigateway.RestApi:
    api = apigateway.RestApi(
        scope,
        "Api",
        rest_api_name=names.API.of(suffix=suffix),
        endpoint_configuration=apigateway.EndpointConfiguration(
            types=[apigateway.EndpointType.REGIONAL]
        ),
        cloud_watch_role=False,
        deploy_options=apigateway.StageOptions(
            stage_name=STAGE,
            tracing_enabled=True,
            metrics_enabled=True,
            throttling_rate_limit=REQUESTS_PER_SECOND,
            throttling_burst_limit=BURST,
            method_options={
                f"/{path}/GET": apigateway.MethodDeploymentOptions(
                    metrics_enabled=True,
                    throttling_rate_limit=OPEN_REQUESTS_PER_SECOND,
                    throttling_burst_limit=OPEN_BURST,
                )
                for path in OPEN_PATHS
            },
        ),
    )
    api.node.try_remove_child("Endpoint")  # an output without a description, which nobody asked for
    integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
    signed, unsigned = apigateway.AuthorizationType.IAM, apigateway.AuthorizationType.NONE
    transactions = api.root.add_resource("transactions")
    for method in ("POST", "GET"):
        transactions.add_method(method, integration, authorization_type=signed)
    transactions.add_resource("{transactionId}").add_method(
        "GET", integration, authorization_type=signed
    )
    for path in OPEN_PATHS:
        api.root.add_resource(path).add_method("GET", integration, authorization_type=unsigned)
    return api
