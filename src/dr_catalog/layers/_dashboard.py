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
    *, heading: str, region: str, alarms: Sequence[Alarm], arns: Mapping[str, str]
) -> dict[str, Any]:
    """The dashboard: a heading, the state of every alarm, and a graph for each, by group.

    Args:
        heading: Its first line, in Markdown.
        region: Where the metrics are.
        alarms: The rows, those of one group together.
        arns: Each alarm's ARN, by the row's name.
    """
    widgets = [
        _text(f"# {heading}", y=0, height=HEADING_HEIGHT),
        {
            "type": "alarm",
            "x": 0,
            "y": HEADING_HEIGHT,
            "width": COLUMNS,
            "height": STATUS_HEIGHT,
            "properties": {"title": "Alarms", "alarms": [arns[alarm.name] for alarm in alarms]},
        },
    ]
    y = HEADING_HEIGHT + STATUS_HEIGHT
    for group, rows in groupby(alarms, key=lambda alarm: alarm.group):
        widgets.append(_text(f"## {group}", y=y, height=HEADING_HEIGHT))
        y += HEADING_HEIGHT
        graphs = [_graph(alarm, region=region) for alarm in rows]
        a_row = COLUMNS // GRAPH_WIDTH
        for number, graph in enumerate(graphs):
            place = {"x": number % a_row * GRAPH_WIDTH, "y": y + number // a_row * GRAPH_HEIGHT}
            widgets.append({**graph, **place})
        y += -(-len(graphs) // a_row) * GRAPH_HEIGHT
    return {"widgets": widgets}


def _text(markdown: str, *, y: int, height: int) -> dict[str, Any]:
    return {
        "type": "text",
        "x": 0,
        "y": y,
        "width": COLUMNS,
        "height": height,
        "properties": {"markdown": markdown},
    }


def _graph(alarm: Alarm, *, region: str) -> dict[str, Any]:
    dimensions = [part for pair in alarm.dimensions.items() for part in pair]
    return {
        "type": "metric",
        "width": GRAPH_WIDTH,
        "height": GRAPH_HEIGHT,
        "properties": {
            "title": f"{alarm.name} ({alarm.unit})",
            "region": region,
            "view": "timeSeries",
            "stat": alarm.statistic,
            "period": alarm.period,
            "metrics": [[alarm.namespace, alarm.metric, *dimensions]],
            "annotations": {"horizontal": [{"label": "alarm", "value": alarm.threshold}]},
            "yAxis": {"left": {"min": 0}},
        },
    }
