"""The role that a restore needs before anything is restored."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._backup_roles import BackupServiceRole, to_restore_stores
from ._parameters import publish


class RestoreRole(Construct):
    """The peer half: under it AWS Backup restores the suffix's table and documents in this region.

    It is made with the launch, so that a restore makes no role and asks nothing of the launch region.
    The database needs none: its copies are snapshots, which CloudFormation restores.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        source_key_arn: The customer key in the region the copies come from.

    Attributes:
        role: The role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        source_key_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        service = BackupServiceRole(
            self,
            "Service",
            role_name=names.RESTORE_ROLE.of(suffix=suffix, region=cdk.Stack.of(self).region),
            statements=to_restore_stores(
                self, suffix=suffix, key_arns=[key.key_arn, source_key_arn]
            ),
        )
        self.role: iam.IRole = service.role
        publish(
            self,
            suffix=suffix,
            layer="backup",
            values={"restore-role-arn": service.role.role_arn},
        )
