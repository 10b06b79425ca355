"""Which copies a restore would use, and whether it can work: nothing here writes.

Copies are made store by store, so their times differ; each is chosen for itself, the newest that is not
younger than the time asked for. A run that has begun goes on with the copies it began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ..errors import NotFoundError, RecoveryError, UsageError
from .aws import Peer
from .model import WORDS, Plan, Point, Record, iso, now


def plan(peer: Peer, *, at: str = "") -> Plan:
    """What ``restore`` would do.

    Args:
        peer: Where.
        at: The time before which copies must have been made, ISO 8601 with its zone; empty for now.

    Raises:
        UsageError: The time is none.
        RecoveryError: It can't work: a copy is missing, what is needed is not there, or something else
            stands where it would be rebuilt.
    """
    moment = _time(at) if at else now()
    found = peer.record()
    if found is not None:
        _check_same(peer, found, iso(moment) if at else "")
        return Plan(
            target=peer.target,
            record=found,
            resumes=True,
            answers=not found.outcome and peer.answers(),
            earliest={},
        )
    points = _points(peer)
    _check_ready(peer)
    _, by = peer.aws.caller(peer.target.region)
    began = now()
    record = Record(
        id=f"restore-{began:%Y%m%dT%H%M%SZ}",
        began=iso(began),
        by=by,
        at=iso(moment) if at else "",
        points=_chosen(peer, points, moment),
    )
    return Plan(
        target=peer.target,
        record=record,
        resumes=False,
        answers=peer.answers(),
        earliest={store: min(each.at for each in own) for store, own in points.items()},
    )


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(
            f"{text!r} is not a time",
            why="it must be ISO 8601, with its zone",
            hint="write it as 2030-01-31T12:00:00Z",
        )
    return found


def _check_same(peer: Peer, record: Record, at: str) -> None:
    if at and at != record.at:
        suffix, region = peer.target.suffix, peer.target.region
        raise RecoveryError(
            f"'{suffix}' is not restored as of {at}: {record.id} has begun, "
            f"as of {record.at or record.began}",
            why="what one run has restored stands where another would restore to",
            hint=f"go on with it: `dr-catalog restore --suffix {suffix} --region {region}`; "
            "the product's README says how to take it away first",
        )


def _points(peer: Peer) -> dict[str, list[Point]]:
    try:
        found = list(peer.points())
    except NotFoundError as error:
        raise RecoveryError(
            f"'{peer.target.suffix}' can't be restored: its vault is gone",
            why=error.why or error.what,
            hint="nothing else holds copies in this region",
        ) from error
    return {store: [each for each in found if each.store == store] for store in WORDS}


def _chosen(
    peer: Peer, points: Mapping[str, Iterable[Point]], moment: datetime
) -> dict[str, Point]:
    """The newest copy of each store that was there at the moment."""
    chosen, missing = {}, []
    for store, own in points.items():
        fitting = [each for each in own if datetime.fromisoformat(each.at) <= moment]
        if fitting:
            chosen[store] = max(fitting, key=lambda each: each.at)
        else:
            first = min((each.at for each in own), default="")
            missing.append(f"{WORDS[store]}: {f'the first is of {first}' if first else 'none'}")
    if missing:
        raise RecoveryError(
            f"'{peer.target.suffix}' can't be restored as of {iso(moment)}: not every store has a copy in "
            f"{peer.target.vault}",
            why="\n".join(missing),
            hint="a later --at may have them; the hourly plan makes the first copies within hours of a launch",
        )
    return chosen


def _check_ready(peer: Peer) -> None:
    """That what a restore needs is there, and nothing is where it restores to."""
    target = peer.target
    state = peer.key_state()
    wanted = (
        (
            state == "Enabled",
            f"the key {target.key_arn} is {state}",
            "enable it, or cancel its deletion",
        ),
        (
            peer.has_secret(),
            f"the replica of the database's secret is not in {target.region}",
            "restore it: without it nothing can set the database up",
        ),
        (
            peer.has_service_role(),
            "the role that CloudFormation restores as is not there",
            "`dr-catalog onboard` makes it",
        ),
        (
            not peer.stack()[0],
            f"there is a stack {peer.stack_name} already, which no run here made",
            "see what it is before you delete it",
        ),
        (
            not peer.has_table(),
            f"there is a table of the launch's name in {target.region} already",
            "see what it holds before you delete it",
        ),
    )
    for good, why, hint in wanted:
        if not good:
            raise RecoveryError(f"'{target.suffix}' can't be restored", why=why, hint=hint)
