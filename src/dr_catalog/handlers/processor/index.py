"""The transaction processor: what Lambda calls.

An event of an API Gateway proxy integration comes in, its answer goes out. ``api`` finds the route,
``standing`` says who writes, ``body`` and ``transaction`` read the request strictly, ``store`` keeps transactions exactly once,
with ``books`` and ``ledger`` also in Aurora where the environment names a ledger, ``readiness`` looks
deeper, ``log`` writes one line a request. Where both regions write, ``shared_store`` and ``shared_books`` keep
transactions instead, and the schedule's ``{"settle": true}`` comes in every minute as well.

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

    region, rds = settings.region, boto3.client("rds", region_name=settings.region)
    if settings.both_write:  # the writer is asked from either region, and a token is its region's

        def token(**asked: Any) -> str:
            asked["Region"] = STANDING.recent().region
            return str(rds.generate_db_auth_token(**asked))

        return Ledger(
            settings=settings.ledger, region=region, takes_writes=lambda: True, token=token
        )
    return Ledger(
        settings=settings.ledger,
        region=region,
        takes_writes=lambda: STANDING.recent().region == region,
        token=rds.generate_db_auth_token,
    )


def _api(settings: Settings) -> Api:
    kept = {
        "client": DYNAMODB,
        "table": settings.table,
        "keep_for_days": settings.ttl_days,
        "condition": STANDING.condition,
    }
    ledger, store, shared = _ledger(settings), Store(**kept), None
    if settings.both_write:
        from shared_books import SharedBooks
        from shared_store import SharedStore

        store = SharedStore(region=settings.region, index=settings.index, **kept)
        shared = SharedBooks(ledger=ledger, store=store)
    return Api(
        settings=settings,
        store=store,
        standing=STANDING,
        log=Log(level=settings.log_level, region=settings.region, suffix=settings.suffix),
        ledger=ledger,
        shared=shared,
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
    both_write=SETTINGS.both_write,
)
API = _api(SETTINGS)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The proxy answer to a proxy event, which never raises; or what settling came to."""
    if event.get("settle"):
        return API.settle()
    return API.answer(event, context)
