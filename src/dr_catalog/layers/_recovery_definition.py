"""The state machine's definition, in the Amazon States Language, from the table of steps.

    lock -> next? -> pause -> go -> step -> next? -> pause -> go -> step -> ... -> done | aborted
                  -> approval -> approve -> ...

The machine holds no logic. Each step is one task state of the same form: it asks the one function, whose
answer says which state is next and how many seconds to wait before. Only ``approval`` waits for a person,
by a task token. A task that fails, by a crash or a time-out, is asked again for ever: every step may be
repeated, and past the promotion there is no way but forward. An execution's history ends with 25,000 events,
which is days of that: it fails then, is told of, and the next execution takes the run up.

See https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..handlers.recovery import procedures

NEXT, PAUSE, GO = "next", "pause", "go"
"""States that are no steps: what the answer says, the wait before it, and where it leads."""
TASK_SECONDS = 200
"""After which a task is lost; longer than the function may run."""
FOR_EVER = 99_999_999
"""Of attempts: as many as the language takes."""

DECIDED = "$.decided"
"""Where what ended the wait goes, unread: a null, which would drop it, does not survive the way into the
template."""

State = dict[str, Any]


def definition(*, partition: str, function_arn: str) -> dict[str, Any]:
    """The machine, as JSON has it.

    Args:
        partition: ``aws`` or a token.
        function_arn: The function that every step asks.
    """
    ask = _Ask(f"arn:{partition}:states:::lambda:invoke", function_arn)
    tasks = {name: ask.step({"step": name, "run.$": "$.run"}) for name in procedures.STEPS}
    first = procedures.LOCK.name
    tasks[first] = ask.step(
        {"step": first, "run.$": "$$.Execution.Name", "input.$": "$$.Execution.Input"}
    )
    return {
        "Comment": "Failover, switchover, failback and drill; the steps are asked of one function",
        "StartAt": first,
        "States": {
            **tasks,
            NEXT: {
                "Type": "Choice",
                "Choices": [_leads_to(procedures.APPROVAL)],
                "Default": PAUSE,
            },
            PAUSE: {"Type": "Wait", "SecondsPath": "$.wait", "Next": GO},
            GO: {
                "Type": "Choice",
                "Choices": [
                    _leads_to(name) for name in (*tasks, procedures.DONE, procedures.ABORTED)
                ],
            },
            procedures.APPROVAL: ask.person(),
            procedures.DONE: {"Type": "Succeed"},
            procedures.ABORTED: {"Type": "Fail", "Error": "Aborted", "CausePath": "$.told"},
        },
    }


@dataclass(frozen=True)
class _Ask:
    """Task states.

    Args:
        invoke: The integration that calls a function.
        function_arn: The function.
    """

    invoke: str
    function_arn: str

    def step(self, asked: dict[str, str]) -> State:
        """A step: asked until it answers."""
        return {
            "Type": "Task",
            "Resource": self.invoke,
            "Parameters": self._parameters(asked),
            "OutputPath": "$.Payload",
            "TimeoutSeconds": TASK_SECONDS,
            "Retry": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "IntervalSeconds": 1,
                    "BackoffRate": 2,
                    "MaxDelaySeconds": 60,
                    "MaxAttempts": FOR_EVER,
                }
            ],
            "Next": NEXT,
        }

    def person(self) -> State:
        """The wait for a person. Whatever ends it, the record is looked into."""
        look = procedures.APPROVE.name
        asked = {"step": procedures.APPROVAL, "run.$": "$.run", "token.$": "$$.Task.Token"}
        return {
            "Type": "Task",
            "Resource": f"{self.invoke}.waitForTaskToken",
            "Parameters": self._parameters(asked),
            "TimeoutSeconds": procedures.APPROVE.patience,
            "ResultPath": DECIDED,
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": DECIDED, "Next": look}],
            "Next": look,
        }

    def _parameters(self, asked: dict[str, str]) -> dict[str, Any]:
        return {
            "FunctionName": self.function_arn,
            "Payload": {**asked, "execution.$": "$$.Execution.Id"},
        }


def _leads_to(state: str) -> State:
    return {"Variable": "$.next", "StringEquals": state, "Next": state}
