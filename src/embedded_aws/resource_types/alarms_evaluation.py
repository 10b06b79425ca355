"""When an alarm is in ALARM: by its own dimensions, M of N periods, missing data, metric math.

ministack looks at all data of a metric's name and at the last period alone. Here a period's datapoint
is the statistic of the data with the alarm's dimensions, and the last N periods decide, the current
one as soon as it has data. Time is that of the newest datapoint when that lies ahead of the clock:
who puts data for the coming periods sees at once what they will bring.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch

from ..extension import account_region_store, require
from . import alarms_math

Alarm = Mapping[str, Any]

alarms = require(cloudwatch, "_alarms")
_metrics = require(cloudwatch, "_metrics")
_dimensions_key = require(cloudwatch, "_dims_key")
_dimensions = require(cloudwatch, "_dims_from_list")
_statistics = require(cloudwatch, "_calc_stats")
_statistic = require(cloudwatch, "_stat_value")
_record_history = require(cloudwatch, "_record_history")
require(cloudwatch, "_dispatch_alarm_actions")
_evaluate_parents = require(cloudwatch, "_evaluate_parent_alarms")
_set_state = require(cloudwatch, "_set_alarm_state")

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
COMPARISONS = tuple(_COMPARISONS)

set_by_hand = account_region_store()
"""Alarms whose state SetAlarmState gave: until when, and how much data there was then."""


def install() -> None:
    """Evaluate this way; once, before the server starts."""
    cloudwatch._evaluate_alarm = evaluate
    cloudwatch._set_alarm_state = set_state


def evaluate(alarm: dict[str, Any]) -> None:
    """Move the alarm to the state that its data give, and act on it."""
    name = alarm["AlarmName"]
    if _is_held(alarm):
        return
    before, (after, reason) = alarm["StateValue"], verdict(alarm)
    if after in ("", before):
        return
    alarm["StateValue"], alarm["StateReason"] = after, reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    _record_history(name, before, after, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, after, reason)
    _evaluate_parents(alarm)


def evaluate_all() -> None:
    """Evaluate every alarm of the account and region."""
    for alarm in list(alarms.values()):
        evaluate(alarm)


def set_state(
    params: Any, data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
) -> tuple[int, dict[str, str], bytes]:
    """SetAlarmState: the state stays until there are new data, or for a period."""
    answer: tuple[int, dict[str, str], bytes] = _set_state(params, data, is_cbor, is_json)
    alarm = alarms.get(data.get("AlarmName", ""))
    if alarm is not None and answer[0] < 300:
        set_by_hand[alarm["AlarmName"]] = [time.time() + period(alarm), _count(alarm)]
    return answer


def _is_held(alarm: Alarm) -> bool:
    until, count = set_by_hand.get(alarm["AlarmName"], (0, 0))
    if time.time() < until and _count(alarm) == count:
        return True
    set_by_hand.pop(alarm["AlarmName"], None)
    return False


def verdict(alarm: Alarm, *, before: float | None = None) -> tuple[str, str]:
    """The state that the data give, with its reason; an empty state keeps the one there is.

    Args:
        before: Looks at what there was before this time, an end of `ends`; None (default) at all, now.
    """
    needed, length = alarm.get("DatapointsToAlarm"), int(alarm["EvaluationPeriods"])
    needed = int(needed or length)
    values = _recent(alarm, length, before)
    present = [value for value in values if value is not None]
    threshold = alarm.get("Threshold", 0.0)
    compare = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(compare(value, threshold) for value in present)
    missing = length - len(present)
    treatment = alarm.get("TreatMissingData") or "missing"
    told = f"{present} against the threshold {threshold} ({alarm['ComparisonOperator']})"
    crossed = f"Threshold Crossed: {breaching} of {length} datapoints {told}"
    if treatment == "breaching":
        state = "ALARM" if breaching + missing >= needed else "OK"
        return state, f"{crossed}; {missing} missing, treated as breaching"
    if treatment == "notBreaching":
        return "ALARM" if breaching >= needed else "OK", crossed
    if treatment == "ignore":
        if breaching >= needed:
            return "ALARM", crossed
        return ("OK" if breaching + missing < needed else ""), crossed
    if not present:
        return "INSUFFICIENT_DATA", f"Insufficient Data: {length} datapoints were unknown."
    return "ALARM" if breaching >= min(needed, len(present)) else "OK", crossed


def period(alarm: Alarm) -> int:
    """Seconds of one of the alarm's periods."""
    if alarm.get("Metrics"):
        lengths = [
            query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query
        ]
        return int(max(lengths, default=60))
    return int(alarm.get("Period") or 60)


