"""A stage's account in memory: Service Catalog, the checks and the parameters, with faults on demand.

Every call, from any thread, has a number; at that of `World.fault` something happens instead of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from dr_catalog.canary.records import Records
from dr_catalog.definitions import Stage
from dr_catalog.definitions.pipeline import Gates
from dr_catalog.errors import LaunchError
from dr_catalog.provisioning.checks import Check
from dr_catalog.provisioning.model import (
    PROVISION,
    TERMINATE,
    UPDATE,
    Launch,
    LaunchPath,
    Parameter,
    Product,
    Record,
    Stack,
    StackEvent,
    Terms,
    Version,
)
from tests.provisioning.fakes import START

REGION, PEER, ACCOUNT = "us-east-1", "us-west-2", "111111111111"
POLLS = 2  # a record ends once it has been looked at so often
NAMES = ("EnvironmentSuffix", "DeletionProtection", "OnTermination")
TERMS = Terms(parameters={name: Parameter(name=name, default="true") for name in NAMES})


class Killed(BaseException):
    """The process ended with kill -9: nothing of it runs any more."""


@dataclass
class Present:
    """A launch, its stack's parameters, and what of it stays after its end."""

    launch: Launch
    values: Mapping[str, str]


@dataclass
class World:
    """The account; `Aws`, `Ground` and an SSM client in one, as far as a canary sees them.

    Args:
        versions: The product's versions that Service Catalog offers.
        fault: The number of the call, from 1, at which ``happens`` is called; 0 for none.
        happens: What happens there; it may raise.
        failing: The kinds of operation that end as FAILED.
        bad: Whether a check does not hold.
        litter: What is left of every suffix once it is terminated.
    """

    versions: tuple[str, ...] = ("1.0.0", "1.1.0", "1.2.0")
    fault: int = 0
    happens: Callable[[], None] = lambda: None
    failing: tuple[str, ...] = ()
    bad: bool = False
    litter: tuple[str, ...] = ()
    gates: Gates = field(default_factory=lambda: Gates(canary=True))
    present: dict[str, Present] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    operations: list[tuple[str, str, str]] = field(default_factory=list)
    calls: int = 0

    region, chosen_region, local = REGION, "", True
    account, peer_region = ACCOUNT, PEER

    def __post_init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._looks: dict[str, int] = {}
        self._lock = threading.RLock()
        self.stage = Stage("dev", ACCOUNT, (REGION, PEER), gates=self.gates)
        self.aws, self.records = self, Records(self)

    def _call(self) -> None:
        with self._lock:
            self.calls += 1
            here = self.calls == self.fault
        if here:
            self.happens()

    # Ground

    def look(self, suffix: str) -> list[Check]:
        self._call()
        found = self.present[f"dr-{suffix}"].launch
        assert found.status == "AVAILABLE"
        return [Check("kms", "key", region, not self.bad, "enabled") for region in (REGION, PEER)]

    def left(self, suffix: str) -> list[str]:
        self._call()
        there = [f"stack of {suffix}"] if f"dr-{suffix}" in self.present else []
        return [*there, *self.litter]

    # SSM

    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> None:
        self._call()
        self.parameters[Name] = Value

    def delete_parameters(self, *, Names: list[str]) -> None:
        self._call()
        for name in Names:
            self.parameters.pop(name, None)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "get_parameters_by_path"
        return self

    def paginate(self, *, Path: str) -> Iterator[Any]:
        self._call()
        with self._lock:
            found = [
                {"Name": name, "Value": value}
                for name, value in self.parameters.items()
                if name.startswith(f"{Path}/")
            ]
        yield {"Parameters": found[:1]}
        yield {"Parameters": found[1:]}

    # Aws

    def product(self, *, name: str = "", product_id: str = "") -> Product:
        self._call()
        return Product(
            id="prod-1",
            name="sample",
            versions=tuple(Version(id=v, name=v, created=START) for v in self.versions),
            paths=(LaunchPath(id="lp-1", name="Recovery tiers"),),
        )

    def terms(self, **_: Any) -> Terms:
        self._call()
        return TERMS

    def template_url(self, **_: Any) -> str:
        self._call()
        return "https://t"

    def read_url(self, url: str) -> bytes:
        self._call()
        return b"{}"

    def latest_records(self) -> tuple[Record, ...]:
        self._call()
        return ()

    def launches(self) -> tuple[Launch, ...]:
        self._call()
        return tuple(each.launch for each in self.present.values())

    def launch(self, name: str) -> Launch | None:
        self._call()
        with self._lock:
            if name in self.present and self.present[name].launch.changing:
                self._look(self.present[name].launch.last_record)
            found = self.present.get(name)
            return found.launch if found else None

    def record(self, record_id: str) -> Record:
        self._call()
        with self._lock:
            self._look(record_id)
            return self._records[record_id]

    def _look(self, record_id: str) -> None:
        self._looks[record_id] += 1
        if self._looks[record_id] == POLLS:
            self._settle(self._records[record_id])

    def provision(
        self, *, name: str, version_id: str, parameters: Mapping[str, str], **_: Any
    ) -> Record:
        self._call()
        with self._lock:
            assert name not in self.present
            launch = Launch(
                id=f"pp-{name}",
                name=name,
                status="UNDER_CHANGE",
                product_id="prod-1",
                version_id=version_id,
            )
            self.present[name] = Present(launch, parameters)
            return self._begin(name, PROVISION, version_id)

    def update(self, *, launch_id: str, version_id: str, **_: Any) -> Record:
        self._call()
        with self._lock:
            return self._begin(launch_id.removeprefix("pp-"), UPDATE, version_id)

    def terminate(self, *, launch_id: str, **_: Any) -> Record:
        self._call()
        with self._lock:
            return self._begin(launch_id.removeprefix("pp-"), TERMINATE, "")

    def stack(self, name_or_id: str, *, region: str = "") -> Stack | None:
        self._call()
        for name, each in self.present.items():
            if name_or_id.endswith(f"pp-{name}"):
                return Stack(
                    id=f"arn:{name_or_id}",
                    name=name_or_id,
                    region=REGION,
                    status="CREATE_COMPLETE",
                    parameters=dict(each.values),
                )
        return None

    def events(self, stack: str, *, since: Any, region: str = "") -> Iterator[StackEvent]:
        return iter(())

    def stack_sets(self, stack: str) -> tuple[str, ...]:
        return ()

    def stacks_since(self, **_: Any) -> tuple[str, ...]:
        return ()

    def _begin(self, name: str, kind: str, version_id: str) -> Record:
        present = self.present[name]
        assert all(r.finished for r in self._records.values() if r.launch == name), "two at once"
        number = len(self._records) + 1
        record = Record(
            id=f"rec-{number}",
            kind=kind,
            status="IN_PROGRESS",
            launch_id=present.launch.id,
            launch=name,
            product_id="prod-1",
            version_id=version_id or present.launch.version_id,
            created=START + timedelta(minutes=number),
        )
        self._records[record.id], self._looks[record.id] = record, 0
        self.operations.append((name, kind, version_id))
        changing = replace(present.launch, status="UNDER_CHANGE", last_record=record.id)
        self.present[name] = replace(present, launch=changing)
        return record

    def _settle(self, record: Record) -> None:
        failed = record.kind in self.failing
        self._records[record.id] = replace(
            record,
            status="FAILED" if failed else "SUCCEEDED",
            errors=("it broke",) if failed else (),
        )
        present = self.present[record.launch]
        if record.kind == TERMINATE and not failed:
            del self.present[record.launch]
            return
        status = {PROVISION: "ERROR", UPDATE: "TAINTED", TERMINATE: "ERROR"}[record.kind]
        launch = replace(
            present.launch,
            status=status if failed else "AVAILABLE",
            version_id=present.launch.version_id if failed else record.version_id,
        )
        self.present[record.launch] = replace(present, launch=launch)


def refused() -> None:
    """A call that AWS refuses."""
    raise LaunchError("AWS refused it", why="no reason")
