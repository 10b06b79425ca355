"""The only module here that calls AWS: in the region that is named, shortly, and never twice.

A region may be gone: each call is given up after seconds and its error says which region did not answer.
Answers of the state table become the objects of `model`; errors leave as those of `dr_catalog.errors`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

from .. import names
from ..errors import NotFoundError, RecoveryError, SetupError
from ..provisioning.endpoint import Answer, call
from ..session import located
from ..translation import translated
from .model import Lock, Run, Site, Step, Writer

CONNECT_SECONDS, READ_SECONDS = 2, 8
_RUN = "run#"
STEP_FIELDS = ("step", "began", "ended", "outcome", "told")


class Aws:
    """One account's AWS in both regions of a pair; threads may share it.

    Args:
        region: The region to begin with, either of the pair; the session's default where it is None.
        session: Whose credentials; boto3's default where it is None.

    Raises:
        SetupError: No region is known, or the profile does not exist.
    """

    def __init__(
        self, *, region: str | None = None, session: boto3.session.Session | None = None
    ) -> None:
        self._endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
        self._session, self.region = located(
            region=region, session=session, endpoint=self._endpoint
        )
        self.chosen_region = region or ""
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    @property
    def local(self) -> bool:
        """The endpoint is a local one (``AWS_ENDPOINT_URL`` is set)."""
        return self._endpoint is not None

    @property
    def endpoint(self) -> str:
        """``AWS_ENDPOINT_URL``; empty on AWS."""
        return self._endpoint or ""

    @property
    def session(self) -> boto3.session.Session:
        """The caller's session."""
        return self._session

    def call(self, service: str, operation: str, region: str, **arguments: Any) -> Any:
        """One call in one region.

        Raises:
            DrCatalogError: AWS refused, or the region did not answer in time.
        """
        with translated(endpoint=self._endpoint):
            return getattr(self._client(service, region), operation)(**arguments)

    def caller(self, region: str) -> tuple[str, str]:
        """Account and ARN of the credentials, as this region's STS says."""
        answer = self.call("sts", "get_caller_identity", region)
        return answer["Account"], answer["Arn"]

    def parameter(self, name: str, region: str) -> str:
        """An SSM parameter's value.

        Raises:
            NotFoundError: It is not there.
        """
        value: str = self.call("ssm", "get_parameter", region, Name=name)["Parameter"]["Value"]
        return value

    def told(self, suffix: str, layer: str, region: str) -> dict[str, str]:
        """What a layer tells others there; empty where it is not launched."""
        path = names.parameter_path(suffix=suffix, layer=layer)
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        while True:
            page = self.call("ssm", "get_parameters_by_path", region, Path=path, **more)
            for each in page["Parameters"]:
                found[each["Name"].removeprefix(f"{path}/")] = each["Value"]
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    def machine(self, *, suffix: str, account: str, region: str) -> str:
        """The ARN of the state machine of a suffix there; empty where there is none."""
        partition = self._session.get_partition_for_region(region)
        name = names.RECOVERY.of(suffix=suffix)
        arn = f"arn:{partition}:states:{region}:{account}:stateMachine:{name}"
        try:
            answer = self.call(
                "stepfunctions", "describe_state_machine", region, stateMachineArn=arn
            )
        except NotFoundError:
            return ""
        found: str = answer["stateMachineArn"]
        return found

    # The state table, in either region.

    def writer(self, site: Site, *, region: str = "") -> Writer:
        """Who takes writes, as that region's table says; the launch region until something moved."""
        item = self._item(site, "writer", region)
        if not item:
            return Writer(region=site.launch_region)
        return Writer(
            region=item["region"],
            epoch=int(item.get("epoch", 1)),
            fenced=bool(item.get("fenced")),
            run=str(item.get("run", "")),
        )

    def lock(self, site: Site) -> Lock | None:
        """The run that holds the lock, if there is one."""
        item = self._item(site, "lock", "")
        if not item or not item.get("run"):
            return None
        return Lock(
            run=item["run"],
            operation=str(item.get("operation", "")),
            since=str(item.get("since", "")),
            execution=str(item.get("execution", "")),
        )

    def run(self, site: Site, run_id: str) -> Run | None:
        """A run's record, if it is there."""
        item = self._item(site, _RUN + run_id, "")
        return as_run(json.loads(item["record"])) if item else None

    def runs(self, site: Site) -> tuple[Run, ...]:
        """Every run's record, the oldest first."""
        found: list[Run] = []
        more: dict[str, Any] = {}
        while True:
            page = self.call(
                "dynamodb",
                "scan",
                site.region,
                TableName=names.RECOVERY_STATE.of(suffix=site.suffix),
                ConsistentRead=True,
                **more,
            )
            items = map(_plain_item, page["Items"])
            found += [as_run(json.loads(each["record"])) for each in items if "record" in each]
            if not page.get("LastEvaluatedKey"):
                return tuple(sorted(found, key=lambda run: run.began))
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _item(self, site: Site, key: str, region: str) -> dict[str, Any]:
        answer = self.call(
            "dynamodb",
            "get_item",
            region or site.region,
            TableName=names.RECOVERY_STATE.of(suffix=site.suffix),
            Key={"id": {"S": key}},
            ConsistentRead=True,
        )
        return _plain_item(answer.get("Item") or {})

    # The state machine.

    def start(self, site: Site, *, run_id: str, given: Mapping[str, Any]) -> str:
        """Start a run, or get the execution that this id began with the same input; its ARN."""
        answer = self.call(
            "stepfunctions",
            "start_execution",
            site.region,
            stateMachineArn=site.machine,
            name=run_id,
            input=json.dumps(dict(given), sort_keys=True),
        )
        arn: str = answer["executionArn"]
        return arn

    def execution(self, site: Site, arn: str) -> tuple[str, str]:
        """The status of an execution, and why it failed; empty where there is none."""
        try:
            answer = self.call("stepfunctions", "describe_execution", site.region, executionArn=arn)
        except NotFoundError:
            return "", ""
        why = ": ".join(filter(None, (answer.get("error"), answer.get("cause"))))
        return answer["status"], why

    def decide(
        self, site: Site, *, run_id: str, decision: str, by: str, overrides: Sequence[str] = ()
    ) -> tuple[bool, str]:
        """Give a waiting run a person's decision.

        Args:
            decision: ``approve`` or ``abort``.
            by: Who decided.
            overrides: What that person waives.

        Returns:
            Whether this decision counts, the first in time does, and what was said to it.
        """
        event = {"decide": decision, "run": run_id, "by": by, "overrides": list(overrides)}
        answer = self.call(
            "lambda",
            "invoke",
            site.region,
            FunctionName=names.RECOVERY_TASK.of(suffix=site.suffix),
            Payload=json.dumps(event).encode(),
        )
        said = json.loads(answer["Payload"].read() or b"{}")
        if answer.get("FunctionError"):
            raise RecoveryError(
                f"the decision on {run_id} was not taken", why=str(said.get("errorMessage", said))
            )
        return bool(said.get("decided")), str(said.get("told", ""))

    def get(self, endpoint: str, *, region: str, path: str) -> Answer:
        """What a region's own API answers to a signed GET.

        Raises:
            SetupError: It does not answer.
        """
        return self._ask(endpoint, region=region, path=path)

    def post(self, endpoint: str, *, region: str, path: str, body: dict[str, Any]) -> Answer:
        """What a region's own API answers to a signed POST.

        Raises:
            SetupError: It does not answer; what was asked may have been done.
        """
        return self._ask(endpoint, region=region, path=path, method="POST", body=body)

    def _ask(self, endpoint: str, **given: Any) -> Answer:
        try:
            return call(self._session, endpoint=endpoint, seconds=READ_SECONDS, **given)
        except (OSError, ValueError) as error:
            raise SetupError(f"{endpoint} does not answer", why=str(error)) from error

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(
                    service,
                    region_name=region,
                    config=Config(
                        connect_timeout=CONNECT_SECONDS,
                        read_timeout=READ_SECONDS,
                        retries={"mode": "standard", "total_max_attempts": 1},
                        user_agent_extra="dr-catalog",
                    ),
                )
            return self._clients[service, region]


def as_run(record: Mapping[str, Any]) -> Run:
    """A run's record as an object."""
    return Run(
        id=record["run"],
        operation=record["operation"],
        mode=record.get("mode", ""),
        state=record.get("state", ""),
        outcome=record.get("outcome", ""),
        told=record.get("told", ""),
        execution=record.get("execution", ""),
        began=record.get("began", ""),
        ended=record.get("ended", ""),
        from_region=record.get("from", ""),
        to_region=record.get("to", ""),
        steps=tuple(
            Step(**{name: each.get(name) or "" for name in STEP_FIELDS})
            for each in record.get("steps", ())
        ),
        figures=record.get("figures", {}),
        approval=record.get("approval", {}),
        record=record,
    )


def _plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in item.items()}
