"""Whether a stage's hub can get at an account in both regions, asked before anything is changed.

What is found missing here leaves nothing half done.
"""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from ..definitions import Stage
from ..errors import SetupError, UsageError
from .accounts import Accounts

# How AWS answers an account that has not enabled a region: its credentials are not known there.
_NOT_THERE = {
    "AuthFailure",
    "InvalidClientTokenId",
    "OptInRequired",
    "RegionDisabledException",
    "SubscriptionRequiredException",
    "UnrecognizedClientException",
}


def check_account_id(account: str) -> None:
    """Refuse what is no account id.

    Raises:
        UsageError: It is not 12 digits.
    """
    if not re.fullmatch(r"[0-9]{12}", account):
        raise UsageError(
            f"'{account}' is not an account id",
            why="an account id has 12 digits, zeros at its beginning included",
            hint="`aws sts get-caller-identity`, with credentials of the account, shows its id",
        )


def check_entry(accounts: Accounts, *, stage: Stage, account: str) -> None:
    """Refuse credentials that are not the hub's, and a region that either account can't use.

    Raises:
        SetupError: One of the two, or the role in the account can't be assumed.
    """
    if accounts.own != stage.account:
        raise SetupError(
            f"accounts are onboarded and offboarded from the hub of stage {stage.name}, "
            f"account {stage.account}",
            why=f"the credentials are of account {accounts.own}",
            hint=f"use credentials of {stage.account}, or mend pipeline/pipeline.yaml",
        )
    for each in dict.fromkeys((stage.account, account)):
        for region in stage.regions:
            try:
                accounts.client("sts", account=each, region=region).get_caller_identity()
            except ClientError as error:
                if error.response["Error"].get("Code") not in _NOT_THERE:
                    raise
                raise SetupError(
                    f"account {each} can't use region {region}",
                    why=error.response["Error"].get("Message", ""),
                    hint=f"`aws account enable-region --region-name {region}` with credentials of "
                    f"the account, or mend the pair of stage {stage.name} in pipeline/pipeline.yaml",
                ) from error
