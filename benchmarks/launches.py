"""How long many launches take together, and what `status` of many costs in calls.

    python benchmarks/launches.py                               # 40 launches in 4 accounts: a quick look
    python benchmarks/launches.py --launches 200 --accounts 20  # the whole, about two minutes

**Launches.** Warm standby 1.0.0 on an embedded AWS of this program's own, through the same plan, step and
wait that the commands use, with at most ``--at-once`` launches under way. Publishing and onboarding
come before and are not timed. Four things are compared with the wall time:

- *The critical path*: the longest chain if all that can run at once did. Launches don't depend on each
  other, so on AWS that would be one launch. The emulator is one Python process and works on one thing
  at a time; so its own CPU time is a chain as well, however many launches share it. Both are measured on
  the idle server, one launch after the other: ``alone``, the wall time of one launch (median), and
  ``serial``, the CPU time of the server's process for one (mean). The critical path is the longer of
  ``alone`` and ``launches x serial``. What the server forks (functions), the client and every wait count
  as able to run at once, on as many cores as that takes; other work on the machine counts against us.
- *All computing, on this machine's cores*: the CPU time of one launch alone in the server, its functions
  and the client, times the launches, over the cores. With few cores this is longer than the critical
  path, and no order of the work could be quicker.
- *One at a time in each account*, the accounts at once: measured the same way, on a fifth of the launches
  (at least two an account), and scaled.
- *One after the other*, account by account: ``launches x alone``.

The emulator keeps a process for each function that a launch has called: 200 launches leave about a
thousand until the end, so give the whole a machine of its own, and never run two at once.

**Status.** `launched` against canned answers that botocore reads as if they came from AWS: 1,000
launches of two products, 20 a page. What counts is calls against pages.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import yaml
from botocore.awsrequest import AWSResponse

from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.provisioning import (
    Aws,
    LaunchRequest,
    Nothing,
    execute,
    launched,
    plan_launch,
    wait,
)
from dr_catalog.publishing import Accounts, Onboarding, Publishing, onboard, publish
from dr_catalog.publishing.assembly import synthesise

ROOT = Path(__file__).parents[1]
HUB, FIRST_ACCOUNT = "111111111111", 700000000000
REGION, STAGE = "us-east-1", "dev"
PRODUCT, VERSION = "warm-standby", "1.0.0"
WARM_UP, ALONE = 2, 5  # launches: to warm the server, and to measure one alone
STATUS_LAUNCHES, PAGE = 1000, 20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running embedded AWS."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds that its own process has computed so far."""
        own, _ = _computed(self.pid)
        return own

    def cpu_of_all(self) -> float:
        """Seconds that its process and all that it has started have computed so far."""
        group = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
        return sum(sum(_computed(pid)) for pid in group if _session(pid) == self.pid)


def _fields(pid: int) -> list[str]:
    """What Linux says of a process, from its state on; nothing once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 15


def _computed(pid: int) -> tuple[float, float]:
    """CPU seconds of a process, and of those that it started and that have ended."""
    user, system, ended_user, ended_system = (int(each) / TICKS for each in _fields(pid)[11:15])
    return user + system, ended_user + ended_system


def _session(pid: int) -> int:
    return int(_fields(pid)[3])


@contextmanager
def serving() -> Iterator[Server]:
    """An embedded AWS for the time of a block, and nothing of the machine's own settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded_aws", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(" on ")[1].split(" ")[0]
        urllib.request.urlopen(f"{url}/_ministack/health", timeout=10).close()
        os.environ.update(
            AWS_ENDPOINT_URL=url,
            AWS_DEFAULT_REGION=REGION,
            AWS_ACCESS_KEY_ID=HUB,
            AWS_SECRET_ACCESS_KEY="test",
        )
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def catalog(accounts: Sequence[str]) -> Iterator[Path]:
    """The repository's catalog with the one product, shared with these accounts."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "portfolio", root / "portfolio")
        for name in ("products", "pipeline"):
            (root / name).symlink_to(ROOT / name)
        file = root / "portfolio/portfolio.yaml"
        content = yaml.safe_load(file.read_text())
        content["portfolios"] = [{**content["portfolios"][0], "products": [PRODUCT]}]
        content["constraints"] = {PRODUCT: content["constraints"][PRODUCT]}
        content["shares"]["accounts"] = list(accounts)
        file.write_text(yaml.safe_dump(content))
        yield root


def prepare(url: str, accounts: Sequence[str]) -> None:
    """Publish the catalog and onboard the accounts; one synthesis serves them all."""
    publish.synthesise = onboard.synthesise = cache(synthesise)
    with catalog(accounts) as root:
        clients = Accounts()
        Publishing(root=root, stage=STAGE, accounts=clients, say=quiet).run()
        for account in accounts:
            make_role(endpoint=url, account=account, role=ACCESS_ROLE, trusted=(HUB,))
            make_role(endpoint=url, account=account, role="dr-tenant", trusted=(account,))
            Onboarding(root=root, stage=STAGE, account=account, accounts=clients, say=quiet).run()


def tenant(url: str, account: str) -> Aws:
    """Someone of the account's tenant team."""
    keys = assume(endpoint=url, account=account, role="dr-tenant")
    session = boto3.session.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
        region_name=REGION,
        botocore_session=_botocore(),
    )
    return Aws(session=session)


