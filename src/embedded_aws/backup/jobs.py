"""Backup jobs: a recovery point of a table or a cluster, in a vault of its region.

What is wrong with the request is refused; what is wrong with the work (the vault's lock, what the
role may do) ends the job as FAILED, with the reason in its status message.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id

from ..aurora.postgres import PostgresError
from . import checks, contents, listing, points, settings, sources, state, told, vaults
from .errors import not_found, refuse_others
from .sources import Source
from .state import Answer, Params, Record

_PARAMETERS = (
    "BackupVaultName",
    "CompleteWindowMinutes",
    "IamRoleArn",
    "IdempotencyToken",
    "Lifecycle",
    "RecoveryPointTags",
    "ResourceArn",
    "StartWindowMinutes",
)
_START_MINUTES = 480
_FILTERS = {
    "ByAccountId": "AccountId",
    "ByBackupVaultName": "BackupVaultName",
    "ByResourceArn": "ResourceArn",
    "ByResourceType": "ResourceType",
    "ByState": "State",
    **listing.CREATED,
}


def missing_call(role: Record, calls: tuple[tuple[str, str], ...]) -> str:
    """What a job's role may not do; empty if it may do all of it."""
    for action, resource in calls:
        if not checks.allowed(role, action, resource):
            return (
                f"IAM Role {role['Arn']} does not have sufficient permissions to execute the job: "
                f"{action} on {resource}"
            )
    return ""


def _start(params: Params) -> Answer:
    refuse_others(params, _PARAMETERS)
    earlier = _earlier(params.get("IdempotencyToken"))
    if earlier is not None:
        return _started(earlier)
    vault = vaults.find(params["BackupVaultName"])
    role = checks.role(params["IamRoleArn"])
    source = sources.find(params["ResourceArn"])
    settings.check_opted_in(source.kind)
    lifecycle = checks.lifecycle(params.get("Lifecycle"))
    checks.windows(params.get("StartWindowMinutes"), params.get("CompleteWindowMinutes"))
    job = _created(params, vault, source)
    problem = vaults.retention_problem(vault, lifecycle) or missing_call(role, source.calls)
    if not problem:
        point = _taken(job, source, vault, {**source.tags, **params.get("RecoveryPointTags", {})})
        problem = _keep(point, lifecycle, vault)
    if problem:
        job |= {"State": "FAILED", "StatusMessage": problem}
    else:
        job |= {name: point[name] for name in ("EncryptionKeyArn", "IsEncrypted")}
        job |= {"RecoveryPointArn": point["RecoveryPointArn"], "RecoveryPointLifecycle": lifecycle}
        job |= {"State": "COMPLETED", "PercentDone": "100.0"}
    job["CompletionDate"] = state.now()
    state.backup_jobs[job["BackupJobId"]] = job
    told.of_backup(job)
    return _started(job)


def _keep(point: Record, lifecycle: dict[str, Any], vault: Record) -> str:
    """Keep what the resource holds; why that is not possible, empty if it is."""
    try:
        contents.take(point)
    except PostgresError as failed:
        return f"The snapshot of {point['ResourceArn']} failed: {failed}"
    points.keep(point, lifecycle, vault=vault)
    return ""


def _created(params: Params, vault: Record, source: Source) -> Record:
    date = state.now()
    return {
        "AccountId": get_account_id(),
        "BackupJobId": state.new_id(),
        "BackupSizeInBytes": source.size,
        "BackupVaultArn": vault["BackupVaultArn"],
        "BackupVaultName": vault["BackupVaultName"],
        "CreationDate": date,
        "IamRoleArn": params["IamRoleArn"],
        "IdempotencyToken": params.get("IdempotencyToken"),
        "InitiationDate": date,
        "IsParent": False,
        "PercentDone": "0.0",
        "ResourceArn": source.arn,
        "ResourceName": source.name,
        "ResourceType": source.kind,
        "StartBy": date + 60 * params.get("StartWindowMinutes", _START_MINUTES),
    }


def _taken(job: Record, source: Source, vault: Record, tags: dict[str, str]) -> Record:
    """The recovery point: a snapshot has its cluster's key, a table's backup the vault's."""
    key = source.key or vault["EncryptionKeyArn"]
    return {
        "Advanced": settings.advanced(source.kind),
        "BackupSizeInBytes": source.size,
        "EncryptionKeyArn": key if source.encrypted else None,
        "IamRoleArn": job["IamRoleArn"],
        "IsEncrypted": source.encrypted,
        "RecoveryPointArn": points.arn(source.kind, job["BackupJobId"]),
        "ResourceArn": source.arn,
        "ResourceName": source.name,
        "ResourceType": source.kind,
        "Tags": tags,
    }


def _earlier(token: str | None) -> Record | None:
    """The job that was started with the same token."""
    jobs = state.backup_jobs.values() if token else ()
    return next((each for each in jobs if each["IdempotencyToken"] == token), None)


def _started(job: Record) -> Answer:
    answer = {name: job[name] for name in ("BackupJobId", "CreationDate", "IsParent")}
    if job["ResourceType"] == sources.DYNAMODB:  # AWS names no other point before it is there
        answer["RecoveryPointArn"] = job.get("RecoveryPointArn")
    return answer


def _describe(params: Params) -> Answer:
    job: Record | None = state.backup_jobs.get(params["BackupJobId"])
    if job is None:
        raise not_found(f"Cannot find backup job {params['BackupJobId']}")
    return job


def _list(params: Params) -> Answer:
    jobs = list(state.backup_jobs.values())
    return listing.page("BackupJobs", reversed(jobs), params, filters=_FILTERS)


OPERATIONS = {
    "DescribeBackupJob": _describe,
    "ListBackupJobs": _list,
    "StartBackupJob": _start,
}
