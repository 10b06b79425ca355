"""The transaction processor: what Lambda calls.

An event of an API Gateway proxy integration comes in, its answer goes out. ``api`` finds the route,
``standing`` says who writes, ``body`` and ``transaction`` read the request strictly, ``store`` keeps transactions exactly once,
with ``books`` and ``ledger`` also in Aurora where the environment names a ledger, ``readiness`` looks
deeper, ``log`` writes one line a request.

Client and settings are made once, at import, and serve every later invocation of the same
execution environment.

See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import os
from typing import Any

import boto3
from api import Api
from botocore.config import Config
from log import Log
from settings import Settings
from standing import Standing
from store import Store


def _ledger(settings: Settings) -> Any:
    """The ledger that the environment names, or None; only with one is its driver in the asset."""
    if settings.ledger is None:
        return None
    from ledger import Ledger

    return Ledger(
        settings=settings.ledger,
        region=settings.region,
        takes_writes=lambda: STANDING.recent().region == settings.region,
        token=boto3.client("rds", region_name=settings.region).generate_db_auth_token,
    )


SETTINGS = Settings.of(os.environ)
DYNAMODB = boto3.client(
    "dynamodb",
    region_name=SETTINGS.region,
    config=Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 3},
    ),
)
STANDING = Standing(
    client=DYNAMODB,
    table=SETTINGS.state_table,
    region=SETTINGS.region,
    launch_region=SETTINGS.writer_region,
)
API = Api(
    settings=SETTINGS,
    store=Store(
        client=DYNAMODB,
        table=SETTINGS.table,
        keep_for_days=SETTINGS.ttl_days,
        condition=STANDING.condition,
    ),
    standing=STANDING,
    log=Log(level=SETTINGS.log_level, region=SETTINGS.region, suffix=SETTINGS.suffix),
    ledger=_ledger(SETTINGS),
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The proxy answer to a proxy event; it never raises."""
    return API.answer(event, context)
