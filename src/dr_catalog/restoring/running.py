"""Carry a plan out, step by step; each is kept when it ends, so that a rerun goes on with the next.

fence      the launch region, where it answers, takes no writes any more
jobs       AWS Backup begins to restore table and documents
table      the table is there
stack      CloudFormation has made network, database, API, alarms and the backup plan
documents  the documents are there
verified   a write was read back from API and bucket
dns        the API's name leads here, where there is a zone
evidence   the record lies with the documents
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TypeVar

from .. import names
from ..errors import DrCatalogError, RecoveryError
from .aws import Peer
from .model import BY_JOB, DOCUMENTS, DONE, TABLE, WORDS, Plan, Record, iso, now, seconds

PAUSE_SECONDS = 10.0
PATIENCE_SECONDS = 12 * 3600.0
_ENDED_BADLY = ("ABORTED", "FAILED")
_ROLLED_BACK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
T = TypeVar("T")
Report = Callable[[str, str], None]
"""Takes a step and what there is to say of it."""


def restore(
    peer: Peer, plan: Plan, *, report: Report = lambda *_: None, pause: float = PAUSE_SECONDS
) -> Record:
    """Restore, or go on with it; a run that is done only fences a launch region that is back.

    Raises:
        RecoveryError: A step failed; what is done stays done.
    """
    run = _Run(peer, plan.record, report, pause)
    if not plan.resumes:
        run.keep()
    run.each_time("fence", run.fence)
    run.once("jobs", run.jobs)
    run.once("table", lambda: run.restored(TABLE))
    run.once("stack", run.stack)
    run.once("documents", lambda: run.restored(DOCUMENTS))
    run.once("verified", run.verify)
    run.once("dns", run.point_name)
    run.once("evidence", run.keep_evidence)
    return run.record


class _Run:
    """A run under way; ``record`` is what is kept of it."""

    def __init__(self, peer: Peer, record: Record, report: Report, pause: float) -> None:
        self._peer, self.record, self._report, self._pause = peer, record, report, pause

    def keep(self) -> None:
        self._peer.keep(self.record)

    def once(self, step: str, act: Callable[[], str]) -> None:
        """Do a step that has not been done, and keep that it has."""
        if step in self.record.times:
            return
        told = act()
        self.record = replace(self.record, times={**self.record.times, step: iso(now())})
        self.keep()
        self._report(step, told)

    def each_time(self, step: str, act: Callable[[], str]) -> None:
        """Do a step in every run of the command, for it may not have been possible before."""
        self._report(step, act())

    def _figure(self, **found: object) -> None:
        self.record = replace(self.record, figures={**self.record.figures, **found})

    def fence(self) -> str:
        region = self._peer.target.launch_region
        if self.record.figures.get("fenced"):
            return f"{region} takes no writes"
        try:
            self._peer.fence()
        except DrCatalogError as error:
            return f"{region} can't be reached, and goes on if it runs: {error.why or error.what}"
        self._figure(fenced=True)
        self.keep()
        return f"{region} takes no writes any more"

    def jobs(self) -> str:
        for store in BY_JOB:
            self._begin(store)
        return "AWS Backup restores table and documents"

    def _begin(self, store: str) -> None:
        attempt = self.record.attempts.get(store, 0) + 1
        token = f"{self.record.id}-{store}-{attempt}"
        job = self._peer.start(store, self.record.points[store], token=token)
        self.record = replace(
            self.record,
            jobs={**self.record.jobs, store: job},
            attempts={**self.record.attempts, store: attempt},
        )
        self.keep()

    def restored(self, store: str) -> str:
        """Wait for a store's job; one that failed in an earlier run is begun again."""
        if self._peer.job(self.record.jobs[store])[0] in _ENDED_BADLY and self._failed_before(
            store
        ):
            self._begin(store)
        job = self.record.jobs[store]
        status, why = self._until(
            lambda: self._peer.job(job),
            lambda found: found[0] in ("COMPLETED", *_ENDED_BADLY),
            f"the {WORDS[store]}",
        )
        if status != "COMPLETED":
            self._figure(**{f"failed {store}": job})
            self.keep()
            raise self._error(
                f"the {WORDS[store]} of '{self._suffix}' could not be restored: {job} is {status}",
                why,
            )
        return f"{job} is complete"

    def _failed_before(self, store: str) -> bool:
        return bool(self.record.figures.get(f"failed {store}") == self.record.jobs[store])

    def stack(self) -> str:
        peer, name = self._peer, self._peer.stack_name
        status, _ = peer.stack()
        if status in _ROLLED_BACK:
            peer.delete_stack()
            status = ""
            self._until(lambda: peer.stack()[0], lambda found: not found, f"{name} to go")
        if not status:
            attempt = self.record.attempts.get("stack", 0) + 1
            prefix = peer.target.parameters["AssetBucketPrefix"]
            snapshot = self.record.points["Aurora"].arn
            token = f"{self.record.id}-{attempt}"
            peer.create_stack(snapshot=snapshot, prefix=prefix, token=token)
            attempts = {**self.record.attempts, "stack": attempt}
            self.record = replace(self.record, attempts=attempts)
            self.keep()
        status, outputs = self._until(
            peer.stack, lambda found: not found[0].endswith("_IN_PROGRESS"), f"the stack {name}"
        )
        if status != "CREATE_COMPLETE":
            raise self._error(
                f"the stack {name} is {status or 'gone'}", peer.failures() if status else ""
            )
        self._figure(endpoint=outputs["Endpoint"])
        return f"{name} is made"

    def verify(self) -> str:
        """Write a transaction and read it back; the same with a document; and find the newest that came over."""
        peer, endpoint = self._peer, str(self.record.figures["endpoint"])
        region, key = peer.target.region, self.record.id.lower()
        ready = peer.aws.get(endpoint, region=region, path="ready")
        if ready.status != 200:
            raise self._error(f"the API in {region} is not ready", json.dumps(ready.body))
        newest = peer.aws.get(endpoint, region=region, path="transactions?status=RECEIVED&limit=1")
        items = newest.body.get("transactions", []) if newest.status == 200 else []
        body = {"transactionId": key, "amount": "0.01"}
        written = peer.aws.post(endpoint, region=region, path="transactions", body=body)
        if written.status not in (200, 201):
            raise self._error(f"the API in {region} takes no write", json.dumps(written.body))
        read = peer.aws.get(endpoint, region=region, path=f"transactions/{key}")
        if read.status != 200:
            raise self._error(f"a write in {region} can't be read back", json.dumps(read.body))
        place = f"evidence/{self.record.id}/verification.json"
        peer.write_document(place, json.dumps(body))
        if peer.read_document(place) != json.dumps(body):
            raise self._error(f"a document in {region} does not read as it was written", "")
        if items and "newestTransaction" not in self.record.figures:
            self._figure(newestTransaction=items[0].get("timestamp", ""))
        return "a transaction and a document were written and read back"

    def point_name(self) -> str:
        zone_id, zone_name = (self._peer.target.parameters[name] for name in ("ZoneId", "ZoneName"))
        if not zone_id:
            return "there is no zone"
        name = names.api_domain(suffix=self._suffix, zone_name=zone_name)
        try:
            self._peer.point_name(zone_id=zone_id, name=name)
        except DrCatalogError as error:
            raise self._error(
                f"'{self._suffix}' is restored, but {name} still leads to {self._peer.target.launch_region}: "
                "Route 53's control plane did not take the change",
                error.why or error.what,
            ) from error
        self._figure(url=f"https://{name}/")
        return f"{name} leads here; its time to live is 60 s"

    def keep_evidence(self) -> str:
        record, ended = self.record, iso(now())
        key = f"evidence/{record.id}/record.json"
        self._figure(
            ended=ended,
            rto=seconds(record.began, ended),
            rpoAtMost={
                WORDS[store]: seconds(point.at, record.began)
                for store, point in record.points.items()
            },
            evidence={"bucket": self._peer.bucket, "key": key},
        )
        self.record = replace(self.record, outcome=DONE)
        self._peer.write_document(key, json.dumps(asdict(self.record), indent=1))
        return f"s3://{self._peer.bucket}/{key}"

    @property
    def _suffix(self) -> str:
        return self._peer.target.suffix

    def _until(self, look: Callable[[], T], ends: Callable[[T], bool], what: str) -> T:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = look()
            if ends(found):
                return found
            if time.monotonic() > end:
                raise self._error(f"{what} is still under way", "")
            time.sleep(self._pause)

    def _error(self, what: str, why: str) -> RecoveryError:
        target = self._peer.target
        again = f"`dr-catalog restore --suffix {target.suffix} --region {target.region} --yes`"
        return RecoveryError(what, why=why, hint=f"mend it, then go on: {again}")
