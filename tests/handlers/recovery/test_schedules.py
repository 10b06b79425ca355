"""At least a thousand schedules of faults over the real steps and the real table, in memory.

``make schedules COUNT=100000`` drives more, and ``RECOVERY_SEED`` begins elsewhere. A schedule that fails
is printed; its seed alone gives it again.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import procedures
import pytest
import step_record

from .both import BothServe
from .driving import Drive
from .simulated import Schedule

COUNT = int(os.environ.get("RECOVERY_SCHEDULES", "400"))
SEED = int(os.environ.get("RECOVERY_SEED", "0"))
FAULTS = ("none", "down", "down", "cut", "cut", "control", "slow", "odd", "flapping")


def schedule(seed: int) -> Schedule:
    """The schedule of a seed."""
    dice = random.Random(seed)
    chance, choice = dice.random, dice.choice
    rough = chance() < 0.6
    begins = dice.uniform(30, 300)
    made = Schedule(
        seed,
        mode=choice(("approve", "automatic")),
        fault=choice(FAULTS),
        begins=begins,
        ends=begins + choice((120, 1800, 7200, 30000)),
        lag=choice((1, 1, 20, 200)),
        promotion=choice(("works", "works", "refused", "lost", "hangs")),
        spoiled=choice((1, 1, 3, 40)),
        service=choice(
            ("", "", "", "state", "rds", "documents", "table", "ssm", "notify", "backup", "lambda")
        ),
        heals=choice((2400, 9000)),
        headless=chance() < 0.2,
        versions=chance() < 0.15,
        crash=choice((0.005, 0.03, 0.1)) if rough else 0,
        repeat=choice((0, 0.1, 0.3)),
        zombie=choice((0, 0.1, 0.3)),
        between=choice((0, 0.03)) if rough else 0,
        stops=[dice.randint(1, 40) for _ in range(choice((0, 0, 1, 2, 4)))],
    )
    for _ in range(choice((1, 1, 2, 3))):
        made.starts.append((begins + dice.uniform(10, 400), started(dice)))
    if chance() < 0.5:
        when = begins + choice((3000, 9000, 15000))
        made.starts.append((when, {"operation": "failback", "requestedBy": "jo"}))
    together = begins + dice.uniform(300, 3000)
    for by in ("ann", "bob"):
        if chance() < 0.7:
            when = choice((together, begins + dice.uniform(300, 5000)))
            what = choice(("approve", "approve", "approve", "abort"))
            overrides = choice(([], list(procedures.OVERRIDES)))
            made.decisions.append((when, by, what, overrides))
    made.pilot = chance() < 0.3
    made.both = not made.pilot and chance() < 0.35
    return made


def started(dice: random.Random) -> dict[str, Any]:
    """The input of an execution."""
    if dice.random() < 0.4:
        return {"operation": "failover", "requestedBy": "detection"}
    return {
        "operation": dice.choice(("failover", "failover", "switchover", "drill")),
        "requestedBy": dice.choice(("ann", "bob")),
        "overrides": dice.choice(([], ["lag"], list(procedures.OVERRIDES))),
    }


def test_no_schedule_of_faults_breaks_what_must_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_record, "page", lambda *_, **__: "")  # it has tests of its own
    outcomes: Counter[str] = Counter()
    for seed in range(SEED, SEED + COUNT):
        made = schedule(seed)
        try:
            sim = Drive(made).run()
        except BaseException as error:
            error.add_note(f"{made}")
            raise
        for item in sim.items:
            if item.startswith("run#"):
                record = sim.record(item[4:])
                ended = f"{record['operation']} {record['outcome'] or 'open'}"
                outcomes[ended] += 1
                outcomes[f"{ended}, switched on"] += made.pilot
                outcomes[f"{ended}, both serve"] += made.both
        if isinstance(sim, BothServe):
            outcomes["writes taken without the ledger"] += sim.alone
            outcomes["ids taken twice and listed"] += len(sim.kept)
        else:
            outcomes["writes left behind and kept"] += len(sim.kept)
        outcomes["writes confirmed"] += len(sim.confirmed)
    print(f"\n{COUNT} schedules from seed {SEED}: {dict(sorted(outcomes.items()))}")
    for needed in ("failover done", "failover aborted", "switchover done", "drill done"):
        assert outcomes[needed] > COUNT / 100, f"hardly any {needed}: {outcomes}"
        for kind in ("switched on", "both serve"):
            assert outcomes[f"{needed}, {kind}"] > COUNT / 300, f"hardly any {kind}: {outcomes}"
    for needed in ("writes left behind and kept", "ids taken twice and listed"):
        assert outcomes[needed] > COUNT / 100, f"hardly any {needed}: {outcomes}"
