"""The recovery's one function: every task state of the machine calls it.

**A task's event** is ``{"step": name, "run": id}``. The state ``lock``, which every run begins with,
adds the machine's own words: ``{"step": "lock", "run": $$.Execution.Name, "execution": $$.Execution.Id,
"input": $$.Execution.Input}``; every other state takes ``run`` from the answer before it, and also gives
``execution``, ``$$.Execution.Id``. The input of an execution, which a person may type in the console:

    {"operation": "failover", "requestedBy": "jo", "reason": "region down",
     "overrides": ["lag"], "moveTraffic": true}

``operation`` is one of ``procedures.PROCEDURES`` and alone is needed; ``requestedBy`` ``detection`` is the
alarm's; ``overrides`` are of ``procedures.OVERRIDES``. The execution's name is the run's id.

**Its answer**, which becomes the state's whole output, is
``{"run": id, "next": state, "wait": seconds, "told": text}``. ``next`` is one of ``procedures.STATES``:

- ``approval`` is gone to at once;
- else the machine waits ``wait`` seconds (whole, 0 for none) and goes to ``next``;
- ``done`` succeeds, ``aborted`` fails with ``told`` as its cause.

So the machine holds no logic: one task state a step, one Choice on ``next``, one Wait. A wait loop is an
answer whose ``next`` is the step itself. Nothing is raised for a failed step: what a step can't do is an
outcome, told in the answer and in the run's record. What a Retry sees is Lambda's own trouble (a crash,
a time-out, throttling), and a task may be repeated at any time: retry all errors, for ever, with pauses
up to a minute; no Catch is needed.

**Approval.** The state ``approval`` waits for a task token (``lambda:invoke.waitForTaskToken``, payload
``{"step": "approval", "run": ..., "execution": ..., "token": $$.Task.Token}``), with the patience of the
step ``approve`` as its time-out. Whatever ends the wait, success, failure or time-out (the one Catch,
``States.ALL``; keep the state's input, ``ResultPath`` null), the machine goes to ``approve``, which looks
into the record. A decision is this function's too:

    {"decide": "approve" or "abort", "run": id, "by": "jo", "overrides": ["lag"]}

answers ``{"run": id, "decided": true or false, "told": text}``. The first decision in time counts, all
others change nothing.

**The watch.** ``{"watch": true}``, every minute from a schedule: while no recovery runs it brings what the
launch region believes about the writer to what the peer knows, so that an old writer that comes back is
fenced, and keeps the snapshots of an unplanned failover. It answers ``{"told": text}``.

**The run's record** is the item ``run#<id>`` of the peer's state table, its attribute ``record`` a JSON text:

    run, operation, mode ("approve" or "automatic"), requestedBy, reason, overrides, moveTraffic
    began, ended            ISO 8601 in UTC; ended is empty while it runs
    state                   the step it is at, or done, aborted
    outcome                 "", done, aborted or refused
    told                    the last thing there is to say, a sentence
    execution               the ARN of the execution that drives it now
    takenOver               [{execution, by, at}]: executions that took a dead run over
    from, to                the old writer's region, the new one's
    epoch                   the epoch that the run opens, one above the old writer's
    steps                   [{step, began, ended, outcome, looks, told}], in order; outcome as above
    figures                 what was measured; see below
    approval                {askedAt, until, decision, decidedBy, decidedAt, overrides}

Other attributes are plain and may be filtered by: ``id``, ``operation``, ``outcome``, ``began``, ``version``.

``figures``: ``lag`` {milliseconds, source}, ``rpoPromise`` and ``rtoPromise`` in seconds, ``checks``
{name: reason or ""}, ``lastWrites`` {store: ISO 8601 or ""}, ``rpo`` {store: seconds, at most}, ``rto`` in
seconds, ``rpoAtMost`` [store] (those whose loss is a bound and not measured), ``endpoint`` (where the service is now), ``traffic`` ("moved", "manual", "untouched"),
``serves`` ("both" where both regions serve, and ``rto`` is the ledger's alone), ``unmerged`` {count, object}, ``snapshots`` [identifier], ``evidence`` {bucket, key}.

See https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

from __future__ import annotations

import functools
import json
import os
import sys
from typing import Any

import procedures
from aws import connect_world
from machine import advance
from recovery_settings import RecoverySettings
from step_approve import decide, wait
from watch import watch
from world import World


@functools.cache
def _world() -> World:
    return connect_world(RecoverySettings.of(os.environ))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What the machine, the schedule and a person call; one line is logged."""
    world = _world()
    if event.get("watch"):
        answer: dict[str, Any] = {"told": watch(world)}
    elif "decide" in event:
        decided, told = decide(world, event)
        answer = {"run": event["run"], "decided": decided, "told": told}
    elif event["step"] == procedures.APPROVAL:
        wait(world, str(event["run"]), str(event["execution"]), str(event["token"]))
        answer = {"run": event["run"], "told": "waits for a decision"}
    else:
        answer = advance(world, event)
    line = {"level": "INFO", "message": "recovery", "step": event.get("step"), **answer}
    sys.stdout.write(json.dumps(line) + "\n")
    return answer
