"""An account's settings of a region: of which types AWS Backup takes recovery points at all.

AWS documents no defaults of the opt-in, only that S3 has to be opted in to: here the others begin
opted in. DynamoDB's advanced features begin switched off, as for who used AWS Backup before
November 2021, so that what needs them and does not switch them on is found out.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRegionSettings.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
"""

from __future__ import annotations

from . import state
from .errors import conflicting, invalid, refuse_others
from .sources import AURORA, DYNAMODB, S3
from .state import Answer, Params

_OPT_IN, _MANAGEMENT = "ResourceTypeOptInPreference", "ResourceTypeManagementPreference"
# AWS names more types; only those are here of which recovery points can be taken.
_DEFAULTS = {_OPT_IN: {AURORA: True, DYNAMODB: True, S3: False}, _MANAGEMENT: {DYNAMODB: False}}


def check_opted_in(kind: str) -> None:
    """Whether a job may take a recovery point of this type here.

    Raises:
        RefusedError: The account is not opted in to it in this region.
    """
    if not _found(_OPT_IN)[kind]:
        raise conflicting(
            f"Resource type {kind} is not opted in for AWS Backup in this account and region"
        )


def advanced(kind: str) -> bool:
    """Whether a recovery point of this type is one that AWS Backup fully manages.

    Those of other types than DynamoDB always are what a copy needs.
    """
    return _found(_MANAGEMENT).get(kind, True)


def _found(name: str) -> dict[str, bool]:
    return {**_DEFAULTS[name], **state.region_settings.get(name, {})}


def _describe(params: Params) -> Answer:
    return {name: _found(name) for name in _DEFAULTS}


def _update(params: Params) -> Answer:
    """What is not named stays as it is."""
    refuse_others(params, _DEFAULTS)
    for name, text in ((_OPT_IN, "opt in"), (_MANAGEMENT, "management")):
        if not params.get(name, {}).keys() <= _DEFAULTS[name].keys():
            raise invalid(
                f"Element present in resource type {text} preference has invalid values. Please "
                "use describeRegionSettings API to know the supported resource types"
            )
    for name in params:
        state.region_settings[name] = {**_found(name), **params[name]}
    return {}


OPERATIONS = {"DescribeRegionSettings": _describe, "UpdateRegionSettings": _update}
