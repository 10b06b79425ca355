"""What the rights of several guards are made of."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..layers.kms import arn_in


def rds_arn(stack: cdk.Stack, kind: str, name: str, *, region: str) -> str:
    """Of anything of RDS; a global cluster's has no region."""
    return stack.format_arn(
        service="rds",
        region=region,
        resource=kind,
        resource_name=name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def parameter_arn(stack: cdk.Stack, name: str) -> str:
    """Of an SSM parameter of the stack's region."""
    return stack.format_arn(service="ssm", resource="parameter", resource_name=name[1:])


def find_vaults() -> iam.PolicyStatement:
    """To list the backup vaults; the action knows no resources."""
    return iam.PolicyStatement(
        sid="FindVaults", actions=["backup:ListBackupVaults"], resources=["*"]
    )


def continue_itself(stack: cdk.Stack, *, function: str) -> iam.PolicyStatement:
    """To call the function again, for what takes longer than one invocation may."""
    return iam.PolicyStatement(
        sid="ContinueItself",
        actions=["lambda:InvokeFunction"],
        resources=[
            stack.format_arn(
                service="lambda",
                resource="function",
                resource_name=function,
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
        ],
    )


def see_recovery(
    scope: Construct, *, table: str, regions: tuple[str, str], key_id: str
) -> list[iam.PolicyStatement]:
    """To read the state tables of both regions, which the customer keys encrypt."""
    stack = cdk.Stack.of(scope)
    return [
        iam.PolicyStatement(
            sid="SeeRecovery",
            actions=["dynamodb:GetItem"],
            resources=[
                stack.format_arn(
                    service="dynamodb", region=region, resource="table", resource_name=table
                )
                for region in regions
            ],
        ),
        iam.PolicyStatement(
            sid="ReadRecovery",
            actions=["kms:Decrypt"],
            resources=[arn_in(scope, region=region, key_id=key_id) for region in regions],
            conditions={
                "StringEquals": {
                    "kms:ViaService": [f"dynamodb.{region}.amazonaws.com" for region in regions]
                }
            },
        ),
    ]
