"""The vault: encrypted with the region's key, and nobody shortens a recovery point's life."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._parameters import publish

SUFFIX_TAG = "dr:suffix"

LOCKS = ("none", "governance", "compliance")
LOCK_MIN_DAYS, LOCK_MAX_DAYS = 7, 365
LOCK_GRACE_DAYS = 3
"""Days in which a compliance lock can still be taken back; the fewest AWS allows."""


class BackupVault(Construct):
    """Either half: ``dr-vault-<suffix>``, encrypted with this region's key.

    Nobody but the guard that empties a purged launch may delete a recovery point or shorten its life.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        lock: ``none``, ``governance`` (privileged roles can lift it) or ``compliance`` (nobody can,
            three days after; a purge then waits for the last recovery point to expire).

    Attributes:
        name: The vault's name, the same in both regions.
        arn: Its ARN.

    See https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, suffix: str, key: kms.IKey, lock: str = "none"
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = names.VAULT.of(suffix=suffix)
        locked = cdk.CfnCondition(
            self,
            "Locked",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(lock, "none")),
        )
        for_ever = cdk.CfnCondition(
            self, "Compliance", expression=cdk.Fn.condition_equals(lock, "compliance")
        )
        vault = backup.CfnBackupVault(
            self,
            "Vault",
            backup_vault_name=self.name,
            encryption_key_arn=key.key_arn,
            access_policy=_only_the_guard_deletes(self, suffix=suffix).to_json(),
            backup_vault_tags={SUFFIX_TAG: suffix},
            lock_configuration=cdk.Fn.condition_if(
                locked.logical_id,
                {
                    "MinRetentionDays": LOCK_MIN_DAYS,
                    "MaxRetentionDays": LOCK_MAX_DAYS,
                    "ChangeableForDays": cdk.Fn.condition_if(
                        for_ever.logical_id, LOCK_GRACE_DAYS, cdk.Aws.NO_VALUE
                    ),
                },
                cdk.Aws.NO_VALUE,
            ),
        )
        vault.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self.resource = vault
        self.arn = vault.attr_backup_vault_arn
        publish(
            self,
            suffix=suffix,
            layer="backup",
            values={"vault-name": self.name, "vault-arn": self.arn},
        )


def vault_arn(scope: Construct, *, suffix: str, region: str) -> str:
    """The ARN of the suffix's vault in ``region``."""
    return cdk.Stack.of(scope).format_arn(
        service="backup",
        resource="backup-vault",
        resource_name=names.VAULT.of(suffix=suffix),
        region=region,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def _only_the_guard_deletes(scope: Construct, *, suffix: str) -> iam.PolicyDocument:
    """The tier's guard, or the layer's where that is launched alone."""
    stack = cdk.Stack.of(scope)
    guards = [
        stack.format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=role.of(suffix=suffix, region="*"),
        )
        for role in (names.GUARD_ROLE, names.layer_guard_role(layer="backup"))
    ]
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="OnlyThePurgeDeletes",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=[
                    "backup:DeleteRecoveryPoint",
                    "backup:DisassociateRecoveryPoint",
                    "backup:UpdateRecoveryPointLifecycle",
                ],
                resources=["*"],
                conditions={"ArnNotLike": {"aws:PrincipalArn": guards}},
            )
        ]
    )
