"""What a recovery does, as data: the steps of each operation, in order, for every tier.

A row says how long a step may take and how often it is looked at. ``machine`` reads the rows to
decide what comes next, the layer makes a state of each step, and the property test drives both; so
there is one table. Nothing here asks anything of AWS.

    failover     the launch region is gone: its peer takes over, and may lose what had not come over
    switchover   planned, both regions there: the peer takes over, nothing is lost
    failback     the launch region is back and rebuilt: it takes over again, nothing is lost
    drill        in place: what a failover does short of fence, promotion and traffic

A step before the point of no return may abort: then ``ABORT`` puts everything back as it was. A step
after it (``forward``) is repeated until it is done, with pauses that grow to ``longest``.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Step:
    """One step, which is one task state of the machine.

    Attributes:
        name: Its name, and its state's.
        does: What it does, in a few words that a person reads on the time line.
        patience: Seconds it may take. Before the point of no return it then aborts the run; after
            it the run goes on, and a person is told once.
        pause: Seconds between the first two looks.
        longest: Seconds between two looks at most; each pause is twice the one before.
        forward: Whether it never aborts.
    """

    name: str
    does: str
    patience: int
    pause: int = 5
    longest: int = 60
    forward: bool = False


LOCK = Step("lock", "makes sure that no other recovery runs", patience=5 * MINUTE)
PREFLIGHT = Step("preflight", "looks at the peer and at what would be lost", patience=3 * MINUTE)
APPROVE = Step("approve", "waits for a person to decide", patience=HOUR, longest=30)
FENCE = Step("fence", "takes writes from the old writer, if it can be reached", patience=MINUTE)
CLOSE = Step("close", "takes writes from the old writer, and makes sure of it", patience=5 * MINUTE)
READY = Step("ready", "makes sure of an instance and of capacity", patience=30 * MINUTE, pause=10)
PROMOTE = Step("promote", "promotes the peer's database cluster", patience=30 * MINUTE)
SWITCH = Step("switch", "switches the database over", patience=30 * MINUTE)
AWAIT_WRITER = Step(
    "await_writer", "waits for the writer", patience=30 * MINUTE, longest=300, forward=True
)
VERIFY = Step(
    "verify",
    "writes to and reads from database, table and documents",
    patience=15 * MINUTE,
    longest=300,
    forward=True,
)
OPEN = Step(
    "open",
    "lets the new writer's region take writes",
    patience=15 * MINUTE,
    longest=300,
    forward=True,
)
MOVE = Step("move", "moves the traffic", patience=15 * MINUTE, longest=300, forward=True)
REBUILT = Step(
    "rebuilt", "waits until the launch region is rebuilt", patience=12 * HOUR, pause=30, longest=300
)
RECONCILE = Step(
    "reconcile", "lists and keeps what the old writer took alone", patience=2 * HOUR, longest=30
)
REHEARSE = Step("rehearse", "writes and reads what needs no promotion", patience=15 * MINUTE)
RESTORE = Step(
    "restore", "puts back what the run had changed", patience=15 * MINUTE, longest=300, forward=True
)
RECORD = Step("record", "writes the evidence", patience=15 * MINUTE, longest=300, forward=True)
UNLOCK = Step(
    "unlock", "lets the next recovery in", patience=15 * MINUTE, longest=300, forward=True
)

_SWITCH_AND_SERVE = (READY, CLOSE, SWITCH, AWAIT_WRITER, VERIFY, OPEN, MOVE)
_END = (RECORD, UNLOCK)

FAILOVER, SWITCHOVER, FAILBACK, DRILL = "failover", "switchover", "failback", "drill"
PROCEDURES: dict[str, tuple[Step, ...]] = {
    FAILOVER: (
        LOCK, PREFLIGHT, APPROVE, FENCE, READY, PROMOTE, AWAIT_WRITER, VERIFY, OPEN, MOVE, *_END,
    ),
    SWITCHOVER: (LOCK, PREFLIGHT, *_SWITCH_AND_SERVE, *_END),
    FAILBACK: (LOCK, PREFLIGHT, REBUILT, RECONCILE, *_SWITCH_AND_SERVE, RESTORE, *_END),
    DRILL: (LOCK, PREFLIGHT, READY, REHEARSE, RESTORE, *_END),
}  # fmt: skip
"""The steps of each operation."""
ABORT = (RESTORE, *_END)
"""What an aborted run still does, whichever its operation."""

APPROVAL = "approval"
"""The one state that waits for a task token; ``approve`` leads there and is looked at after it."""
DONE, ABORTED = "done", "aborted"
"""The last states: the run is over, as it was to be, or aborted, refused or taken over by another."""

STEPS: dict[str, Step] = {
    step.name: step for procedure in (*PROCEDURES.values(), ABORT) for step in procedure
}
"""Every step by name, each once: the machine's task states."""
STATES = (*STEPS, APPROVAL, DONE, ABORTED)
"""Every value that an answer's ``next`` may have."""

OVERRIDES = {
    "lag": "goes on although the peer lags behind by more than the promised loss",
    "not-ready": "goes on although a check of the preflight failed",
    "answers": "goes on although the launch region answers",
}
"""What a person may waive, each with what that means."""
