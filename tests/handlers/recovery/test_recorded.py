"""Which figure of a lag counts once the launch region is silent; and what is asked of CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import aws_database
import pytest
from aws_database import AwsDatabase
from recorded import WINDOW, recorded

LAUNCH, PEER = "us-east-1", "us-west-2"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def ago(**minutes_to_value: float) -> dict[datetime, float]:
    """``m20=800``: 800 twenty minutes ago."""
    return {
        NOW - timedelta(minutes=int(name[1:])): value for name, value in minutes_to_value.items()
    }


@pytest.mark.parametrize(
    ("values", "answers", "expected"),
    [
        (ago(m0=500, m1=900), ago(m0=1, m1=1), (500, 0, True)),
        (ago(m0=500, m1=900), {}, (500, 0, False)),
        (ago(m0=1_200_000, m20=800), ago(m0=0, m19=0, m20=1), (800, 20, True)),
        (ago(m0=1_200_000, m20=800, m21=700), ago(m21=1), (700, 21, True)),
        (ago(m0=60_000), ago(m0=0), (60_000, 0, False)),
        (ago(m11=60_000), ago(m0=0), None),
        ({}, ago(m0=1), None),
    ],
)
def test_the_value_of_the_last_answer_counts_and_else_the_newest(
    values: Mapping[datetime, float],
    answers: Mapping[datetime, float],
    expected: tuple[float, int, bool] | None,
) -> None:
    if expected is not None:
        expected = (expected[0], NOW - timedelta(minutes=expected[1]), expected[2])
    assert recorded(values, answers, now=NOW) == expected


def test_the_peer_is_as_far_behind_as_when_the_launch_region_last_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    series = {
        "AuroraGlobalDBRPOLag": ago(m0=1_200_000, m20=800),
        "LaunchRegionAnswers": ago(m0=0, m20=1),
    }
    asked: list[str] = []

    class CloudWatch:
        def get_metric_data(self, **given: Any) -> Any:
            (query,) = given["MetricDataQueries"]
            assert given["EndTime"] - given["StartTime"] >= WINDOW
            name = query["MetricStat"]["Metric"]["MetricName"]
            asked.append(name)
            found = series.get(name, {})
            return {"MetricDataResults": [{"Timestamps": [*found], "Values": [*found.values()]}]}

    monkeypatch.setattr(aws_database, "client", lambda service, region: CloudWatch())
    settings: Any = SimpleNamespace(
        suffix="r",
        launch=LAUNCH,
        peer=PEER,
        other={LAUNCH: PEER, PEER: LAUNCH}.get,
        database=SimpleNamespace(clusters={LAUNCH: "l", PEER: "p"}),
    )
    lag = AwsDatabase(settings, None).lag(PEER)
    assert lag.milliseconds == 800
    assert lag.source.endswith("UTC, when us-east-1 last answered")
    # The other way round nobody votes: the newest counts.
    assert AwsDatabase(settings, None).lag(LAUNCH).milliseconds == 1_200_000
    assert asked == ["LaunchRegionAnswers", "AuroraGlobalDBRPOLag", "AuroraGlobalDBRPOLag"]
