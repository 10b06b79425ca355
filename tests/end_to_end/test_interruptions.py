"""A launch and a termination cut off at one call after the other, and run again until they are through.

The first run is cut off at its first call, the rerun at its second, and so on: with ^C, or with a
connection that is lost and stays so. What is begun goes on in AWS meanwhile.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError

from dr_catalog.cli.main import INTERRUPTED
from dr_catalog.provisioning import Aws
from dr_catalog.provisioning import aws as module
from dr_catalog.provisioning.model import PROVISION, TERMINATE

from .conftest import PEER, REGION, TENANT, Identity
from .estate import estate

SUFFIX = "cut-off"
PURGE = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")
LAUNCH = ("launch", "warm-standby", "--suffix", SUFFIX, "--version", "1.0.0", *PURGE)
END = ("terminate", "--suffix", SUFFIX, "--yes")


class Line:
    """The connection of the commands to AWS; ``cut`` says at which call it is lost."""

    def __init__(self) -> None:
        self.cut, self.by, self.sent, self.lost = 0, KeyboardInterrupt, list[str](), False

    def __call__(self, request: Any, event_name: str, **_: Any) -> None:
        if self.cut and len(self.sent) + 1 >= self.cut:
            self.lost = True
            if self.by is KeyboardInterrupt:
                raise KeyboardInterrupt
            raise ConnectionClosedError(endpoint_url=request.url)
        self.sent.append(event_name.rpartition(".")[2])


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tenant: Identity) -> Line:
    """What every client of the commands goes through; the clients are made once for all runs."""
    line, make, clients = Line(), Aws._client, dict[tuple[str, str], Any]()
    session = tenant.session()
    monkeypatch.setattr(boto3.session, "Session", lambda **_: session)
    monkeypatch.setattr(module, "_LOCAL_RETRIES", 1)  # a lost connection stays lost: no pauses

    def client(self: Aws, service: str, region: str) -> Any:
        if (service, region) not in clients:
            clients[service, region] = make(self, service, region)
            clients[service, region].meta.events.register("before-send", line)
        return clients[service, region]

    monkeypatch.setattr(Aws, "_client", client)
    return line


def records(tenant: Identity, kind: str) -> list[str]:
    """The states of this suffix's records of a kind."""
    history = tenant.client("servicecatalog").list_record_history()["RecordDetails"]
    return [
        each["Status"]
        for each in history
        if (each["ProvisionedProductName"], each["RecordType"]) == (f"dr-{SUFFIX}", kind)
    ]


def through(tenant: Identity, line: Line, words: tuple[str, ...], kind: str) -> set[str]:
    """Run it until it is through, cut off one call later each time; the calls that were made."""
    made: set[str] = set()
    for line.cut in count(1):
        line.by = (KeyboardInterrupt, ConnectionClosedError)[line.cut % 2]
        line.sent.clear()
        line.lost = False
        done = tenant.run(*words)
        made |= set(line.sent)
        assert len(records(tenant, kind)) <= 1
        if not line.lost:
            assert done.exit_code == 0, done.output
            line.cut = 0
            return made
        if line.by is KeyboardInterrupt:
            assert done.exit_code == INTERRUPTED
        elif done.exit_code:  # only what is shown on the way may be lost without harm
            assert done.exit_code == 1
            assert "can't be reached" in done.stderr
            assert "hint: " in done.stderr
    raise AssertionError


def test_a_launch_and_a_termination_get_through(tenant: Identity, line: Line, person: Any) -> None:
    admin = person(TENANT)
    before = estate(admin)
    made = through(tenant, line, LAUNCH, PROVISION)
    assert {"ProvisionProduct", "DescribeRecord"} <= made
    assert records(tenant, PROVISION) == ["SUCCEEDED"]
    (row,) = [each for each in tenant.json("status") if each["suffix"] == SUFFIX]
    assert (row["version"], row["status"]) == ("1.0.0", "AVAILABLE")
    stacks = sorted(
        each.split()[0] for each in estate(admin) - before if "cloudformation stack" in each
    )
    assert stacks == [REGION, PEER, PEER]  # one launch; foundation and workload in the peer

    made = through(tenant, line, END, TERMINATE)
    assert {"TerminateProvisionedProduct", "DescribeRecord"} <= made
    assert records(tenant, TERMINATE) == ["SUCCEEDED"]
    assert estate(admin) == before
