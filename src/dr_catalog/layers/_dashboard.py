"""A region's dashboard, from the same rows as its alarms: what is alarmed is shown, with its limit.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from ._alarm import Alarm

COLUMNS = 24
GRAPH_WIDTH, GRAPH_HEIGHT = 8, 6
STATUS_HEIGHT, HEADING_HEIGHT = 4, 1


def body(
    *,
    heading: str,
    region: str,
    alarms: Sequence[Alarm],
    arns: Mapping[str, str],
    more: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The dashboard: a heading, the state of every alarm, and a graph for each, by group.

    Args:
        heading: Its first line, in Markdown.
        region: Where the metrics are.
        alarms: The rows, those of one group together.
        arns: Each alarm's ARN, by its name; those of the rows, and of others whose state is shown.
        more: Graphs below the rest, side by side.
    """
    widgets = [
        _text(f"# {heading}", y=0, height=HEADING_HEIGHT),
        {
            "type": "alarm",
            "x": 0,
            "y": HEADING_HEIGHT,
            "width": COLUMNS,
            "height": STATUS_HEIGHT,
            "properties": {"title": "Alarms", "alarms": [*arns.values()]},
        },
    ]
    y = HEADING_HEIGHT + STATUS_HEIGHT
    for group, rows in groupby(alarms, key=lambda alarm: alarm.group):
        widgets.append(_text(f"## {group}", y=y, height=HEADING_HEIGHT))
        y += HEADING_HEIGHT
        y += _place(widgets, [_of_alarm(alarm, region=region) for alarm in rows], y=y)
    _place(widgets, more, y=y)
    return {"widgets": widgets}


def _place(widgets: list[Any], graphs: Sequence[Mapping[str, Any]], *, y: int) -> int:
    """Add the graphs in rows from ``y`` on; the height that they take."""
    a_row = COLUMNS // GRAPH_WIDTH
    for number, each in enumerate(graphs):
        place = {"x": number % a_row * GRAPH_WIDTH, "y": y + number // a_row * GRAPH_HEIGHT}
        widgets.append({**each, **place})
    return -(-len(graphs) // a_row) * GRAPH_HEIGHT


def _text(markdown: str, *, y: int, height: int) -> dict[str, Any]:
    return {
        "type": "text",
        "x": 0,
        "y": y,
        "width": COLUMNS,
        "height": height,
        "properties": {"markdown": markdown},
    }


def _of_alarm(alarm: Alarm, *, region: str) -> dict[str, Any]:
    dimensions = [part for pair in alarm.dimensions.items() for part in pair]
    return graph(
        f"{alarm.name} ({alarm.unit})",
        region=region,
        metrics=[[alarm.namespace, alarm.metric, *dimensions]],
        stat=alarm.statistic,
        period=alarm.period,
        annotations={"horizontal": [{"label": "alarm", "value": alarm.threshold}]},
    )


def graph(
    title: str,
    *,
    region: str,
    metrics: Sequence[Sequence[str]],
    stat: str = "Sum",
    period: int = 300,
    **more: Any,
) -> dict[str, Any]:
    """One graph, without its place.

    Args:
        metrics: Each as namespace, name, and names and values of its dimensions.
        more: Further properties of the widget.
    """
    return {
        "type": "metric",
        "width": GRAPH_WIDTH,
        "height": GRAPH_HEIGHT,
        "properties": {
            "title": title,
            "region": region,
            "view": "timeSeries",
            "stat": stat,
            "period": period,
            "metrics": [list(metric) for metric in metrics],
            **more,
            "yAxis": {"left": {"min": 0}},
        },
    }
