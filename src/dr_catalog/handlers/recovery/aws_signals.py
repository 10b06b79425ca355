"""What is known about the launch region, and where the traffic goes, on AWS."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from clients import calling, client
from recovery_settings import RecoverySettings
from world import Refusal, Unreachable

NAMESPACE, METRIC = "DrCatalog", "LaunchRegionAnswers"
MINUTES = 3
"""How old a vote may be."""
SECONDS = 3.0
"""How long an API may take to say that it is up."""
TOO_MANY = 429
"""Turns callers away, and so it is there: see the probe."""


class AwsSignals:
    """Probes, versions and the switch of the traffic."""

    def __init__(self, settings: RecoverySettings) -> None:
        self._settings = settings

    def answers(self, region: str) -> bool:
        """See ``world.Signals``."""
        url = _local(self._settings.endpoints[region]) + "health"
        for _ in range(2):
            try:
                with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                    return bool(answer.status == 200)
            except urllib.error.HTTPError as answer:
                with answer:
                    if answer.code == TOO_MANY:
                        return True
            except (OSError, ValueError):
                continue
        return False

    def votes(self) -> Mapping[str, bool]:
        """See ``world.Signals``; nobody's where CloudWatch does not answer."""
        settings, now = self._settings, datetime.now(UTC)
        queries = [
            {
                "Id": f"vote{number}",
                "Label": region,
                "MetricStat": {
                    "Metric": {
                        "Namespace": NAMESPACE,
                        "MetricName": METRIC,
                        "Dimensions": [
                            {"Name": "Suffix", "Value": settings.suffix},
                            {"Name": "From", "Value": region},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Minimum",
                },
            }
            for number, region in enumerate(
                filter(None, (settings.launch, settings.peer, settings.witness))
            )
        ]
        try:
            with calling("CloudWatch"):
                found = client("cloudwatch", settings.peer).get_metric_data(
                    MetricDataQueries=queries,
                    StartTime=now - timedelta(minutes=MINUTES),
                    EndTime=now + timedelta(minutes=1),
                    ScanBy="TimestampDescending",
                )["MetricDataResults"]
        except (Unreachable, Refusal):
            return {}
        regions = {f"vote{number}": each["Label"] for number, each in enumerate(queries)}
        return {
            str(regions[each["Id"]]): each["Values"][0] >= 1 for each in found if each["Values"]
        }

    def versions(self) -> Mapping[str, str]:
        """See ``world.Signals``."""
        found = {}
        for region in (self._settings.launch, self._settings.peer):
            try:
                with calling(f"Lambda in {region}"):
                    found[region] = str(
                        client("lambda", region).get_function_configuration(
                            FunctionName=self._settings.processor
                        )["CodeSha256"]
                    )
            except (Unreachable, Refusal):
                continue  # what is half gone says strange things, too
        return found

    def serving(self) -> str:
        """See ``world.Signals``."""
        with calling("the serving region"):
            name = self._settings.serving_parameter
            found = client("ssm", self._settings.peer).get_parameter(Name=name)
            return str(found["Parameter"]["Value"])
        raise AssertionError

    def move(self, to: str) -> None:
        """See ``world.Signals``."""
        settings = self._settings
        with calling("the serving region"):
            client("ssm", settings.peer).put_parameter(
                Name=settings.serving_parameter, Value=to, Type="String", Overwrite=True
            )
        with calling("the control metric"):
            answer = client("lambda", settings.peer).invoke(FunctionName=settings.control_metric)
        if answer.get("FunctionError"):
            raise Unreachable("the control metric is not published")


def _local(endpoint: str) -> str:
    """The API's address; in a local simulation, where its name does not resolve, the id goes in the path."""
    simulation = os.environ.get("AWS_ENDPOINT_URL")
    if not simulation:
        return endpoint
    parts = urlsplit(endpoint)
    api, stage = parts.netloc.split(".")[0], parts.path.strip("/")
    return f"{simulation}/restapis/{api}/{stage}/_user_request_/"
