"""What a restore is made of, as plain frozen objects. Times are ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DATABASE, TABLE, DOCUMENTS = "Aurora", "DynamoDB", "S3"
"""The stores, as AWS Backup names their types."""
WORDS = {DATABASE: "database", TABLE: "table", DOCUMENTS: "documents"}
BY_JOB = (TABLE, DOCUMENTS)
"""Those that AWS Backup restores; the database's copy is a snapshot, which the stack restores."""
DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where and from what a launch is rebuilt, as the peer knows it.

    Args:
        suffix: The environment suffix.
        account: 12 digits.
        partition: ``aws``, or another one.
        region: The peer, where it is rebuilt.
        launch_region: The region that is lost, or whose data are.
        vault: The vault with the copies.
        role: The ARN of the role that AWS Backup restores as.
        template: Where in the asset bucket the template lies.
        parameters: The template's parameters but the snapshot.
    """

    suffix: str
    account: str
    partition: str
    region: str
    launch_region: str
    vault: str
    role: str
    template: str
    parameters: Mapping[str, str]

    @property
    def key_arn(self) -> str:
        """The customer key in the peer."""
        key = self.parameters["KeyId"]
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/{key}"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A copy of one store.

    Args:
        store: ``Aurora``, ``DynamoDB`` or ``S3``.
        arn: The recovery point's.
        at: When the copy was made: what it holds is not younger.
        bytes: Its size; 0 where AWS Backup does not say.
    """

    store: str
    arn: str
    at: str
    bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was decided, done and measured; the peer keeps it.

    Args:
        id: The run.
        began: When it began.
        by: Who began it.
        at: The time that was asked for; empty for the last copies.
        points: The copies by store.
        jobs: AWS Backup's restore jobs by store.
        attempts: How often a job was begun for a store.
        times: When each step ended, by its name.
        figures: What was measured.
        outcome: ``done``; empty while it is under way.
    """

    id: str
    began: str
    by: str
    at: str = ""
    points: Mapping[str, Point] = field(default_factory=dict)
    jobs: Mapping[str, str] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a restore would do.

    Args:
        target: Where.
        record: The run as it is; a new one where none has begun.
        resumes: It goes on with a run that has begun.
        answers: The launch region's API still answers.
        earliest: The oldest copy of each store.
    """

    target: Target
    record: Record
    resumes: bool
    answers: bool
    earliest: Mapping[str, str]


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def iso(moment: datetime) -> str:
    """As records have it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def seconds(earlier: str, later: str) -> int:
    """From one time to another."""
    return round((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds())
