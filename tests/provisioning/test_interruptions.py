"""A command cut off at any of its calls, and run again, ends as if nothing had happened.

Each call of an undisturbed run is cut off in turn: by ^C or a lost connection, before AWS got it or
after, and with the operation still running or ended by the time of the rerun.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from click.testing import CliRunner, Result

import dr_catalog.provisioning as provisioning
from dr_catalog.cli.main import INTERRUPTED, cli
from dr_catalog.errors import LaunchError, SetupError
from dr_catalog.provisioning import Aws, waiting
from dr_catalog.provisioning.model import (
    PROVISION,
    TERMINATE,
    UPDATE,
    Launch,
    Parameter,
    Product,
    Record,
    Stack,
    StackEvent,
    Terms,
)

from .fakes import ONE, PRODUCT, START, TERMS, TWO, event, stack

NAME = "dr-demo"
POLLS = 3  # a record ends once it has been looked at so often
KEEPING = Parameter(name="OnTermination", default="retain", allowed=("retain", "purge"))
WORDS = {
    "launch": ("launch", "warm-standby", "--suffix", "demo", "--set", "DeletionProtection=false"),
    "upgrade": ("upgrade", "--suffix", "demo", "--version", "1.1.0", "--set", "Size=large"),
    "terminate": ("terminate", "--suffix", "demo", "--yes"),
}


class Account:
    """Service Catalog's part of an account, as far as the commands see it."""

    region, chosen_region, local = "us-east-1", "", True
    account, peer_region = "222222222222", "us-west-2"

    def __init__(self) -> None:
        self.present: Launch | None = None
        self.values: dict[str, str] = {}
        self.records: dict[str, Record] = {}
        self.tokens: dict[str, str] = {}
        self.looks = 0

    def product(self, *, name: str = "", product_id: str = "") -> Product:
        return PRODUCT

    def terms(self, *, product_id: str, version_id: str, path_id: str = "") -> Terms:
        return Terms(parameters={**TERMS.parameters, KEEPING.name: KEEPING})

    def template_url(self, *, product_id: str, version_id: str) -> str:
        return "https://t"

    def read_url(self, url: str) -> bytes:
        return b"{}"

    def setting(self, name: str) -> str:
        return "us-west-2"

    def launch(self, name: str) -> Launch | None:
        assert name == NAME
        return self.present

    def plans(self, launch_id: str) -> tuple[tuple[str, str], ...]:
        return ()

    def launches(self) -> tuple[Launch, ...]:
        return (self.present,) if self.present else ()

    def latest_records(self) -> tuple[Record, ...]:
        return tuple(self.records.values())

    def record(self, record_id: str) -> Record:
        if not self.records[record_id].finished:
            self.looks += 1
            if self.looks >= POLLS:
                self.settle()
        return self.records[record_id]

    def provision(self, *, name: str, version_id: str, token: str, **sent: Any) -> Record:
        if token in self.tokens:
            return self.records[self.tokens[token]]
        if self.present:
            raise LaunchError("the name is taken")
        self.present = Launch(
            id="pp-1",
            name=name,
            status="UNDER_CHANGE",
            product_id=PRODUCT.id,
            version_id=version_id,
        )
        defaults = {name: each.default or "" for name, each in TERMS.parameters.items()}
        self.values = {**defaults, KEEPING.name: "retain", **sent["parameters"]}
        return self._begin(PROVISION, version_id, token)

    def update(
        self, *, version_id: str, parameters: dict[str, Any], token: str, **_: Any
    ) -> Record:
        if token in self.tokens:
            return self.records[self.tokens[token]]
        self.values |= {key: value for key, value in parameters.items() if value is not None}
        return self._begin(UPDATE, version_id, token)

    def terminate(self, *, launch_id: str, token: str) -> Record:
        if token in self.tokens:
            return self.records[self.tokens[token]]
        return self._begin(TERMINATE, "", token)

    def stack(self, name_or_id: str, *, region: str = "") -> Stack | None:
        return stack(parameters=dict(self.values)) if self.present else None

    def events(self, stack: str, *, since: Any, region: str = "") -> Iterator[StackEvent]:
        return iter((event("Queue", "CREATE_COMPLETE"),))

    def _begin(self, kind: str, version_id: str, token: str) -> Record:
        assert self.present is not None
        assert all(record.finished for record in self.records.values()), "two at once"
        number = len(self.records) + 1
        record = Record(
            id=f"rec-{number}",
            kind=kind,
            status="IN_PROGRESS",
            launch_id=self.present.id,
            launch=NAME,
            product_id=PRODUCT.id,
            version_id=version_id or self.present.version_id,
            created=START + timedelta(minutes=number),
        )
        self.records[record.id], self.tokens[token], self.looks = record, record.id, 0
        self.present = replace(self.present, status="UNDER_CHANGE", last_record=record.id)
        return record

    def settle(self) -> None:
        """End what runs."""
        for record in [each for each in self.records.values() if not each.finished]:
            self.records[record.id] = replace(record, status="SUCCEEDED")
            assert self.present is not None
            self.present = (
                None
                if record.kind == TERMINATE
                else replace(self.present, status="AVAILABLE", version_id=record.version_id)
            )

    def state(self) -> Any:
        """What there is in the end: the launch, its values, and what was done."""
        kinds = [(each.kind, each.status) for each in self.records.values()]
        return (self.present, self.values, kinds)


