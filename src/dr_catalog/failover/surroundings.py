"""What a look of `looks` looks at, and what it may find: both regions of a launch, each thing read once."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .. import names
from .aws import Aws
from .hints import command
from .model import Lock, Site, Writer

FRESH = timedelta(minutes=5)
"""Within which a metric that comes every minute must have come."""


class NotReady(Exception):
    """Something is not as it must be.

    Args:
        found: What was found.
        fix: What to do, with the exact command where there is one.
    """

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(found)
        self.found, self.fix = found, fix


class Unknown(Exception):
    """It can't be looked at; the text says why."""


@dataclass(frozen=True)
class Surroundings:
    """Where the looks look; what several of them need is read once.

    Args:
        aws: The account's AWS.
        site: Where the recovery runs.
        now: The time of the look.
    """

    aws: Aws
    site: Site
    now: datetime

    @functools.cached_property
    def writer(self) -> Writer:
        """Who takes writes, as the surviving region's table says."""
        return self.aws.writer(self.site)

    @property
    def standby(self) -> str:
        """The region that would take over."""
        return self.site.other(self.writer.region)

    @property
    def resting(self) -> bool:
        """The region that would take over is one that is off at rest."""
        return self.site.switches_on and self.standby == self.site.region

    @functools.cached_property
    def lock(self) -> Lock | None:
        """The run that holds the lock."""
        return self.aws.lock(self.site)

    @functools.cached_property
    def members(self) -> Mapping[str, bool]:
        """The global database's clusters by ARN, each with whether it writes."""
        found = self.call(
            "rds",
            "describe_global_clusters",
            GlobalClusterIdentifier=names.LEDGER.of(suffix=self.site.suffix),
        )["GlobalClusters"][0]
        return {each["DBClusterArn"]: each["IsWriter"] for each in found["GlobalClusterMembers"]}

    def call(self, service: str, operation: str, *, region: str = "", **arguments: Any) -> Any:
        """One call, in the recovery's region unless another is named."""
        return self.aws.call(service, operation, region or self.site.region, **arguments)

    def fix(self, operation: str, *more: str) -> str:
        """A command line on this suffix, to be quoted in a fix."""
        return f"`{command(self.aws, operation, self.site.suffix, *more)}`"

    def ready(self, region: str) -> Mapping[str, Any]:
        """What a region's ``/ready`` says.

        Raises:
            DrCatalogError: It does not answer.
        """
        endpoint = self.aws.told(self.site.suffix, "compute", region)["endpoint"]
        answer = self.aws.get(endpoint, region=region, path="ready")
        return answer.body if isinstance(answer.body, dict) else {}

    def points(
        self,
        metric: str,
        dimensions: Mapping[str, str],
        *,
        namespace: str,
        region: str = "",
        since: timedelta = FRESH,
    ) -> list[float]:
        """A metric's values of the last minutes, the latest first."""
        found = self.series(metric, dimensions, namespace=namespace, region=region, since=since)
        return [found[at] for at in sorted(found, reverse=True)]

    def series(
        self,
        metric: str,
        dimensions: Mapping[str, str],
        *,
        namespace: str,
        region: str = "",
        since: timedelta,
        statistic: str = "Maximum",
    ) -> Mapping[datetime, float]:
        """A metric's values by the minute."""
        answer = self.call(
            "cloudwatch",
            "get_metric_statistics",
            region=region,
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self.now - since,
            EndTime=self.now + timedelta(minutes=1),
            Period=60,
            Statistics=[statistic],
        )
        return {
            each["Timestamp"].replace(second=0, microsecond=0): each[statistic]
            for each in answer["Datapoints"]
        }