def _botocore() -> botocore.session.Session:
    """A session that reads the services' models from where the others have read them."""
    session = botocore.session.Session()
    session.register_component("data_loader", _loader())
    return session


@cache
def _loader() -> Any:
    return botocore.session.Session().get_component("data_loader")


def quiet(*_: Any) -> None:
    """Progress that nobody reads."""


def launch(aws: Aws, suffix: str) -> None:
    """Launch and wait, as the command does."""
    settings = {"DeletionProtection": "false", "OnTermination": "purge"}
    request = LaunchRequest(product=PRODUCT, suffix=suffix, version=VERSION, parameters=settings)
    step = plan_launch(aws, request)
    assert not isinstance(step, Nothing), suffix
    done = wait(aws, step, execute(aws, step), report=quiet)
    assert done.status == "AVAILABLE", done


@dataclass(frozen=True)
class Alone:
    """One launch while nothing else runs, in seconds.

    Args:
        wall: From plan to AVAILABLE.
        serial: What the server's process computes.
        computed: What the server, its functions and the client compute.
    """

    wall: float
    serial: float
    computed: float


def alone(server: Server, aws: Aws) -> Alone:
    """Measure launches one after the other."""
    for number in range(WARM_UP):
        launch(aws, f"warm-up{number}")
    walls = []
    serial, computed = server.cpu(), server.cpu_of_all() + time.process_time()
    for number in range(ALONE):
        begun = time.perf_counter()
        launch(aws, f"alone{number}")
        walls.append(time.perf_counter() - begun)
    return Alone(
        wall=statistics.median(walls),
        serial=(server.cpu() - serial) / ALONE,
        computed=(server.cpu_of_all() + time.process_time() - computed) / ALONE,
    )


