"""The stage's account as a canary uses it: a tenant's view of Service Catalog, and the tier's checks."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property

import boto3

from ..definitions import Stage
from ..provisioning import Aws, outputs
from ..provisioning.checks import Check, Launch, inspect
from ..provisioning.checks.left import left
from ..publishing import Accounts
from ..translation import translated
from .records import Records


@dataclass(frozen=True)
class Ground:
    """Where a canary flies.

    Args:
        stage: The stage.
        aws: Its account, in the pair's first region.
        session: The same credentials.
    """

    stage: Stage
    aws: Aws
    session: boto3.Session

    @cached_property
    def records(self) -> Records:
        """What the stage remembers."""
        return Records(self.session.client("ssm", region_name=self.aws.region))

    def look(self, suffix: str) -> list[Check]:
        """The tier's checks, in both regions.

        Raises:
            LaunchError: The launch is not up.
        """
        addresses = {
            region: found["Endpoint"]
            for region, found in outputs(self.aws, suffix).items()
            if "Endpoint" in found
        }
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return inspect(self._launch(suffix, addresses))

    def left(self, suffix: str) -> list[str]:
        """What of a suffix is still there in either region, but for keys pending deletion."""
        launch = self._launch(suffix, {})
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return [
                f"{found} in {region}"
                for region in self.stage.regions
                for found in left(launch, region)
            ]

    def _launch(self, suffix: str, endpoints: dict[str, str]) -> Launch:
        return replace(self._any, suffix=suffix, endpoints=endpoints)  # with the same clients

    @cached_property
    def _any(self) -> Launch:
        region, peer = self.stage.regions
        return Launch(
            session=self.session,
            account=self.stage.account,
            suffix="",
            region=region,
            peer_region=peer,
            endpoints={},
        )


def enter(*, stage: Stage, accounts: Accounts) -> Ground:
    """The ground of a stage, entered with the role of ``accounts`` where it is another account's.

    Raises:
        SetupError: The role can't be assumed.
    """
    with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
        session = accounts.session(stage.account)
    return Ground(stage=stage, aws=Aws(region=stage.regions[0], session=session), session=session)
