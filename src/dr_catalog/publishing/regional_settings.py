"""What a tier needs of an account's regional settings and no CloudFormation type can set.

AWS Backup takes recovery points only of types that the account is opted in to, and copies those of a
DynamoDB table to the other region only with the table's advanced features. Both are an account's, in
each region; the other types' settings are whoever's they are, and stay.

API Gateway's account-wide role for CloudWatch logs is not among them: no stage of a tier writes access
or execution logs there, since its function logs each request itself.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRegionSettings.html
https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
"""

from __future__ import annotations

from typing import Any

NEEDED = {
    "ResourceTypeOptInPreference": {"Aurora": True, "DynamoDB": True, "S3": True},
    "ResourceTypeManagementPreference": {"DynamoDB": True},
}
_TOLD = {
    "ResourceTypeOptInPreference": "AWS Backup opted in to {}",
    "ResourceTypeManagementPreference": "AWS Backup's advanced features for {}",
}


def reconcile(backup: Any) -> tuple[str, ...]:
    """Switch on what is needed and is off; UpdateRegionSettings leaves what it isn't told.

    Args:
        backup: A client of the account and region.

    Returns:
        What was switched on, in words.
    """
    found = backup.describe_region_settings()
    missing = {
        preference: {kind: True for kind in kinds if not found.get(preference, {}).get(kind)}
        for preference, kinds in NEEDED.items()
    }
    changes = {preference: kinds for preference, kinds in missing.items() if kinds}
    if changes:
        backup.update_region_settings(**changes)
    return tuple(
        _TOLD[preference].format(kind) for preference, kinds in changes.items() for kind in kinds
    )
