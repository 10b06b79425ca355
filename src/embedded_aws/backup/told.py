"""What AWS Backup tells EventBridge and CloudWatch, in the region where it happens.

EventBridge is told each state of a job and how a recovery point ended, CloudWatch how many jobs of a
vault completed and failed; a copy job counts for the vault it copies from. AWS waits up to five
minutes with events; here they are there with the answer.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.services import eventbridge

from ..extension import require
from ..resource_types.context import here
from .state import Record

# The operation itself lets nobody speak for AWS; this is what ministack's own services use.
_put_events = require(eventbridge, "_put_events")
_DATES = ("CompletionDate", "CreationDate", "StartBy")
_JOB = (
    "BackupSizeInBytes",
    "CompletionDate",
    "CreationDate",
    "IamRoleArn",
    "IsParent",
    "PercentDone",
    "ResourceArn",
    "ResourceType",
    "StatusMessage",
)
_BACKUP = (
    *_JOB,
    "BackupJobId",
    "BackupVaultArn",
    "BackupVaultName",
    "RecoveryPointArn",
    "StartBy",
)
_COPY = (
    *_JOB,
    "CopyJobId",
    "DestinationBackupVaultArn",
    "DestinationRecoveryPointArn",
    "SourceBackupVaultArn",
    "SourceRecoveryPointArn",
)
_RESTORE = (
    "BackupSizeInBytes",
    "CompletionDate",
    "CreatedResourceArn",
    "CreationDate",
    "IamRoleArn",
    "PercentDone",
    "RecoveryPointArn",
    "ResourceType",
    "RestoreJobId",
    "StatusMessage",
)
_POINT = (
    "BackupSizeInBytes",
    "BackupVaultArn",
    "BackupVaultName",
    "CompletionDate",
    "CreationDate",
    "IamRoleArn",
    "IsEncrypted",
    "RecoveryPointArn",
    "ResourceArn",
    "ResourceType",
    "SourceBackupVaultArn",
    "Status",
    "StorageClass",
)
_ENDS = {"COMPLETED": "Completed", "FAILED": "Failed"}


def of_backup(job: Record) -> None:
    """Tell of a backup job that has ended."""
    _of_job("Backup Job State Change", job, _BACKUP, job.get("RecoveryPointArn"))
    _count("NumberOfBackupJobs", job, job["BackupVaultName"])


def of_copy(job: Record) -> None:
    """Tell of a copy job that has ended."""
    _of_job("Copy Job State Change", job, _COPY, job.get("DestinationRecoveryPointArn"))
    _count("NumberOfCopyJobs", job, job["SourceBackupVaultArn"].rpartition(":")[2])


def of_restore(job: Record) -> None:
    """Tell of a restore job that has ended."""
    created = [job["CreatedResourceArn"]] if "CreatedResourceArn" in job else []
    _tell(
        "Restore Job State Change", [{**_detail(job, _RESTORE), "status": job["Status"]}], created
    )


def of_point(point: Record) -> None:
    """Tell of a recovery point that has been made."""
    _tell("Recovery Point State Change", [_detail(point, _POINT)], [point["RecoveryPointArn"]])


def _of_job(kind: str, job: Record, members: Iterable[str], point: str | None) -> None:
    after = {"CompletionDate", "PercentDone", "RecoveryPointArn", "DestinationRecoveryPointArn"}
    before = _detail(job, [each for each in members if each not in (*after, "StatusMessage")])
    states = [{**before, "state": each} for each in ("CREATED", "RUNNING")]
    end = {**_detail(job, members), "state": job["State"]}
    _tell(kind, [*states, end], [point] if point else [])


def _tell(kind: str, details: Iterable[Mapping[str, Any]], resources: list[str]) -> None:
    entries = [
        {
            "Source": "aws.backup",
            "DetailType": kind,
            "Detail": json.dumps(detail),
            "Resources": resources,
        }
        for detail in details
    ]
    _put_events({"Entries": entries}, allow_aws_source=True)


def _detail(record: Record, members: Iterable[str]) -> dict[str, Any]:
    """The members as events spell them: a small letter first, dates in words."""
    return {
        name[0].lower() + name[1:]: _date(record[name]) if name in _DATES else record[name]
        for name in members
        if record.get(name) is not None
    }


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _count(metric: str, job: Record, vault: str) -> None:
    dimensions = (("BackupVaultName", vault), ("ResourceType", job["ResourceType"]))
    here("cloudwatch").put_metric_data(
        Namespace="AWS/Backup",
        MetricData=[
            {
                "MetricName": f"{metric}{_ENDS[job['State']]}",
                "Dimensions": [{"Name": name, "Value": value}],
                "Value": 1,
                "Unit": "Count",
            }
            for name, value in dimensions
        ],
    )
