"""What AWS Backup tells of failures, sent on; EXPIRED, which no job reports, among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names


@dataclass(frozen=True)
class FailureEvent:
    """Events of AWS Backup that tell of a failure.

    Args:
        name: The rule's physical name.
        detail_types: The kinds of event.
        field: Where the event says how it ended: ``state`` for jobs, ``status`` for the others.
        endings: Which endings are failures.
        of: What tells this suffix's events: ``iamRoleArn`` or ``backupVaultName``.
    """

    name: names.Name
    detail_types: tuple[str, ...]
    field: str
    endings: tuple[str, ...]
    of: str


FAILURES = (
    FailureEvent(
        name=names.BACKUP_FAILED,
        detail_types=("Backup Job State Change", "Copy Job State Change"),
        field="state",
        endings=("ABORTED", "EXPIRED", "FAILED", "PARTIAL"),
        of="iamRoleArn",
    ),
    FailureEvent(
        name=names.RESTORE_FAILED,
        detail_types=("Restore Job State Change",),
        field="status",
        endings=("ABORTED", "FAILED"),
        of="iamRoleArn",
    ),
    FailureEvent(
        name=names.RECOVERY_POINT_FAILED,
        detail_types=("Recovery Point State Change",),
        field="status",
        endings=("EXPIRED", "PARTIAL"),
        of="backupVaultName",
    ),
)


class BackupFailures(Construct):
    """Either half: tells of every job and recovery point that failed in this region.

    Args:
        suffix: The environment suffix.
        topics: Where to tell; their policies and keys must let ``events.amazonaws.com`` in.

    See https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        topics: Sequence[sns.ITopic],
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        mine = {
            "iamRoleArn": [
                stack.format_arn(
                    service="iam",
                    region="",
                    resource="role",
                    resource_name=role.of(suffix=suffix, region=stack.region),
                )
                for role in (names.BACKUP_ROLE, names.RESTORE_TEST_ROLE)
            ],
            "backupVaultName": [names.VAULT.of(suffix=suffix)],
        }
        for failure in FAILURES:
            events.CfnRule(
                self,
                names.camel(failure.name.of(suffix="")),
                name=failure.name.of(suffix=suffix),
                description=f"{', '.join(failure.detail_types)}: {', '.join(failure.endings)}",
                event_pattern={
                    "source": ["aws.backup"],
                    "detail-type": list(failure.detail_types),
                    "detail": {
                        failure.field: list(failure.endings),
                        failure.of: mine[failure.of],
                    },
                },
                targets=[
                    events.CfnRule.TargetProperty(id=f"topic-{number}", arn=topic.topic_arn)
                    for number, topic in enumerate(topics, start=1)
                ],
            )
