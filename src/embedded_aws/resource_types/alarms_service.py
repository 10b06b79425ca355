"""CloudWatch's alarm operations: what they refuse, and alarms on metric math.

ministack drops the ``Metrics`` of an alarm, tags no dashboard and takes whatever it is given; reading alarms here also
evaluates them, since time alone may change a state.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_region
from ministack.services import cloudwatch

from ..extension import Response, require
from . import alarms_evaluation, alarms_math

Data = Mapping[str, Any]

_error = require(cloudwatch, "_error")
_put_alarm = require(cloudwatch, "_put_metric_alarm")
_put_composite = require(cloudwatch, "_put_composite_alarm")
_describe = require(cloudwatch, "_describe_alarms")
_no_such_alarm = require(cloudwatch, "_validate_alarm_tag_arn")
_dashboards = require(cloudwatch, "_dashboards")
_OF_ONE_METRIC = (
    "MetricName",
    "Namespace",
    "Period",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
)
_DAY, _WEEK, _HOUR = 86400, 604800, 3600
_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


def install() -> None:
    """Put the operations in place; once, before the server starts."""
    alarms_evaluation.install()
    cloudwatch._put_metric_alarm = _checked(_check_alarm, put_alarm)
    cloudwatch._put_composite_alarm = _checked(_check_actions, _put_composite)
    cloudwatch._describe_alarms = describe
    cloudwatch._validate_alarm_tag_arn = _no_such_resource


def put_alarm(params: Any, data: Data, is_cbor: bool, is_json: bool = False) -> Response:
    """PutMetricAlarm."""
    answer: Response = _put_alarm(params, data, is_cbor, is_json)
    if answer[0] < 300:
        alarm = alarms_evaluation.alarms[data["AlarmName"]]
        if data.get("Metrics"):
            for name in _OF_ONE_METRIC:
                alarm.pop(name, None)
            alarm["Metrics"] = list(data["Metrics"])
        if data.get("ExtendedStatistic"):
            alarm.pop("Statistic", None)
        alarms_evaluation.set_by_hand.pop(data["AlarmName"], None)
        alarms_evaluation.evaluate(alarm)
    return answer


def describe(params: Any, data: Data, is_cbor: bool, is_json: bool = False) -> Response:
    """DescribeAlarms, of their states now."""
    alarms_evaluation.evaluate_all()
    answer: Response = _describe(params, data, is_cbor, is_json)
    return answer


def _no_such_resource(arn: str, **form: bool) -> Response | None:
    """The refusal to tag what is not there; dashboards, the account's own, have tags as well."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "dashboard" and name in _dashboards:
        return None
    refused: Response | None = _no_such_alarm(arn, **form)
    return refused


def _checked(check: Callable[[Data], None], operation: Callable[..., Response]) -> Any:
    @functools.wraps(operation)
    def run(params: Any, data: Data, is_cbor: bool, is_json: bool = False) -> Response:
        try:
            check(data)
        except ValueError as refused:
            error: Response = _error(
                "ValidationError", str(refused), 400, use_json=is_json, use_cbor=is_cbor
            )
            return error
        return operation(params, data, is_cbor, is_json)

    return run


def _check_alarm(data: Data) -> None:
    _check_actions(data)
    if data.get("ComparisonOperator") not in alarms_evaluation.COMPARISONS:
        raise ValueError(f"Unsupported comparison operator {data.get('ComparisonOperator')}")
    if data.get("Threshold") is None:
        raise ValueError("Alarm must have a threshold")
    if data.get("TreatMissingData", "missing") not in _TREATMENTS:
        raise ValueError(f"Unsupported TreatMissingData {data['TreatMissingData']}")
    periods, needed = data.get("EvaluationPeriods") or 0, data.get("DatapointsToAlarm")
    if periods < 1:
        raise ValueError("EvaluationPeriods must be at least 1")
    if needed is not None and not 1 <= needed <= periods:
        raise ValueError("DatapointsToAlarm must be at least 1 and at most EvaluationPeriods")
    if data.get("Metrics"):
        _check_queries(data)
    elif not (data.get("MetricName") and data.get("Namespace")):
        raise ValueError("The parameter MetricName or Metrics must be set")
    else:
        if bool(data.get("Statistic")) == bool(data.get("ExtendedStatistic")):
            raise ValueError("Exactly one of Statistic and ExtendedStatistic must be specified")
        _check_period(data.get("Period"))
    length = alarms_evaluation.period(data)
    reach, limit, unit = length * periods, _DAY if length < _HOUR else _WEEK, "a day"
    if reach > limit:
        unit = unit if limit == _DAY else "7 days"
        raise ValueError(
            f"Metrics cannot be checked across more than {unit} "
            f"(EvaluationPeriods * Period must be <= {limit})."
        )


def _check_queries(data: Data) -> None:
    queries = data["Metrics"]
    if any(data.get(name) for name in _OF_ONE_METRIC):
        raise ValueError("Metrics can't be set together with the parameters of a single metric")
    names = [query["Id"] for query in queries]
    if len(set(names)) != len(names):
        raise ValueError("The Ids of the metrics must be unique")
    if sum(query.get("ReturnData", True) for query in queries) != 1:
        raise ValueError("Exactly one element of the metrics list should return data.")
    for query in queries:
        if ("Expression" in query) == ("MetricStat" in query):
            raise ValueError(f"Metric {query['Id']} needs either Expression or MetricStat")
        if "Expression" in query:
            alarms_math.parse(query["Expression"], set(names))
        else:
            _check_period(query["MetricStat"].get("Period"))


def _check_period(period: Any) -> None:
    if period not in (10, 20, 30) and (not period or period % 60):
        raise ValueError(f"Period must be 10, 20, 30 or a multiple of 60, not {period}")


def _check_actions(data: Data) -> None:
    """An alarm acts in its own region only."""
    for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        actions = data.get(kind) or []
        if len(actions) > 5:
            raise ValueError(f"{kind} must have at most 5 entries")
        for action in actions:
            parts = action.split(":")
            if len(parts) < 6 or parts[0] != "arn":
                raise ValueError(f"Invalid arn syntax: {action}")
            if parts[3] != get_region():
                raise ValueError(
                    f"Invalid region {parts[3]} specified. Only {get_region()} is supported."
                )
