"""A Python function with what every function here has: its own role, log group, key and tracing.

One that talks to the database also has a place in the network and the driver in its code.

Private to the library; layers and tiers build their functions with it so that none lacks a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from .. import names
from ._code import HANDLERS, with_database_driver

RUNTIME = lambda_.Runtime.PYTHON_3_13
INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


@dataclass(frozen=True)
class Placement:
    """A function's place in a network.

    Args:
        subnet_ids: The private subnets.
        security_group_ids: What it may reach.
    """

    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]


class PythonFunction(Construct):
    """A function, its role and its encrypted log group.

    Args:
        function_name: The physical name; the log group takes Lambda's name for it.
        role_name: The physical name of the role; it carries the region, since roles are global.
        asset: The folder below ``dr_catalog/handlers`` that is zipped as the code.
        handler: ``module.function`` inside that folder.
        key: Encrypts the log group; None where there is no customer key, for AWS's own.
        statements: What the function may do, beyond writing its own log and traces.
        timeout: The longest one invocation may take.
        environment: Environment variables; never a secret.
        memory: Memory in MB.
        placement: Its place in a network; by default it has none.
        database: Whether it talks to the database: its code then carries the driver.
        inline: Whether its code, ``index.py`` alone and up to 4,096 characters, is in the template.
        concurrency: How many may run at once; by default as many as the account lets.

    See https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function_name: str,
        role_name: str,
        asset: str,
        handler: str,
        key: kms.IKey | None,
        statements: Sequence[iam.PolicyStatement],
        timeout: cdk.Duration,
        environment: Mapping[str, str] | None = None,
        memory: int = 256,
        placement: Placement | None = None,
        database: bool = False,
        inline: bool = False,
        concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=names.log_group(function_name),
            encryption_key=kms.Key.from_key_arn(self, "LogKey", key.key_arn) if key else None,
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log_arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=names.log_group(function_name) + ":*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        policy = iam.Policy(
            self,
            "Policy",
            statements=[
                iam.PolicyStatement(
                    sid="Log",
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[log_arn],
                ),
                iam.PolicyStatement(
                    sid="Trace",  # X-Ray has no resources to name
                    actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                    resources=["*"],
                ),
                *statements,
            ],
            roles=[self.role],
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            code=_inline(asset) if inline else _zipped(self, asset, database=database),
            handler=handler,
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
            timeout=timeout,
            memory_size=memory,
            environment=dict(environment or {}),
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=concurrency,
        )
        if placement:
            # By themselves, so that a function that leaves a network in a rollback still has them.
            network = iam.Policy(
                self,
                "Network",
                statements=_network_statements(self, function_name),
                roles=[self.role],
            )
            self.function.node.add_dependency(network)
            resource = self.function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)
            resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
                subnet_ids=list(placement.subnet_ids),
                security_group_ids=list(placement.security_group_ids),
            )
        # A function must not run before its role may do what it does.
        self.function.node.add_dependency(policy)


def _inline(asset: str) -> lambda_.Code:
    return lambda_.Code.from_inline((HANDLERS / asset / "index.py").read_text(encoding="utf-8"))


def _zipped(scope: Construct, asset: str, *, database: bool) -> lambda_.Code:
    return lambda_.Code.from_asset(
        str(with_database_driver(scope, asset) if database else HANDLERS / asset),
        exclude=["__pycache__", "*.pyc", ".*"],
    )


def _network_statements(scope: Construct, function_name: str) -> list[iam.PolicyStatement]:
    """Lambda makes the function's network interfaces with its role; its code may not.

    See https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    arn = cdk.Stack.of(scope).format_arn(
        service="lambda",
        resource="function",
        resource_name=function_name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    return [
        iam.PolicyStatement(
            sid="JoinNetwork",  # the interfaces have no names, and Describe no resources
            actions=list(INTERFACE_ACTIONS),
            resources=["*"],
        ),
        iam.PolicyStatement(
            sid="LeaveNetworkToLambda",
            effect=iam.Effect.DENY,
            actions=list(INTERFACE_ACTIONS),
            resources=["*"],
            conditions={"ArnEquals": {"lambda:SourceFunctionArn": arn}},
        ),
    ]
