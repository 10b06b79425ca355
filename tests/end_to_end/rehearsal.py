"""A launch that is failed over and back, again and again: what its tests share.

    Rehearsal -> region(mode), control(...)   what is done to the embedded AWS from outside
              -> run("failover", ...)         what an operator types
              -> load(), posted(...)          what clients write and read
              -> home()                       the writer is in the launch region again, nothing runs

One launch serves all tests of a folder; each leaves it as it found it.
"""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dr_catalog import failover, names
from dr_catalog.failover.lagging import database_lag
from dr_catalog.failover.load import Load
from dr_catalog.failover.surroundings import Surroundings
from dr_catalog.provisioning.checks import Launch

from .conftest import PEER, REGION, TENANT, Identity

PACE = 0.02
"""Of the time that the machine's waits take on AWS: seconds become hundredths."""
DETECTED = {"operation": "failover", "requestedBy": "detection", "reason": "silent"}


def control(url: str, name: str, **asked: Any) -> Any:
    """Do something to the embedded AWS at ``url`` from outside."""
    request = urllib.request.Request(
        f"{url}/_embedded/{name}", data=json.dumps(asked).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@dataclass(frozen=True)
class Rehearsal:
    """The launch, its operator, and the embedded AWS it is in."""

    tenant: Identity
    launch: Launch
    url: str
    aws: failover.Aws

    @property
    def suffix(self) -> str:
        return self.launch.suffix

    @property
    def site(self) -> failover.Site:
        return failover.locate(self.aws, self.suffix)

    def control(self, name: str, **asked: Any) -> Any:
        """Do something to the embedded AWS from outside."""
        return control(self.url, name, **asked)

    @contextmanager
    def region(self, mode: str, *, region: str = REGION, **more: Any) -> Iterator[None]:
        """A region is so for the time of a block."""
        self.control("regions", region=region, mode=mode, **more)
        try:
            yield
        finally:
            self.control("regions", region=region, mode="here")

    @contextmanager
    def promotions(self, mode: str) -> Iterator[None]:
        """Promotions of the database go so for the time of a block."""
        ledger = names.LEDGER.of(suffix=self.suffix)
        self.control("promotions", account=TENANT, global_cluster=ledger, mode=mode)
        try:
            yield
        finally:
            self.control("promotions", account=TENANT, global_cluster=ledger, mode="go")

    def settings(self, **values: str) -> dict[str, str]:
        """Set some of the recovery function's settings; what they were."""
        functions = self.tenant.client("lambda", PEER)
        name = names.RECOVERY_TASK.of(suffix=self.suffix)
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**before, **values}}
        )
        return {key: before[key] for key in values if key in before}

    @contextmanager
    def setting(self, **values: str) -> Iterator[None]:
        """Some of the recovery function's settings are so for the time of a block."""
        before = self.settings(**values)
        try:
            yield
        finally:
            self.settings(**before)

    @contextmanager
    def objective(self, *, seconds: int) -> Iterator[None]:
        """The tier promises to lose no more than that for the time of a block."""
        ssm = self.tenant.client("ssm", PEER)
        name = names.parameter(suffix=self.suffix, layer="recovery", name="rpo-seconds")
        before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        with self.setting(RPO_SECONDS=str(seconds)):
            ssm.put_parameter(Name=name, Value=str(seconds), Overwrite=True)
            try:
                yield
            finally:
                ssm.put_parameter(Name=name, Value=before, Overwrite=True)

    def vote(self, answers: int) -> None:
        """What the probes of both regions say last of the launch region: 1 it answers, 0 it does not."""
        self.tenant.client("cloudwatch", PEER).put_metric_data(
            Namespace="DrCatalog",
            MetricData=[
                {
                    "MetricName": "LaunchRegionAnswers",
                    "Dimensions": [
                        {"Name": "Suffix", "Value": self.suffix},
                        {"Name": "From", "Value": region},
                    ],
                    "Value": answers,
                }
                for region in (REGION, PEER)
            ],
        )

    def fallen_behind(self, *, seconds: float) -> None:
        """Return once the standby's recorded lag is more, at a minute in which the launch region answers.

        The regions must be apart already, and for that long: an earlier figure of the same minute would do
        as well, but not for long. What the lag was when the region last answered counts, so lag and answer
        must be of one minute.
        """
        time.sleep(seconds + 0.1)

        def lag() -> float:
            self.vote(1)
            look = Surroundings(aws=self.aws, site=self.site, now=datetime.now(UTC))
            return database_lag(look)[0] or 0.0

        self.until(lag, lambda found: found > seconds, patience=120)

    def probe(self, *regions: str) -> None:
        """Let the probes vote now."""
        for region in regions or (REGION, PEER):
            self.control(
                "rules", account=TENANT, region=region, rule=names.PROBE.of(suffix=self.suffix)
            )

    def run(self, *words: str) -> Any:
        """Run a command of the operator's on this suffix."""
        return self.tenant.run(words[0], "--suffix", self.suffix, "--region", PEER, *words[1:])

    def done(self, *words: str) -> dict[str, Any]:
        """Run it with a yes, expect it to succeed, and give the run's record."""
        result = self.run(*words, "--yes", "--output", "json")
        assert result.exit_code == 0, result.output
        record: dict[str, Any] = json.loads(result.stdout)
        return record

    def refused(self, *words: str) -> str:
        """Run it with a yes, expect a refusal, and give what it says."""
        result = self.run(*words, "--yes")
        assert result.exit_code == 1, result.output
        return str(result.stderr)

    def start(self, given: Mapping[str, Any], *, name: str = "") -> str:
        """Start the machine as the console does; the run's id."""
        name = name or f"by-hand-{time.time_ns()}"
        self.aws.start(self.site, run_id=name, given=given)
        return name

    def record(self, run: str) -> failover.Run:
        """A run's record."""
        return self.until(lambda: self.aws.run(self.site, run), bool)

    def ended(self, run: str) -> failover.Run:
        """The same, once it has ended."""
        return self.until(
            lambda: self.aws.run(self.site, run), lambda found: found and found.finished
        )

    def stuck(self, run: str, *, at: str) -> None:
        """Return once a run has looked at a step in vain."""

        def in_vain() -> bool:
            step = (self.record(run).record["steps"] or [{}])[-1]
            return step.get("step") == at and step["looks"] >= 2 and not step["ended"]

        self.until(in_vain, bool)

    def until(
        self, look: Callable[[], Any], good: Callable[[Any], Any], patience: float = 60
    ) -> Any:
        """Look until it is good."""
        deadline = time.monotonic() + patience
        while not good(found := look()):
            assert time.monotonic() < deadline, f"still {found}"
            time.sleep(0.02)
        return found

    def stop(self, run: str) -> None:
        """Kill a run's execution, as a person would who stops it in the console; it may have ended."""
        machines = self.tenant.client("stepfunctions", PEER)
        with contextlib.suppress(machines.exceptions.ClientError):
            machines.stop_execution(executionArn=self.record(run).execution)

    def posted(self, key: str, *, region: str) -> int:
        """The status of a write to one region's API."""
        answer = self.aws.post(
            self.launch.endpoints[region],
            region=region,
            path="transactions",
            body={"transactionId": key, "amount": "1"},
        )
        return answer.status

    def has(self, key: str, *, region: str) -> bool:
        """Whether a region's API finds a transaction."""
        endpoint = self.launch.endpoints[region]
        return self.aws.get(endpoint, region=region, path=f"transactions/{key}").status == 200

    def load(self) -> Load:
        """A client that writes through what comes."""
        return Load(self.aws, self.site, self.launch.endpoints, mark=f"w{time.time_ns()}")

    def writer(self) -> failover.Writer:
        """Who takes writes, as the surviving region knows."""
        return self.aws.writer(self.site)

    def home(self) -> None:
        """Bring the writer back to the launch region, whatever a test left."""
        site = self.site
        if lock := self.aws.lock(site):
            held = self.aws.run(site, lock.run)
            if held and not held.finished:
                self.run(lock.operation, "--yes")
        if self.writer().region != REGION:
            self.done("failback")
