"""The control metric: says every minute, in the peer region, which region serves.

The DNS record follows health checks on alarms over this metric, so traffic moves when the data that is
read here changes, and at no other time. ``PARAMETER`` names an SSM parameter in this region that
holds the serving region, or several with commas between them; ``REGIONS`` are the two of the launch.
For each, ``METRIC`` in ``NAMESPACE`` with the dimensions ``Suffix`` and ``Region`` becomes 1 or 0.

When the parameter can't be read or names no region of the launch, nothing is published: the health
checks then keep their last status, and an alarm on the silence tells of it.

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import boto3
from botocore.config import Config

CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class UnknownRegion(Exception):
    """The parameter names a region that is not one of the launch's, or none."""


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """What the schedule calls; returns what was published, by region."""
    regions = os.environ["REGIONS"].split(",")
    serving = _serving(os.environ["PARAMETER"], regions)
    values = {region: int(region in serving) for region in regions}
    _client("cloudwatch").put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=[
            {
                "MetricName": os.environ["METRIC"],
                "Dimensions": [
                    {"Name": "Suffix", "Value": os.environ["SUFFIX"]},
                    {"Name": "Region", "Value": region},
                ],
                "Value": value,
                "Unit": "None",
            }
            for region, value in values.items()
        ],
    )
    line = {"level": "INFO", "message": "published", "serving": sorted(serving)}
    sys.stdout.write(json.dumps(line) + "\n")
    return values


def _serving(parameter: str, regions: list[str]) -> set[str]:
    value = _client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
    serving = {region.strip() for region in value.split(",")}
    if not serving <= set(regions):
        raise UnknownRegion(f"{parameter} is '{value}', but the regions are {', '.join(regions)}")
    return serving


def _client(service: str) -> Any:
    return boto3.client(service, region_name=os.environ["AWS_REGION"], config=CONFIG)
