"""A peer with copies of `dev`, as plain data: what a restore asks, and what it did."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from dr_catalog.errors import NotFoundError, SetupError
from dr_catalog.provisioning.endpoint import Answer
from dr_catalog.restoring.model import Point, Record, Target

LAUNCH, PEER, CALLER = "us-east-1", "us-west-2", "arn:aws:sts::222222222222:assumed-role/on-call/jo"
TARGET = Target(
    suffix="dev",
    account="222222222222",
    partition="aws",
    region=PEER,
    launch_region=LAUNCH,
    vault="dr-vault-dev",
    role="arn:aws:iam::222222222222:role/dr-restore-dev-us-west-2",
    template=f"templates/{'0a' * 32}.json",
    parameters={
        "AssetBucketPrefix": "assets",
        "KeyId": "mrk-1",
        "ZoneId": "Z1",
        "ZoneName": "example.com",
    },
)
STORES = ("Aurora", "DynamoDB", "S3")


def point(store: str, hour: int) -> Point:
    return Point(store=store, arn=f"{store}-{hour}", at=f"2030-01-05T{hour:02}:00:00Z")


@dataclass
class Api:
    """The restored API, and who calls."""

    local: bool = True
    ready: int = 200
    kept: dict[str, Any] = field(default_factory=dict)

    def caller(self, region: str) -> tuple[str, str]:
        return "222222222222", CALLER

    def get(self, endpoint: str, *, region: str, path: str) -> Answer:
        if path == "ready":
            return Answer(self.ready, {"checks": {}})
        if "?" in path:
            return Answer(200, {"transactions": [{"timestamp": "2030-01-05T02:59:00Z"}]})
        name = path.removeprefix("transactions/")
        return Answer(200 if name in self.kept else 404, {})

    def post(self, endpoint: str, *, region: str, path: str, body: dict[str, Any]) -> Answer:
        self.kept[body["transactionId"]] = body
        return Answer(201, {})


@dataclass
class World:
    """Stands for `restoring.Peer`.

    Attributes:
        done: What was asked that changes something, in order.
    """

    target: Target = TARGET
    copies: list[Point] | None = field(
        default_factory=lambda: [point(store, hour) for hour in (1, 3, 2) for store in STORES]
    )
    key: str = "Enabled"
    secret: bool = True
    table: bool = False
    service_role: bool = True
    alive: bool = False
    dns: bool = True
    statuses: list[str] = field(default_factory=list)
    jobs: dict[str, tuple[str, str]] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    kept: Record | None = None
    aws: Api = field(default_factory=Api)
    bucket: str = "documents"
    stack_name: str = "dr-restore-dev"

    def points(self) -> list[Point]:
        if self.copies is None:
            raise NotFoundError("no vault")
        return self.copies

    def key_state(self) -> str:
        return self.key

    def has_secret(self) -> bool:
        return self.secret

    def has_table(self) -> bool:
        return self.table

    def has_service_role(self) -> bool:
        return self.service_role

    def answers(self) -> bool:
        return self.alive

    def record(self) -> Record | None:
        return self.kept

    def keep(self, record: Record) -> None:
        self.kept = record

    def start(self, store: str, of: Point, *, token: str) -> str:
        job = f"{store}-job-{token.rpartition('-')[2]}"
        self.done.append(f"start {of.arn} as {token.rpartition('-')[2]}")
        fails = self.failing.get(store, 0) > 0
        self.failing[store] = self.failing.get(store, 0) - 1
        self.jobs[job] = ("FAILED", "no rights") if fails else ("COMPLETED", "")
        return job

    def job(self, job_id: str) -> tuple[str, str]:
        return self.jobs[job_id]

    def stack(self) -> tuple[str, dict[str, str]]:
        status = self.statuses[0] if self.statuses else ""
        if len(self.statuses) > 1:
            self.statuses.pop(0)
        return status, {"Endpoint": "https://peer.example/live/"}

    def create_stack(self, *, snapshot: str, prefix: str, token: str) -> None:
        self.done.append(f"create {snapshot} as {token.rpartition('-')[2]}")
        self.statuses = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    def delete_stack(self) -> None:
        self.done.append("delete")
        self.statuses = ["DELETE_IN_PROGRESS", ""]

    def failures(self) -> str:
        return "Cluster: no such snapshot"

    def write_document(self, key: str, content: str) -> None:
        self.documents[key] = content

    def read_document(self, key: str) -> str:
        return self.documents[key]

    def fence(self) -> None:
        if not self.alive:
            raise SetupError("us-east-1 does not answer")
        self.done.append("fence")

    def point_name(self, *, zone_id: str, name: str) -> None:
        if not self.dns:
            raise SetupError("Route 53 does not answer")
        self.done.append(f"{name} in {zone_id}")

    def evidence(self) -> Any:
        """What lies with the documents."""
        (found,) = (text for key, text in self.documents.items() if key.endswith("record.json"))
        return json.loads(found)