def ends(alarm: Alarm) -> list[float]:
    """The ends of the periods that have data, newest first."""
    seconds = period(alarm)
    points = [point for query in _queries(alarm).values() for point in _points(query)]
    periods = {int(point["Timestamp"] // seconds) for point in points}
    return [float((number + 1) * seconds) for number in sorted(periods, reverse=True)]


def _recent(alarm: Alarm, length: int, before: float | None) -> list[float | None]:
    """The values of the last periods, oldest first; None where there is none."""
    seconds = period(alarm)
    series, last = _series(alarm, seconds, before)
    return [series.get(number) for number in range(last - length + 1, last + 1)]


def _series(alarm: Alarm, seconds: int, before: float | None) -> tuple[dict[int, float], int]:
    """The value of each period, and the number of the last one that counts."""
    found = {name: _points(query, before) for name, query in _queries(alarm).items()}
    newest = max((p["Timestamp"] for points in found.values() for p in points), default=0.0)
    now = time.time() if before is None else newest
    last = int(max(now, newest) // seconds)
    statistics = _queries(alarm)
    metrics = {
        name: _by_period(points, seconds, statistics[name]["Stat"])
        for name, points in found.items()
    }
    if not any(last in series for series in metrics.values()):
        last -= 1  # the current period is not over
    if not alarm.get("Metrics"):
        return metrics["metric"], last
    return _mathematics(alarm["Metrics"], metrics), last


def _queries(alarm: Alarm) -> dict[str, dict[str, Any]]:
    """The statistics an alarm reads, by their ids."""
    if alarm.get("Metrics"):
        return {
            query["Id"]: query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query
        }
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions", []),
    }
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return {"metric": {"Metric": metric, "Stat": statistic, "Unit": alarm.get("Unit")}}


def _points(query: Mapping[str, Any], before: float | None = None) -> list[dict[str, Any]]:
    metric, unit = query["Metric"], query.get("Unit")
    key = _dimensions_key(_dimensions(metric.get("Dimensions") or []))
    points = _metrics.get((metric["Namespace"], metric["MetricName"], key)) or []
    return [
        point
        for point in points
        if (not unit or point["Unit"] == unit) and (before is None or point["Timestamp"] < before)
    ]


def _by_period(points: list[dict[str, Any]], seconds: int, statistic: str) -> dict[int, float]:
    periods: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for point in points:
        periods[int(point["Timestamp"] // seconds)].append(point)
    values = {
        number: _statistic(_statistics(inside), statistic, inside)
        for number, inside in periods.items()
    }
    return {number: value for number, value in values.items() if value is not None}


def _mathematics(
    queries: list[dict[str, Any]], metrics: dict[str, dict[int, float]]
) -> dict[int, float]:
    """The values of the query that is returned; an expression may use those before it."""
    known = dict(metrics)
    periods = {number for series in metrics.values() for number in series}
    reach = range(min(periods, default=0), max(periods, default=0) + 2)
    for query in queries:
        if "Expression" in query:
            tree = alarms_math.parse(query["Expression"], {each["Id"] for each in queries})
            results = {number: alarms_math.value(tree, number, known) for number in reach}
            known[query["Id"]] = {n: value for n, value in results.items() if value is not None}
    returned = [query["Id"] for query in queries if query.get("ReturnData", True)]
    return known[returned[-1]]


def _count(alarm: Alarm) -> int:
    return sum(len(_points(query)) for query in _queries(alarm).values())
