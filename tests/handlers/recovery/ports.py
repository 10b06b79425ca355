"""The ports of the world, answered by the simulation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import procedures
from recovery_settings import DatabaseSettings, RecoverySettings
from world import ClusterView, Conflict, GlobalView, Lag, Refusal, World, Writer

from .both import TWICE, UNSETTLED, BothServe
from .simulated import EPOCH, LAUNCH, PEER, STANDBY_CAPACITY, WRITER_CAPACITY, Simulated, must


@dataclass
class State:
    sim: Simulated

    def item(self, item_id: str) -> dict[str, Any] | None:
        def deed() -> dict[str, Any] | None:
            found = self.sim.items.get(item_id)
            return dict(found) if found else None

        return self.sim.call(PEER, "state", deed)

    def put(self, item: Mapping[str, Any]) -> None:
        self.sim.call(PEER, "state", lambda: self._put(dict(item)))

    def _put(self, item: dict[str, Any]) -> None:
        stored = self.sim.items.get(item["id"])
        if (stored["version"] if stored else 0) != item["version"] - 1:
            raise Conflict(item["id"])
        if "record" in item:
            after = json.loads(item["record"])
            before, self.sim.records[item["id"]] = self.sim.records.get(item["id"]), after
            if before:
                check_change(before, after)
                if len(after["takenOver"]) > len(before["takenOver"]):
                    must(before["execution"] not in self.sim.running, "took over the living")
                self.check_aborted(after)
            if after["approval"].get("decision") == "approve":
                self.sim.approved.add(after["run"])
        self.sim.items[item["id"]] = item

    def check_aborted(self, record: dict[str, Any]) -> None:
        """An abort has put everything back, or said what is left to the watch."""
        if record["outcome"] != "aborted":
            return
        here = self.sim.writers[record["from"]]
        (told,) = [each["told"] for each in record["steps"] if each["step"] == "restore"][-1:]
        fenced = here is not None and here.fenced
        must(not fenced or "the watch" in told, "an abort left the fence")
        other = self.sim.writers[record["to"]]
        must(other is None or not other.fenced or "the watch" in told, "an abort left a fence")
        raised = self.sim.clusters[record["to"]].capacity != STANDBY_CAPACITY
        must(not raised, "an abort left the capacity")
        on = self.sim.schedule.pilot and record["to"] == PEER and self.sim.limit != 0
        must(not on, "an abort left the processor on")

    def delete(self, item: Mapping[str, Any]) -> None:
        self.sim.call(PEER, "state", lambda: self._delete(item))

    def _delete(self, item: Mapping[str, Any]) -> None:
        stored = self.sim.items.get(item["id"])
        if stored is not None:
            if stored["version"] != item["version"]:
                raise Conflict(item["id"])
            del self.sim.items[item["id"]]

    def writer(self, region: str) -> Writer | None:
        return self.sim.call(region, "state", lambda: self.sim.writers[region])

    def set_writer(self, region: str, writer: Writer) -> None:
        self.sim.call(region, "state", lambda: self._set_writer(region, writer))

    def _set_writer(self, region: str, writer: Writer) -> None:
        known = self.sim.writers[region]
        if known and known.epoch > writer.epoch:
            raise Conflict(region)
        same = known is not None and (known.epoch, known.run) == (writer.epoch, writer.run)
        if known and same and writer.fenced and not known.fenced:
            raise Conflict(region)
        if writer.fenced:
            self.sim.may_touch(writer.run)
        self.sim.writers[region] = writer


def check_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    """A record changes only as a run may go."""
    must(not before["outcome"], "changed after its end")
    must(before["epoch"] == after["epoch"], "the epoch of a run changed")
    decision, asked = before["approval"].get("decision"), before["approval"].get("askedAt")
    if decision and after["approval"].get("askedAt") == asked:
        must(after["approval"]["decision"] == decision, "a decision changed")
    if before["committed"] and after["committed"]:
        must(bool(after["aborting"]) == bool(before["aborting"]), "aborted after promotion")
        order = [step.name for step in procedures.PROCEDURES[after["operation"]]] + ["done"]
        if not after["aborting"]:
            must(order.index(after["state"]) >= order.index(before["state"]), "went back")


@dataclass
class Machine:
    sim: Simulated

    def running(self, execution: str) -> bool:
        return self.sim.call(PEER, "machine", lambda: execution in self.sim.running)

    def wake(self, token: str) -> None:
        self.sim.call(PEER, "machine", lambda: self.sim.tokens.add(token))

    def tell(self, subject: str, text: str) -> None:
        self.sim.call(PEER, "notify", lambda: self.sim.told.append(subject))


@dataclass
class Database:
    sim: Simulated

    def view(self, *, at: str) -> GlobalView:
        return self.sim.call(at, "rds", self._view)

    def _view(self) -> GlobalView:
        sim = self.sim
        members = (PEER,) if sim.split or sim.clusters[LAUNCH].rebuilt_at else (LAUNCH, PEER)
        return GlobalView(sim.writer, members, moving=sim.moving is not None)

    def cluster(self, region: str) -> ClusterView:
        return self.sim.call(region, "rds", lambda: self._cluster(region))

    def _cluster(self, region: str) -> ClusterView:
        sim, cluster = self.sim, self.sim.clusters[region]
        coming = cluster.instances if sim.now < cluster.ready_at else 0
        available = sim.now >= cluster.ready_at and not cluster.rebuilt_at and not sim.moving
        return ClusterView(available, cluster.instances - coming, coming, cluster.capacity, 64)

    def lag(self, region: str) -> Lag:
        return self.sim.call(PEER, "metrics", lambda: self._lag(region))

    def _lag(self, region: str) -> Lag:
        if self.sim.schedule.pilot and not self.sim.clusters[region].instances:
            return Lag(None, "there is no instance to say it")
        return Lag(self.sim.lag() * 1000, "simulated")

    def add_instance(self, region: str) -> None:
        self.sim.call(region, "rds", lambda: self._add_instance(region))

    def _add_instance(self, region: str) -> None:
        cluster = self.sim.clusters[region]
        if not cluster.instances:
            cluster.instances, cluster.ready_at = 1, self.sim.now + 300

    def remove_instance(self, region: str) -> None:
        def deed() -> None:
            must(self.sim.writer != region, "removed the writer's instance")
            self.sim.clusters[region].instances = 0

        self.sim.call(region, "rds", deed)

    def set_capacity(self, region: str, capacity: float) -> None:
        self.sim.call(region, "rds", lambda: self._set_capacity(region, capacity))

    def _set_capacity(self, region: str, capacity: float) -> None:
        cluster = self.sim.clusters[region]
        must(not self.sim.moving, "changed a cluster during promotion")
        cluster.capacity, cluster.ready_at = capacity, max(cluster.ready_at, self.sim.now + 30)

    def fail_over(self, to: str) -> None:
        self.sim.call(to, "rds", lambda: self._change(to, planned=False))

    def switch_over(self, to: str, *, at: str) -> None:
        self.sim.call(at, "rds", lambda: self._change(to, planned=True))

    def _change(self, to: str, *, planned: bool) -> None:
        sim = self.sim
        holder = sim.items["lock"]["run"]
        record = sim.record(holder)
        must(record["committed"], "promoted before the point of no return was noted")
        must(record["to"] == to, "promoted for another run")
        here = sim.writers[sim.writer]
        if planned:
            must(here is not None and here.fenced, "switched over an open writer")
            there = sim.writers[to]
            shut = there is not None and there.fenced
            must(shut or not sim.schedule.both, "the other region still writes into the old ledger")
        else:
            sim.may_touch(holder)
        cluster = sim.clusters[to]
        must(to != PEER or sim.limit != 0, "promoted a region whose processor is off")
        if sim.moving or sim.writer == to or not cluster.instances or sim.now < cluster.ready_at:
            raise Refusal("InvalidGlobalClusterState")
        if cluster.rebuilt_at or cluster.capacity < WRITER_CAPACITY:
            raise Refusal("not able to be promoted")
        if sim.spoiled:
            sim.spoiled -= 1
            if sim.schedule.promotion == "refused":
                raise Refusal("not now")
            if sim.schedule.promotion == "lost":
                return
        took = 4000 if sim.schedule.promotion == "hangs" else 60
        sim.moving, sim.current = (to, sim.now + took, planned), holder

    def keep_snapshots(self) -> Iterable[str]:
        return self.sim.call(LAUNCH, "rds", lambda: ["kept"])


@dataclass
class Compute:
    sim: Simulated

    def limit(self, region: str) -> int | None:
        return self.sim.call(region, "lambda", lambda: self._limit(region))

    def _limit(self, region: str) -> int | None:
        must(self.sim.schedule.pilot and region == PEER, "looked at what is always on")
        return self.sim.limit

    def set_limit(self, region: str, limit: int | None) -> None:
        self.sim.call(region, "lambda", lambda: self._set_limit(region, limit))

    def _set_limit(self, region: str, limit: int | None) -> None:
        sim = self.sim
        must(sim.schedule.pilot and region == PEER, "switched what is always on")
        must(limit != 0 or sim.writer != PEER, "switched the writer's region off")
        must(limit != 0 or sim.serving != PEER, "switched off who serves")
        sim.limit = limit


@dataclass
class Stores:
    sim: Simulated

    def verify(self, store: str, region: str, *, run: str, epoch: int) -> None:
        def deed() -> None:
            if store == "database":
                must(self.sim.writer == region, "verified elsewhere than at the writer")
                self.sim.verified.add((region, epoch))

        self.sim.call(region, store, deed)

    def read(self, store: str, region: str) -> None:
        self.sim.call(region, store, lambda: None)

    def last_write(self, store: str, region: str) -> float | None:
        return self.sim.call(region, store, lambda: self._last_write(store, region))

    def _last_write(self, store: str, region: str) -> float | None:
        sim = self.sim
        writes = sim.clusters[region].rows if store == "database" else sim.tables[region]
        return EPOCH + max(each.at for each in writes.values()) if writes else None

    def left_behind(self, *, before: int, cursor: str) -> tuple[list[dict[str, Any]], str]:
        return self.sim.call(PEER, "table", lambda: self._left_behind(before, int(cursor or 0)))

    def _left_behind(self, before: int, start: int) -> tuple[list[dict[str, Any]], str]:
        sim = self.sim
        numbers = sorted(sim.tables[PEER])[start : start + 200]
        rows = sim.clusters[PEER].rows
        found = [
            {"number": number}
            for number in numbers
            if number not in rows and sim.tables[PEER][number].epoch < before
        ]
        return found, str(start + 200) if len(numbers) == 200 else ""

    def unsettle(self, *, before: int, cursor: str) -> tuple[int, str]:
        return self.sim.call(PEER, "table", lambda: (both(self.sim).unsettle(before), ""))

    def unsettled(self, *, before: int) -> int:
        def deed() -> int:
            return sum(each.epoch < before for each in both(self.sim).marked(UNSETTLED))

        return self.sim.call(PEER, "table", deed)

    def taken_twice(self) -> list[dict[str, Any]]:
        def deed() -> list[dict[str, Any]]:
            return [{"number": each.number} for each in both(self.sim).marked(TWICE)]

        return self.sim.call(PEER, "table", deed)

    def documents_left_behind(
        self, *, since: float, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        return self.sim.call(LAUNCH, "documents", lambda: ([], ""))

    def keep(self, region: str, key: str, text: str) -> str:
        def deed() -> str:
            if "unmerged" in key:
                self.sim.kept |= {
                    each["number"] for each in json.loads(text).get("transactions", ())
                }
            return key

        return self.sim.call(region, "documents", deed)

    def back_up(self, region: str, *, on: bool) -> None:
        self.sim.call(region, "backup", lambda: None)


@dataclass
class Signals:
    sim: Simulated

    def answers(self, region: str) -> bool:
        return not self.sim.gone(region) and (region != PEER or self.sim.limit != 0)

    def votes(self) -> Mapping[str, bool]:
        return {PEER: not self.sim.gone(LAUNCH) and self.sim.schedule.fault != "none"}

    def versions(self) -> Mapping[str, str]:
        differ = self.sim.schedule.versions and self.sim.now < self.sim.schedule.heals
        there = {} if self.sim.gone(LAUNCH) else {LAUNCH: "b" if differ else "a"}
        return {PEER: "a", **there}

    def serving(self) -> str:
        return self.sim.call(PEER, "ssm", lambda: self.sim.serving)

    def move(self, to: str) -> None:
        def deed() -> None:
            must(not self.sim.schedule.both, "moved traffic where both serve")
            run = self.sim.record(self.sim.items["lock"]["run"])
            must(self.sim.writer == to, "moved away from the writer")
            must((to, run["epoch"]) in self.sim.verified, "moved before a verified write")
            known = self.sim.writers[PEER] or Writer(LAUNCH, 1)
            must(known.region == to, "moved to a region that takes no writes")
            must(to != PEER or self.sim.limit != 0, "moved to a region that is off")
            self.sim.serving = to

        self.sim.call(PEER, "ssm", deed)


def both(sim: Simulated) -> BothServe:
    """The simulation of two regions that both serve, which alone is asked for claims."""
    must(isinstance(sim, BothServe), "looked for claims where one region writes")
    assert isinstance(sim, BothServe)
    return sim


def settings(sim: Simulated) -> RecoverySettings:
    return RecoverySettings(
        suffix="dev",
        launch=LAUNCH,
        peer=PEER,
        mode=sim.schedule.mode,
        rpo=sim.rpo,
        rto=1800,
        cooldown=1800,
        state_table="dr-recovery-dev",
        table="dr-transactions-dev",
        index="StatusIndex",
        buckets={LAUNCH: "there", PEER: "here"},
        endpoints={LAUNCH: "https://there/live/", PEER: "https://here/live/"},
        processor="dr-processor-dev",
        topic="topic",
        serving_parameter="/dr/dev/route53/serving-region",
        control_metric="dr-control-metric-dev",
        database=DatabaseSettings(
            "dr-ledger-dev", {LAUNCH: "l", PEER: "p"}, 5432, "ledger", "u", WRITER_CAPACITY
        ),
        switches_on=sim.schedule.pilot,
        both_serve=sim.schedule.both,
    )


def world(sim: Simulated) -> World:
    """The simulation as the steps see it."""
    return World(
        settings(sim),
        lambda: EPOCH + sim.now,
        State(sim),
        Machine(sim),
        Database(sim),
        Compute(sim),
        Stores(sim),
        Signals(sim),
    )


__all__ = ["STANDBY_CAPACITY", "world"]
