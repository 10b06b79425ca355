"""A transaction processor over the emulated table, called as API Gateway calls it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import standing
from api import Api
from log import Log
from settings import Settings
from standing import Standing
from store import Store

from ..conftest import STANDBY, WRITER, Aws


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Processor:
    """The function of one region."""

    api: Api
    client: Any

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, **fields: Any) -> Answer:
        return self.post_text(json.dumps(fields))

    def post_text(self, body: str | None, *, encoded: bool = False) -> Answer:
        if encoded and body is not None:
            body = base64.b64encode(body.encode()).decode()
        return self.call("POST", "/transactions", body=body, encoded=encoded)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: str | None = None,
        encoded: bool = False,
        query: dict[str, str] | None = None,
    ) -> Answer:
        event = {
            "httpMethod": method,
            "path": path,
            "queryStringParameters": query or None,
            "body": body,
            "isBase64Encoded": encoded,
            "requestContext": {"requestId": "request-1"},
        }
        answer = self.api.answer(event, None)
        assert answer["isBase64Encoded"] is False
        return Answer(answer["statusCode"], answer["headers"], json.loads(answer["body"]))


@pytest.fixture
def make(aws: Aws, table: str) -> Callable[..., Processor]:
    """Makes the processor of a region."""

    def make(
        region: str = WRITER,
        *,
        ttl_days: int = 0,
        log_level: str = "INFO",
        state: str = "",
        replicated: str = "true",
    ) -> Processor:
        settings = Settings.of(
            {
                "TABLE_NAME": table,
                "STATUS_INDEX": "StatusIndex",
                "AWS_REGION": region,
                "WRITER_REGION": WRITER,
                "SUFFIX": "dev",
                "LOG_LEVEL": log_level,
                "TTL_DAYS": str(ttl_days),
                "RECOVERY_TABLE": state,
                "REPLICATED": replicated,
            }
        )
        client = aws.client("dynamodb", region)
        known = Standing(
            client=client, table=state, region=region, launch_region=settings.writer_region
        )
        api = Api(
            settings=settings,
            store=Store(
                client=client,
                table=table,
                keep_for_days=settings.ttl_days,
                condition=known.condition,
            ),
            standing=known,
            log=Log(level=settings.log_level, region=region, suffix=settings.suffix),
        )
        return Processor(api, client)

    return make


@pytest.fixture
def writer(make: Callable[..., Processor]) -> Processor:
    return make()


@pytest.fixture
def standby(make: Callable[..., Processor]) -> Processor:
    return make(STANDBY)


@pytest.fixture
def state(aws: Aws, suffix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a state table in each region; what is read is read anew."""
    monkeypatch.setattr(standing, "RECENT", -1.0)
    name = f"dr-recovery-{suffix}"
    for region in (WRITER, STANDBY):
        aws.client("dynamodb", region).create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    return name


def say(aws: Aws, state: str, at: str, region: str, epoch: int, *, fenced: bool = False) -> None:
    item = {
        "id": {"S": "writer"},
        "region": {"S": region},
        "epoch": {"N": str(epoch)},
        "fenced": {"BOOL": fenced},
        "run": {"S": "run-1"},
    }
    aws.client("dynamodb", at).put_item(TableName=state, Item=item)
