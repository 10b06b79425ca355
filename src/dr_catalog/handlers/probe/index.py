"""The probe: says every minute whether the launch region answers, and says it in the peer region.

``ENDPOINT`` is the address of the launch region's transaction API. One probe runs in the peer, which
votes from outside, one in the launch region itself, and one in a third region where one is given, whose
code is this file in the template: it must stay below 4,096 characters. Each publishes ``METRIC`` in ``NAMESPACE`` into
``PEER_REGION`` with the dimensions ``Suffix`` and ``From``, its own region: 1 when ``/health`` was
answered in time, 0 when it was not. The launch region's own probe falls silent with its region, and
so its silence is a vote too, but not without the other's.

Too many requests is an answer too: an API that turns callers away is there, and else whoever floods it,
for ``/health`` is open, could have the environment failed over.

``/health`` says that API and functions of the region run. What they then find to be missing is told by
``/ready`` and by alarms, and is for a person to judge: another region may not have it either.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

TIMEOUT = 5.0
"""Seconds for the answer; slower is no answer."""
OK, TOO_MANY = 200, 429
CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)


def handler(event: dict[str, Any], context: Any) -> int:
    """Ask once and publish what came; that is the result."""
    started = time.perf_counter()
    why = _silence(address(os.environ["ENDPOINT"]) + "health")
    value = 0 if why else 1
    boto3.client(
        "cloudwatch", region_name=os.environ["PEER_REGION"], config=CONFIG
    ).put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=[
            {
                "MetricName": os.environ["METRIC"],
                "Dimensions": [
                    {"Name": "Suffix", "Value": os.environ["SUFFIX"]},
                    {"Name": "From", "Value": os.environ["AWS_REGION"]},
                ],
                "Value": value,
                "Unit": "None",
            }
        ],
    )
    line = {
        "level": "INFO" if value else "WARNING",
        "message": "published",
        "answers": value,
        "duration_ms": round((time.perf_counter() - started) * 1000, 1),
        **({"why": why} if why else {}),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    return value


def address(endpoint: str) -> str:
    """Where a request goes: in a local simulation, whose names do not resolve, to the simulation."""
    simulation = os.environ.get("AWS_ENDPOINT_URL")
    if not simulation:
        return endpoint
    parts = urlsplit(endpoint)
    api, stage = parts.netloc.partition(".")[0], parts.path.strip("/")
    return f"{simulation}/restapis/{api}/{stage}/_user_request_/"


def _silence(url: str) -> str:
    """Why there was no answer; empty when there was one."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            status = answer.status
    except urllib.error.HTTPError as answer:
        with answer:
            status = answer.code
    except Exception as error:  # whatever it was, the region did not answer
        return f"{type(error).__name__}: {error}"
    return "" if status in (OK, TOO_MANY) else f"HTTP {status}"
