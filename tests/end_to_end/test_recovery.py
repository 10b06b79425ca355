"""Ten schedules of faults on one launch, failed over and back on the embedded AWS: real functions, state
machine and PostgreSQL in both regions.

    make test        each schedule once, in its hardest form
    make drill-all   every form of each

A schedule says what goes wrong and when; what must hold afterwards is asked of the services themselves.
Nothing waits out a period: detection starts by an alarm's state, the machine's pauses are shortened, and
the function is told to wait for no last requests and no cooldown where a schedule is not about those.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dr_catalog import failover, names
from dr_catalog.failover.load import losses
from dr_catalog.handlers.recovery.procedures import FAILOVER, PROCEDURES

from .conftest import PEER, REGION, TENANT, Identity, environment, launch_of
from .rehearsal import DETECTED, PACE, Rehearsal

ALL = bool(os.environ.get("DRILL_ALL"))
"""Every form of each schedule, as `make drill-all` asks."""
SUFFIX = "rec"
STATES = [step.name for step in PROCEDURES[FAILOVER]]
BY_HAND = {"operation": "failover", "requestedBy": "jo"}
"""What somebody types in the console."""
ALONE = 3
"""Writes that only the old primary gets."""


def forms(*every: Any, suite: int = 1) -> Any:
    """All forms of a schedule, or the first ones."""
    return pytest.mark.parametrize("form", every if ALL else every[:suite])


@pytest.fixture(scope="module")
def launched_once(tenant: Identity) -> Iterator[Rehearsal]:
    """The launch, whose topic somebody hears."""
    with environment(tenant.settings):
        tenant.ok("launch", "warm-standby", "--suffix", SUFFIX)
        made = Rehearsal(
            tenant=tenant,
            launch=launch_of(tenant, SUFFIX),
            url=tenant.settings["AWS_ENDPOINT_URL"],
            aws=failover.Aws(region=PEER, session=tenant.session()),
        )
        topic = made.aws.told(SUFFIX, "monitoring", PEER)["topic-arn"]
        tenant.client("sns", PEER).subscribe(
            TopicArn=topic, Protocol="email", Endpoint="on-call@example.com"
        )
        made.control("pace", waits=PACE)
        made.settings(DRAIN_SECONDS="0", COOLDOWN_SECONDS="0")
        made.probe()
        yield made
        made.control("pace", waits=1)


@pytest.fixture
def rehearsal(launched_once: Rehearsal) -> Iterator[Rehearsal]:
    """It, at home before and after."""
    assert launched_once.writer().region == REGION
    yield launched_once
    launched_once.home()
    assert launched_once.posted(f"home-{launched_once.writer().epoch}", region=REGION) in (200, 201)


def test_a_launch_is_ready_once_somebody_is_told(rehearsal: Rehearsal) -> None:
    result = rehearsal.run("readiness", "--output", "json")
    found = {each["check"]: each for each in json.loads(result.stdout)["checks"]}
    assert {name: each["found"] for name, each in found.items() if each["state"] != "ok"} == {}
    assert result.exit_code == 0


def test_probes_that_lie_move_nothing(rehearsal: Rehearsal) -> None:
    before = rehearsal.writer()
    known = {run.id for run in rehearsal.aws.runs(rehearsal.site)}
    rehearsal.tenant.client("cloudwatch", PEER).set_alarm_state(
        AlarmName=names.alarm(suffix=SUFFIX, name="launch-region-down"),
        StateValue="ALARM",
        StateReason="a probe lies",
    )
    (run,) = rehearsal.until(
        lambda: [r for r in rehearsal.aws.runs(rehearsal.site) if r.id not in known and r.finished],
        bool,
    )
    assert run.record["requestedBy"] == "detection"
    assert (run.outcome, rehearsal.writer()) == ("aborted", before)
    assert f"{REGION} answers" in run.told
    assert rehearsal.posted("t-probes", region=REGION) == 201
    rehearsal.tenant.client("cloudwatch", PEER).set_alarm_state(
        AlarmName=names.alarm(suffix=SUFFIX, name="launch-region-down"),
        StateValue="OK",
        StateReason="it does not",
    )


@forms("gone", "slow", "control-plane")
def test_a_primary_that_is_lost_and_rows_that_only_it_had(rehearsal: Rehearsal, form: str) -> None:
    epoch, site = rehearsal.writer().epoch, rehearsal.site
    endpoint = rehearsal.launch.endpoints[PEER]

    def lacks(writes: list[Any]) -> list[tuple[str, ...]]:
        found = losses(rehearsal.aws, site, writes, region=PEER, endpoint=endpoint)
        return [each.lost for each in found]

    with rehearsal.region("here"):
        with rehearsal.load() as load:
            load.wait_for(5, region=REGION)
            rehearsal.control("regions", region=REGION, mode="cut-off")
            # It goes on confirming what nobody else gets.
            load.wait_for(len(load.confirmed) + 2 * ALONE, region=REGION)
            rehearsal.control("regions", region=REGION, mode=form, seconds=0.3)
            there = () if form == "gone" else ("--accept-answering",)
            record = rehearsal.done("failover", *there)
            load.wait_for(5, region=PEER)
        since = [write for write in load.confirmed if write.region == PEER]
        assert {write.document for write in since} == {True, False}
        assert lacks(since) == [(), (), ()]
        lost = lacks([write for write in load.confirmed if write.region == REGION])
    assert (record["outcome"], record["from"], record["to"]) == ("done", REGION, PEER)
    assert (rehearsal.writer().region, rehearsal.writer().epoch) == (PEER, epoch + 1)
    assert form != "gone" or all(len(each) >= ALONE for each in lost)

    back = rehearsal.done("failback")
    assert (rehearsal.writer().region, rehearsal.writer().epoch) == (REGION, epoch + 2)
    listed = unmerged(rehearsal, back)
    # Where the region answers again at once, its table comes over before anyone asks.
    assert set(lost[0]) == set(listed) if form == "gone" else set(lost[0]) <= set(listed)
    assert len(listed) >= ALONE
    assert all(rehearsal.has(write.key, region=REGION) for write in since if not write.document)


def unmerged(rehearsal: Rehearsal, record: dict[str, Any]) -> list[str]:
    """The transactions that a failback listed, from the objects that keep them."""
    s3, found = rehearsal.tenant.client("s3", PEER), []
    bucket = names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=PEER)
    prefix = f"evidence/{record['run']}/unmerged-"
    for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ()):
        kept = json.loads(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())
        found += [one["transactionId"] for one in kept.get("transactions", ())]
    return found


def test_a_region_that_flaps_is_left_alone_after_a_recovery(rehearsal: Rehearsal) -> None:
    before = rehearsal.writer()
    assert rehearsal.aws.runs(rehearsal.site)
    with rehearsal.setting(COOLDOWN_SECONDS="3600"), rehearsal.region("gone"):
        run = rehearsal.ended(rehearsal.start(DETECTED))
    assert run.outcome == "aborted"
    assert "less than 3600 s ago" in run.told
    assert rehearsal.writer() == before


def test_an_approval_counts_once_and_not_when_it_is_late(rehearsal: Rehearsal) -> None:
    before = rehearsal.writer()
    with rehearsal.region("gone"):
        rehearsal.vote(0)
        first = rehearsal.start(DETECTED)
        rehearsal.until(lambda: rehearsal.record(first).waiting, bool)
        aborted = rehearsal.run("failover", "--abort", first, "--yes")
        assert aborted.exit_code == 0, aborted.output
        assert rehearsal.ended(first).outcome == "aborted"
        assert rehearsal.writer() == before
        assert "waits for no decision" in rehearsal.refused("failover", "--approve", first)

        second = rehearsal.start(DETECTED)
        rehearsal.until(lambda: rehearsal.record(second).waiting, bool)
        site, counted = rehearsal.site, []
        people = [
            threading.Thread(
                target=lambda by=by: counted.append(
                    rehearsal.aws.decide(site, run_id=second, decision="approve", by=by)
                )
            )
            for by in ("jo", "kim")
        ]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert sorted(counts for counts, _ in counted) == [False, True]
        run = rehearsal.ended(second)
    assert run.outcome == "done"
    assert run.approval["decidedBy"] in ("jo", "kim")
    assert rehearsal.writer().epoch == before.epoch + 1


def test_two_operators_start_together(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """One switchover comes of it, which a third follows; before it, a drill in place moves nothing."""
    before = rehearsal.writer()
    assert rehearsal.done("drill")["figures"]["checks"]["not-ready"] == ""
    assert rehearsal.writer() == before
    planned = {"operation": "switchover"}
    starts = [rehearsal.start({**planned, "requestedBy": by}) for by in ("jo", "kim")]
    rehearsal.until(lambda: rehearsal.aws.lock(rehearsal.site), bool)
    followed = rehearsal.run("switchover", "--yes")
    assert followed.exit_code == 0, followed.output
    runs = [rehearsal.ended(each) for each in starts]
    assert sorted(run.outcome for run in runs) == ["done", "refused"]
    assert (rehearsal.writer().region, rehearsal.writer().epoch) == (PEER, before.epoch + 1)
    page = tmp_path / "page.html"
    (done,) = (run for run in runs if run.outcome == "done")
    shown = rehearsal.run("evidence", "--html", str(page), "--run", done.id, "--output", "json")
    assert json.loads(shown.stdout)["run"] == done.id
    assert json.loads(stored(rehearsal, done, "json"))["run"] == done.id
    for text in (page.read_text(), stored(rehearsal, done, "html").decode()):
        assert text.startswith("<!doctype html>")
        assert "Local simulation" in text
        assert (
            text.count("<rect ") >= len(PROCEDURES["switchover"]) - 2
        )  # but for record and unlock


def stored(rehearsal: Rehearsal, run: failover.Run, kind: str) -> bytes:
    """What a run left among the documents of the region that served."""
    kept = run.figures["evidence"]
    body = rehearsal.tenant.client("s3", PEER).get_object(
        Bucket=kept["bucket"], Key=kept["key"].rpartition(".")[0] + f".{kind}"
    )["Body"]
    found: bytes = body.read()
    return found


@forms("hang", "fail")
def test_a_promotion_that_fails_or_ends_late(rehearsal: Rehearsal, form: str) -> None:
    before = rehearsal.writer()
    with rehearsal.region("gone"):
        with rehearsal.promotions(form):
            run = rehearsal.start(BY_HAND)
            rehearsal.stuck(run, at="promote")
            assert rehearsal.writer() == before
            assert rehearsal.posted("t-early", region=PEER) == 503
        assert rehearsal.ended(run).outcome == "done"
    assert rehearsal.writer().epoch == before.epoch + 1


def test_lag_above_the_objective_is_refused_before_anything_is_touched(
    rehearsal: Rehearsal,
) -> None:
    before = rehearsal.writer()
    with rehearsal.objective(seconds=1), rehearsal.region("gone"):
        rehearsal.fallen_behind(seconds=1)
        told = rehearsal.refused("failover")
        assert "s behind, the objective is 1 s" in told
        assert "--accept-loss" in told
        run = rehearsal.ended(rehearsal.start(BY_HAND))
        assert run.outcome == "aborted"
        assert "1 s are promised" in run.told
    assert rehearsal.writer() == before


@forms("s3", "rds")
def test_the_survivor_loses_a_service(rehearsal: Rehearsal, form: str) -> None:
    before = rehearsal.writer()
    with rehearsal.region("gone"):
        with rehearsal.region(f"service:{form}", region=PEER):
            run = rehearsal.start(BY_HAND)
            rehearsal.stuck(run, at="verify" if form == "s3" else "preflight")
            assert rehearsal.writer() == before  # nothing moves before a verified write
            assert rehearsal.posted("t-early", region=PEER) == 503
        assert rehearsal.ended(run).outcome == "done"
    assert rehearsal.writer().epoch == before.epoch + 1


@forms(("fence", "promote", "open"), tuple(STATES))
def test_the_machine_is_stopped_and_the_next_run_takes_over(
    rehearsal: Rehearsal, form: tuple[str, ...]
) -> None:
    epoch = rehearsal.writer().epoch
    first, stopped = "", []
    with rehearsal.region("gone"):
        for state in form:
            started = rehearsal.start(BY_HAND)
            first = first or started
            reached = rehearsal.until(
                lambda run=first: rehearsal.record(run),
                lambda run, wanted=state, by=started: (
                    run.finished
                    or (run.execution.endswith(by) and run.state in STATES[STATES.index(wanted) :])
                ),
            )
            if reached.finished:  # it was quicker than whoever stops it
                break
            rehearsal.stop(first)
            stopped.append(reached.state)
        rehearsal.run("failover", "--yes")
        run = rehearsal.ended(first)
    assert run.outcome == "done"
    assert len(run.record["takenOver"]) >= min(len(stopped), len(form) - 1) >= 2
    assert rehearsal.writer().epoch == epoch + 1


def test_a_failover_during_an_upgrade_and_automatic_mode(rehearsal: Rehearsal) -> None:
    rehearsal.tenant.ok(
        "upgrade", "--suffix", SUFFIX, "--set", "FailoverMode=automatic", "--no-wait"
    )
    told = rehearsal.refused("failover", "--accept-answering")
    assert "updates is not ready" in told
    rehearsal.tenant.ok("upgrade", "--suffix", SUFFIX, "--set", "FailoverMode=automatic")
    rehearsal.settings(DRAIN_SECONDS="0", COOLDOWN_SECONDS="0")
    with rehearsal.region("gone"):
        rehearsal.vote(0)
        run = rehearsal.ended(rehearsal.start(DETECTED))
    assert (run.outcome, run.mode, run.approval) == ("done", "automatic", {})


@pytest.mark.skipif(not ALL, reason="launches a tier of its own; make drill-all runs it")
def test_a_drill_on_a_throw_away_leaves_nothing_behind(rehearsal: Rehearsal) -> None:
    done = rehearsal.run("drill", "--throw-away", "--yes", "--output", "json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [run["outcome"] for run in (told["failover"], told["failback"])] == ["done", "done"]
    assert all(each["confirmed"] for each in told["survived"])
    assert [each["lost"] for each in told["returned"]] == [[], [], []]
    assert "nothing is left of it" in done.stderr
