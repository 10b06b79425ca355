"""How the latest run of the pipeline stands, and which approval waits: on AWS, or of a local run.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .record import FAILED, REFUSED, WAITING, Record


@dataclass(frozen=True, kw_only=True)
class Gate:
    """An action that has not passed: an approval that waits, or what failed.

    Args:
        stage: Its stage in the pipeline.
        action: Its name.
        status: ``waiting`` or ``failed``.
        since: When it came to that, as ISO 8601.
        text: What it is about, where that is known.
    """

    stage: str
    action: str
    status: str
    since: str
    text: str = ""


def on_aws(codepipeline: Any, pipeline: str) -> tuple[Gate, ...]:
    """What CodePipeline says."""
    state = codepipeline.get_pipeline_state(name=pipeline)
    return tuple(_gates(state))


def of_record(record: Record) -> tuple[Gate, ...]:
    """What the record of local runs says."""
    now = record.read()
    if now is None or now.status not in (WAITING, FAILED, REFUSED):
        return ()
    stage, _, action = now.at.partition("/")
    status = WAITING if now.status == WAITING else FAILED
    return (Gate(stage=stage, action=action, status=status, since=now.since, text=now.text),)


def _gates(state: Any) -> Iterator[Gate]:
    for stage in state["stageStates"]:
        for action in stage.get("actionStates", ()):
            latest = action.get("latestExecution", {})
            # An approval alone has a token, by which it is answered.
            waits = latest.get("status") == "InProgress" and latest.get("token")
            if waits or latest.get("status") == "Failed":
                yield Gate(
                    stage=stage["stageName"],
                    action=action["actionName"],
                    status="waiting" if waits else "failed",
                    since=latest["lastStatusChange"].isoformat(timespec="seconds"),
                    text=latest.get("summary") or latest.get("errorDetails", {}).get("message", ""),
                )