def together(tenants: Sequence[Aws], launches: int, *, at_once: int) -> float:
    """Seconds that all launches take, spread over the accounts, ``at_once`` under way."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        begun = time.perf_counter()
        running = [
            pool.submit(launch, tenants[number % len(tenants)], f"all{number}")
            for number in range(launches)
        ]
        for each in running:
            each.result()
        return time.perf_counter() - begun


def one_at_a_time(tenants: Sequence[Aws], each: int) -> float:
    """Seconds that ``each`` launches an account take, one after the other in every account."""

    def account(aws: Aws) -> None:
        for number in range(each):
            launch(aws, f"one{number}")

    with ThreadPoolExecutor(max_workers=len(tenants)) as pool:
        begun = time.perf_counter()
        list(pool.map(account, tenants))
        return time.perf_counter() - begun


class Answers:
    """Answers in AWS's place, and counts: `count` launches of two products, a page at a time."""

    def __init__(self, client: Any, *, count: int) -> None:
        self.calls: dict[str, int] = {}
        self._count = count
        client.meta.events.register("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        self.calls[operation] = self.calls.get(operation, 0) + 1
        content = json.dumps(getattr(self, f"_{operation}")(json.loads(request.body))).encode()
        body = io.BytesIO(content)
        body.stream = lambda *_, **__: iter((body.read(),))  # type: ignore[attr-defined]
        return AWSResponse(request.url, 200, {}, body)

    def _SearchProvisionedProducts(self, sent: dict[str, Any]) -> dict[str, Any]:
        begin = int(sent.get("PageToken", 0))
        end = min(begin + sent["PageSize"], self._count)
        found = [
            {
                "Id": f"pp-{number}",
                "Name": f"dr-team-{number}",
                "Status": "AVAILABLE",
                "ProductId": f"prod-{number % 2}",
                "ProvisioningArtifactId": "pa-1",
                "LastRecordId": f"rec-{number}",
            }
            for number in range(begin, end)
        ]
        more = {"NextPageToken": str(end)} if end < self._count else {}
        return {"ProvisionedProducts": found, "TotalResultsCount": self._count, **more}

    def _DescribeProduct(self, sent: dict[str, Any]) -> dict[str, Any]:
        version = {"Id": "pa-1", "Name": VERSION, "CreatedTime": 1767614400}
        return {
            "ProductViewSummary": {"ProductId": sent["Id"], "Name": f"tier-{sent['Id']}"},
            "ProvisioningArtifacts": [version],
        }

    def _GetParameter(self, sent: dict[str, Any]) -> dict[str, Any]:
        return {"Parameter": {"Name": sent["Name"], "Value": "us-west-2"}}


def status_calls(count: int) -> dict[str, int]:
    """The calls by which `launched` reads this many launches."""
    session = boto3.session.Session(
        aws_access_key_id=HUB, aws_secret_access_key="test", region_name=REGION
    )
    aws = Aws(session=session)
    calls: dict[str, int] = {}
    for service in ("servicecatalog", "ssm"):
        # One dictionary for both services: what any other service is asked would go unanswered.
        Answers(aws._client(service, REGION), count=count).calls = calls
    rows = launched(aws)
    assert len({row.suffix for row in rows}) == count
    assert {row.version for row in rows} == {VERSION}
    return calls


def show_status() -> None:
    """Print the calls of `status` against its pages."""
    calls = status_calls(STATUS_LAUNCHES)
    total, pages = sum(calls.values()), math.ceil(STATUS_LAUNCHES / PAGE)
    print(f"status of {STATUS_LAUNCHES} launches")
    print(f"  pages of {PAGE} (baseline)  {pages:5}")
    print(f"  calls                 {total:5}   ratio {total / pages:.2f}")
    for operation, number in calls.items():
        print(f"    {operation:27} {number:3}")


def show_launches(*, launches: int, accounts: int, at_once: int) -> None:
    """Print the wall time of the launches against the three baselines."""
    ids = [str(FIRST_ACCOUNT + number) for number in range(accounts)]
    with serving() as server:
        prepare(server.url, ids)
        tenants = [tenant(server.url, each) for each in ids]
        one = alone(server, tenants[0])
        begun = server.cpu(), server.cpu_of_all() + time.process_time()
        wall = together(tenants, launches, at_once=at_once)
        serial = server.cpu() - begun[0]
        computed = server.cpu_of_all() + time.process_time() - begun[1]
        load = os.getloadavg()[0]
        each = max(2, launches // 5 // accounts)
        scaled = one_at_a_time(tenants, each) * launches / (each * accounts)
        found = [row for aws in tenants for row in launched(aws) if row.status == "AVAILABLE"]
        assert len(found) == launches + each * accounts + WARM_UP + ALONE, len(found)
    cores = os.cpu_count() or 1
    print(
        f"{launches} launches in {accounts} accounts, at most {at_once} at once; local simulation"
    )
    print(
        f"  one alone: {one.wall:.2f} s; computed: {one.serial:.2f} s by the server's process, "
        f"{one.computed:.2f} s in all"
    )
    print(f"  together                                 {wall:6.1f} s")
    for name, seconds in (
        ("critical path (baseline)", max(one.wall, launches * one.serial)),
        (f"all computing, on {cores} cores", launches * one.computed / cores),
        ("one at a time in each account, scaled", scaled),
        ("one after the other", launches * one.wall),
    ):
        print(f"  {name:39}  {seconds:6.1f} s   ratio {wall / seconds:.2f}")
    print(
        f"  meanwhile computed: {serial:.1f} s by the server's process, {computed:.1f} s in all; "
        f"load average {load:.1f}"
    )


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description="Many launches at once, and status of many.")
    parser.add_argument("--launches", type=int, default=40)
    parser.add_argument("--accounts", type=int, default=4)
    parser.add_argument("--at-once", type=int, default=8)
    given = parser.parse_args()
    show_launches(launches=given.launches, accounts=given.accounts, at_once=given.at_once)
    show_status()


if __name__ == "__main__":
    main()
