"""Sessions in the accounts that publishing touches: the caller's own, and those it may assume into."""

from __future__ import annotations

import os
import re
import threading
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from .. import names
from ..errors import SetupError

ASSUMED_ROLE = "OrganizationAccountAccessRole"
_BUILD = re.compile(rf":assumed-role/{names.build_role(pipeline='[^/]+', action='[^/]+')}/")
_NO_ENTRY = {"AccessDenied", "AccessDeniedException", "NoSuchEntity"}


class Accounts:
    """boto3 clients by account and region.

    Args:
        role: The role to assume in an account that isn't the caller's; AWS Organizations names it
            ``OrganizationAccountAccessRole`` in the accounts it creates.
        caller: The session that assumes it; by default that of the environment.
    """

    def __init__(self, *, role: str = ASSUMED_ROLE, caller: boto3.Session | None = None) -> None:
        self._role = role
        self._caller = caller or boto3.Session()
        self._sessions: dict[str, boto3.Session] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._is_build = False
        self._lock = threading.RLock()  # making clients is not thread safe

    @cached_property
    def own(self) -> str:
        """The caller's account id."""
        sts = self._caller.client("sts", region_name=_any_region(), config=_config())
        caller = sts.get_caller_identity()
        # A build of the pipeline may only enter roles, also in its own account.
        self._is_build = _BUILD.search(caller["Arn"]) is not None
        account: str = caller["Account"]
        return account

    def client(self, service: str, *, account: str, region: str) -> Any:
        """A client for ``service`` in ``account`` and ``region``; made once.

        Raises:
            SetupError: The role in the account can't be assumed.
        """
        with self._lock:
            key = (service, account, region)
            if key not in self._clients:
                self._clients[key] = self.session(account).client(
                    service, region_name=region, config=_config()
                )
            return self._clients[key]

    def session(self, account: str) -> boto3.Session:
        """The account's session: the caller's own, or of the role, whose credentials are renewed.

        A role that is assumed with a role's credentials ends after an hour, whatever it allows; a
        canary takes longer.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining

        Raises:
            SetupError: The role in the account can't be assumed.
        """
        with self._lock:
            if account not in self._sessions:
                direct = account == self.own and not self._is_build
                self._sessions[account] = self._caller if direct else self._assumed(account)
            return self._sessions[account]

    def from_within(self, account: str, *, role: str) -> Accounts:
        """The accounts that may be entered from ``account``, as ``role``, and itself.

        Raises:
            SetupError: The account itself can't be entered.
        """
        inner = Accounts(role=role, caller=self.session(account))
        inner.__dict__["own"] = account
        return inner

    def beside(self) -> Accounts:
        """The accounts of other stages, only to look at.

        A build of the pipeline publishes in its own stage alone, and sees others as their reader.
        """
        if self._role != names.PUBLISH_ROLE:
            return self
        return Accounts(role=names.READER_ROLE, caller=self._caller)

    def _assumed(self, account: str) -> boto3.Session:
        def assume() -> dict[str, str]:
            return self._assume(account)

        session = botocore.session.get_session()
        session._credentials = RefreshableCredentials.create_from_metadata(
            metadata=assume(), refresh_using=assume, method="assume-role"
        )
        return boto3.Session(botocore_session=session, region_name=self._caller.region_name)

    def _assume(self, account: str) -> dict[str, str]:
        partition = self._caller.get_partition_for_region(_any_region())
        arn = f"arn:{partition}:iam::{account}:role/{self._role}"
        try:
            credentials = self._caller.client(
                "sts", region_name=_any_region(), config=_config()
            ).assume_role(RoleArn=arn, RoleSessionName="dr-catalog")["Credentials"]
        except ClientError as error:
            if error.response["Error"].get("Code") not in _NO_ENTRY:
                raise
            raise SetupError(
                f"{arn} can't be assumed from account {self.own}",
                why=error.response["Error"].get("Message", ""),
                hint=f"name a role that is there and trusts account {self.own} with --role",
            ) from error
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }


def _config() -> Config:
    """AWS throttles who publishes much at once; a local simulation that is down stays down."""
    retries = 1 if os.environ.get("AWS_ENDPOINT_URL") else 8
    return Config(retries={"mode": "adaptive", "max_attempts": retries}, connect_timeout=5)


def poll_seconds() -> float:
    """How long to wait between two looks: short where AWS_ENDPOINT_URL names a local simulation."""
    return 0.1 if os.environ.get("AWS_ENDPOINT_URL") else 4.0


def _any_region() -> str:
    return boto3.Session().region_name or "us-east-1"