class Calls:
    """An `Aws` before an account; ``cut`` says which call, counted from one, is cut off and how."""

    def __init__(
        self,
        account: Account,
        *,
        cut: int = 0,
        by: BaseException | None = None,
        after: bool = False,
    ) -> None:
        self._account, self._cut, self._by, self._after = account, cut, by, after
        self.made: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._account, name)
        if not callable(found):
            return found
        signature = inspect.signature(getattr(Aws, name))

        def call(*given: Any, **named: Any) -> Any:
            signature.bind(self, *given, **named)
            self.made.append(name)
            cut = self._by is not None and len(self.made) == self._cut
            if cut and not self._after:
                raise self._by  # type: ignore[misc]
            answer = found(*given, **named)
            if cut:
                raise self._by  # type: ignore[misc]
            return answer

        return call


Run = Callable[[str, Any], Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run(operation, aws)``: the command, without pauses."""
    monkeypatch.setattr(waiting, "LOCAL_POLL_SECONDS", 0)

    def command(operation: str, aws: Any) -> Result:
        monkeypatch.setattr(provisioning, "Aws", lambda *, region: aws)
        return CliRunner().invoke(cli, WORDS[operation])

    return command


def prepared(run: Run, operation: str) -> Account:
    """An account in which this operation is the next."""
    account = Account()
    if operation != "launch":
        assert run("launch", account).exit_code == 0
    return account


@pytest.mark.parametrize("by", [KeyboardInterrupt(), SetupError("AWS can't be reached")])
@pytest.mark.parametrize("operation", WORDS)
def test_a_rerun_completes_what_was_cut_off_at_any_call(
    run: Run, operation: str, by: BaseException
) -> None:
    undisturbed = Calls(prepared(run, operation))
    assert run(operation, undisturbed).exit_code == 0
    expected = undisturbed._account.state()
    writing = {"launch": "provision", "upgrade": "update"}.get(operation, operation)
    assert undisturbed.made.count(writing) == 1
    assert undisturbed.made.count("record") >= POLLS

    for cut, after, ended in product(
        range(1, len(undisturbed.made) + 1), (False, True), (False, True)
    ):
        account = prepared(run, operation)
        first = run(operation, Calls(account, cut=cut, by=by, after=after))
        # Who may not read the stack or its events is told less, and gets the launch all the same.
        at = f"call {cut}, {undisturbed.made[cut - 1]}"
        assert first.exit_code in ((INTERRUPTED,) if isinstance(by, KeyboardInterrupt) else (0, 1))
        assert "defect" not in first.stderr, at
        if ended:
            account.settle()
        again = run(operation, account)
        assert again.exit_code == 0, f"{at}: {again.output}"
        assert account.state() == expected, at


def test_the_account_refuses_what_would_be_twice() -> None:
    """The test above stands on it: another token under the same name is another launch."""
    account = Account()
    sent = {"name": NAME, "version_id": ONE.id, "parameters": {}}
    first = account.provision(token="a", **sent)
    assert account.provision(token="a", **sent) == first
    with pytest.raises(LaunchError):
        account.provision(token="b", **sent)
    with pytest.raises(AssertionError, match="two at once"):
        account.update(version_id=TWO.id, parameters={}, token="c")
