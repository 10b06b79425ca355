"""Copy jobs: a recovery point in another vault of the account, mostly the other region's.

A copy is encrypted with the key of the vault it goes to, unless it is of a cluster that is not
encrypted. A vault that is not there, or whose lock does not take it, fails the job; so does a
table's point for another region unless DynamoDB's advanced features are on, and were when it was taken.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-region-backup.html
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope

from ..regions.state import held
from . import checks, contents, jobs, listing, points, settings, sources, state, told, vaults
from .errors import conflicting, invalid, not_found, refuse_others
from .state import Answer, Params, Record

_PARAMETERS = (
    "DestinationBackupVaultArn",
    "IamRoleArn",
    "IdempotencyToken",
    "Lifecycle",
    "RecoveryPointArn",
    "SourceBackupVaultName",
)
_FILTERS = {
    "ByAccountId": "AccountId",
    "ByDestinationVaultArn": "DestinationBackupVaultArn",
    "ByResourceArn": "ResourceArn",
    "ByResourceType": "ResourceType",
    "BySourceRecoveryPointArn": "SourceRecoveryPointArn",
    "ByState": "State",
    **listing.CREATED,
}
_OF_THE_POINT = ("BackupSizeInBytes", "ResourceArn", "ResourceName", "ResourceType")


def _start(params: Params) -> Answer:
    refuse_others(params, _PARAMETERS)
    earlier = _earlier(params.get("IdempotencyToken"))
    if earlier is not None:
        return earlier
    point = points.find(params["SourceBackupVaultName"], params["RecoveryPointArn"])
    target = params["DestinationBackupVaultArn"]
    region, name = _parsed(target)
    if target == point["BackupVaultArn"]:
        raise conflicting("A recovery point can't be copied into the vault it lies in")
    role = checks.role(params["IamRoleArn"])
    lifecycle = checks.lifecycle(params.get("Lifecycle"))
    job = _created(params, point)
    vault = state.vaults.get_scoped(get_account_id(), region, name)
    problem = _unsupported(point, region) or _problem(vault, target, lifecycle)
    problem = problem or jobs.missing_call(role, _calls(point, target))
    if held(get_region(), region):
        problem = f"The copy does not get to {region}"
    if problem:
        job |= {"State": "FAILED", "StatusMessage": problem}
    else:
        with request_scope(get_account_id(), region):
            copy = points.keep(_copied(job, point, vault), lifecycle, vault=vault)
            contents.copy(point, copy)
        job |= {"State": "COMPLETED", "DestinationRecoveryPointArn": copy["RecoveryPointArn"]}
        job["DestinationEncryptionKeyArn"] = copy["EncryptionKeyArn"]
    job["CompletionDate"] = state.now()
    state.copy_jobs[job["CopyJobId"]] = job
    told.of_copy(job)
    return job


def _parsed(arn: str) -> tuple[str, str]:
    parts = arn.split(":")
    if len(parts) != 7 or parts[2] != "backup" or parts[5] != "backup-vault":
        raise invalid(f"Invalid ARN of a backup vault: {arn}")
    if parts[4] != get_account_id():
        raise invalid(f"The embedded AWS copies within an account alone, not to {arn}")
    return parts[3], parts[6]


def _created(params: Params, point: Record) -> Record:
    return {
        "AccountId": get_account_id(),
        "CopyJobId": state.new_id(),
        "CreationDate": state.now(),
        "DestinationBackupVaultArn": params["DestinationBackupVaultArn"],
        "IamRoleArn": params["IamRoleArn"],
        "IdempotencyToken": params.get("IdempotencyToken"),
        "IsParent": False,
        "SourceBackupVaultArn": point["BackupVaultArn"],
        "SourceRecoveryPointArn": point["RecoveryPointArn"],
        **{name: point[name] for name in _OF_THE_POINT},
    }


def _unsupported(point: Record, region: str) -> str:
    kind = point["ResourceType"]
    if region == get_region() or (point["Advanced"] and settings.advanced(kind)):
        return ""
    return (
        f"Copy job from {get_region()} to {region} cannot be initiated for {kind} resources. "
        "Feature is not supported for provided resource type."
    )


def _problem(vault: Record | None, arn: str, lifecycle: dict[str, Any]) -> str:
    if vault is None:
        return f"The destination backup vault {arn} does not exist"
    return vaults.retention_problem(vault, lifecycle)


def _calls(point: Record, target: str) -> tuple[tuple[str, str], ...]:
    calls = (
        ("backup:CopyFromBackupVault", point["BackupVaultArn"]),
        ("backup:CopyIntoBackupVault", target),
    )
    if point["ResourceType"] != sources.AURORA:
        return calls
    return (*calls, ("rds:CopyDBClusterSnapshot", point["RecoveryPointArn"]))


def _copied(job: Record, point: Record, vault: Record) -> Record:
    """The copy, named in the region it goes to."""
    return {
        **{name: point[name] for name in (*_OF_THE_POINT, "Advanced", "IsEncrypted", "Tags")},
        "EncryptionKeyArn": vault["EncryptionKeyArn"] if point["IsEncrypted"] else None,
        "IamRoleArn": job["IamRoleArn"],
        "RecoveryPointArn": points.arn(point["ResourceType"], job["CopyJobId"], copy=True),
        "SourceBackupVaultArn": point["BackupVaultArn"],
    }


def _earlier(token: str | None) -> Record | None:
    """The job that was started with the same token."""
    found = state.copy_jobs.values() if token else ()
    return next((each for each in found if each["IdempotencyToken"] == token), None)


def _describe(params: Params) -> Answer:
    job: Record | None = state.copy_jobs.get(params["CopyJobId"])
    if job is None:
        raise not_found(f"Cannot find copy job {params['CopyJobId']}")
    return {"CopyJob": job}


def _list(params: Params) -> Answer:
    found = list(state.copy_jobs.values())
    return listing.page("CopyJobs", reversed(found), params, filters=_FILTERS)


OPERATIONS = {"DescribeCopyJob": _describe, "ListCopyJobs": _list, "StartCopyJob": _start}
