"""The state machine with its log and its role: it asks one function, and nothing of any other region.

See https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from .. import names
from ._recovery_definition import definition

KEY_REUSE_SECONDS = 300
LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


class Machine(Construct):
    """``dr-recovery-<suffix>``, in the peer region.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region: encrypts definition, executions and log.
        function: What every step asks.

    Attributes:
        arn: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, name = cdk.Stack.of(self), names.RECOVERY.of(suffix=suffix)
        arn = stack.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=name,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=names.RECOVERY_LOG.of(suffix=suffix),
            encryption_key=kms.Key.from_key_arn(self, "LogKey", key.key_arn),
            retention=logs.RetentionDays.ONE_YEAR,  # a recovery is looked into long after it
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            role_name=names.RECOVERY_ROLE.of(suffix=suffix, region=stack.region),
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
        )
        policy = iam.Policy(
            self,
            "Policy",
            statements=[
                iam.PolicyStatement(
                    sid="Ask",
                    actions=["lambda:InvokeFunction"],
                    resources=[function.function_arn],
                ),
                iam.PolicyStatement(
                    sid="DeliverLog",  # deliveries are no resources
                    actions=list(LOG_DELIVERY),
                    resources=["*"],
                ),
                use_machine_key(key, machine_arn=arn),
                iam.PolicyStatement(
                    sid="EncryptLog",
                    actions=["kms:GenerateDataKey"],
                    resources=[key.key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:EncryptionContext:SourceArn": stack.format_arn(
                                service="logs",
                                resource="*",
                                arn_format=cdk.ArnFormat.NO_RESOURCE_NAME,
                            )
                        }
                    },
                ),
            ],
            roles=[role],
        )
        machine = stepfunctions.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=stack.to_json_string(
                definition(partition=stack.partition, function_arn=function.function_arn)
            ),
            logging_configuration=stepfunctions.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,  # the record has what matters
                destinations=[
                    stepfunctions.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=stepfunctions.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log.log_group_arn
                        )
                    )
                ],
            ),
            encryption_configuration=stepfunctions.CfnStateMachine.EncryptionConfigurationProperty(
                type="CUSTOMER_MANAGED_KMS_KEY",
                kms_key_id=key.key_arn,
                kms_data_key_reuse_period_seconds=KEY_REUSE_SECONDS,
            ),
        )
        machine.node.add_dependency(policy)
        self.arn = machine.attr_arn


def use_machine_key(key: kms.IKey, *, machine_arn: str) -> iam.PolicyStatement:
    """To read and write what this machine encrypts.

    See https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    return iam.PolicyStatement(
        sid="UseMachineKey",
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=[key.key_arn],
        conditions={
            "StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": machine_arn}
        },
    )
