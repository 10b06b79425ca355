"""Metric math, as far as alarms here use it: arithmetic, comparisons and a handful of functions.

An expression is read once per evaluation and worked out for one period at a time; a period in which
an operand has no value has none itself, unless ``FILL`` or a function over several metrics gives one.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Series = Mapping[int, float]
"""The value of each period that has one, by the period's number."""

_WORDS = {r"&&": " and ", r"\|\|": " or ", r"\bAND\b": "and", r"\bOR\b": "or"}
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b if b else math.nan,
    ast.Pow: operator.pow,
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
}
_OVER_MANY: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
}
_OF_ONE: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
FUNCTIONS = (*_OVER_MANY, *_OF_ONE, "IF", "FILL", "METRICS")


class ExpressionError(ValueError):
    """An expression that CloudWatch, or this evaluation, does not take."""


def parse(expression: str, names: set[str]) -> ast.expr:
    """The expression's tree.

    Raises:
        ExpressionError: It can't be read, or names a metric or a function that is not there.
    """
    text = expression
    for pattern, word in _WORDS.items():
        text = re.sub(pattern, word, text)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise ExpressionError(f"Error in expression '{expression}': syntax error") from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name):
            continue
        if id(node) in called and node.id not in FUNCTIONS:
            raise ExpressionError(f"Error in expression '{expression}': unsupported {node.id}")
        if id(node) not in called and node.id not in (*names, "REPEAT"):
            raise ExpressionError(
                f"Error in expression '{expression}': no metric has the id {node.id}"
            )
    return tree


def value(tree: ast.expr, period: int, metrics: Mapping[str, Series]) -> float | None:
    """The expression's value in one period; None where there is none."""
    result = _value(tree, period, metrics)
    return None if result is None or math.isnan(result) else result


def _value(node: ast.expr, period: int, metrics: Mapping[str, Series]) -> float | None:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return metrics[node.id].get(period)
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, period, metrics)
        return None if operand is None else -operand
    if isinstance(node, ast.BoolOp):
        operands = [_value(each, period, metrics) for each in node.values]
        combine = all if isinstance(node.op, ast.And) else any
        return None if None in operands else float(combine(operands))
    if isinstance(node, ast.Call):
        return _call(node, period, metrics)
    if isinstance(node, ast.BinOp):
        return _binary(node.op, node.left, node.right, period, metrics)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _binary(node.ops[0], node.left, node.comparators[0], period, metrics)
    raise ExpressionError(f"unsupported expression {ast.unparse(node)}")


def _binary(
    kind: Any, left: ast.expr, right: ast.expr, period: int, metrics: Mapping[str, Series]
) -> float | None:
    one, other = _value(left, period, metrics), _value(right, period, metrics)
    return None if one is None or other is None else _OPERATORS[type(kind)](one, other)


def _call(node: ast.Call, period: int, metrics: Mapping[str, Series]) -> float | None:
    assert isinstance(node.func, ast.Name)
    name, arguments = node.func.id, node.args
    if name == "IF":
        condition = _value(arguments[0], period, metrics)
        if condition is None:
            return None
        return _value(arguments[1 if condition else 2], period, metrics)
    if name == "FILL":
        return _filled(arguments[0], arguments[1], period, metrics)
    if name in _OF_ONE:
        operand = _value(arguments[0], period, metrics)
        return None if operand is None else _OF_ONE[name](operand)
    many = _many(arguments[0], period, metrics)
    return _OVER_MANY[name](many) if many else None


def _filled(
    node: ast.expr, filling: ast.expr, period: int, metrics: Mapping[str, Series]
) -> float | None:
    own = _value(node, period, metrics)
    if own is not None or not (isinstance(filling, ast.Name) and filling.id == "REPEAT"):
        return own if own is not None else _value(filling, period, metrics)
    first = min((each for series in metrics.values() for each in series), default=period)
    for earlier in range(period - 1, first - 1, -1):
        if (found := _value(node, earlier, metrics)) is not None:
            return found
    return None


def _many(node: ast.expr, period: int, metrics: Mapping[str, Series]) -> list[float]:
    if isinstance(node, ast.List):
        found = [_value(each, period, metrics) for each in node.elts]
    elif (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "METRICS"
    ):
        prefix = str(getattr(node.args[0], "value", "")) if node.args else ""
        found = [series.get(period) for name, series in metrics.items() if name.startswith(prefix)]
    else:
        found = [_value(node, period, metrics)]
    return [each for each in found if each is not None]
