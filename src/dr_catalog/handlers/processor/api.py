"""The routes, and what each answers.

A route is a row of ``ROUTES``; a new one is a method and a row. Writes are refused outside the
writer region, and in it while a recovery moves the writer, because two regions that both take writes
would lose some, unless ``shared_books`` keeps the two apart: then both regions take them at any time.

    POST /transactions                    201 created, 200 exact repeat, 400, 409, 413, 503 standby or fenced
    GET  /transactions/{transactionId}    200, 404; an eventually consistent read of this region
    GET  /transactions?status=            200, 400; the latest first, from this region's index
    GET  /health                          200: the function runs
    GET  /ready                           200 or 503: what ``readiness`` found
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import body
import listing
import readiness
import transaction
from books import Books
from log import Log, describe
from reply import Refused, Reply
from settings import Settings
from standing import Standing, Writer
from store import Store

if TYPE_CHECKING:
    from ledger import Ledger  # its driver is there only where a ledger is
    from shared_books import SharedBooks

REPEATED = "Idempotent-Replayed"
"""The header that says ``true`` when an answer is that of an earlier, equal request."""
PENDING = "Ledger-Pending"
"""The header that says ``true`` when the transaction is kept, and the ledger is still to be asked."""


@dataclass(frozen=True)
class Route:
    """A method and a path whose ``{names}`` stand for one segment each."""

    method: str
    path: str
    action: Callable[[Api, dict[str, Any], Mapping[str, str]], Reply]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The values of the path's names when it fits these segments."""
        pattern = self.path.strip("/").split("/")
        if len(pattern) != len(segments):
            return None
        values = {}
        for expected, actual in zip(pattern, segments, strict=True):
            if expected.startswith("{"):
                values[expected.strip("{}")] = unquote(actual)
            elif expected != actual:
                return None
        return values


class Api:
    """Answers proxy events of an API Gateway REST API."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        standing: Standing,
        log: Log,
        ledger: Ledger | None = None,
        shared: SharedBooks | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._standing = standing
        self._ledger = ledger
        self._shared = shared
        self._books = shared or (Books(ledger=ledger, store=store) if ledger else store)
        self._log = log

    def answer(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """The proxy answer; one line is logged; nothing is raised."""
        started = time.perf_counter()
        request_id = _request_id(event, context)
        name, failure = "unknown", None
        try:
            route, values = _route(event)
            name = f"{route.method} {route.path}"
            reply = route.action(self, event, values)
        except Refused as refusal:
            reply = refusal.reply(request_id=request_id)
        except Exception as error:  # the sender learns nothing, the log where to look
            failure = describe(error)
            reply = Reply(500, {"error": "internal error", "requestId": request_id})
        self._log.write(
            "INFO" if reply.status < 500 else "WARNING" if failure is None else "ERROR",
            "request",
            requestId=request_id,
            route=name,
            status=reply.status,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
            error=failure,
        )
        return reply.proxy()

    def settle(self) -> dict[str, Any]:
        """What the schedule asks where both regions write; one line is logged."""
        assert self._shared is not None
        done = asdict(self._shared.settle(self._standing.for_a_write()))
        self._log.write("WARNING" if done["twice"] else "INFO", "settled", **done)
        return done

    def create(self, event: dict[str, Any], _: Mapping[str, str]) -> Reply:
        """POST /transactions."""
        writer = self._standing.for_a_write()
        kept = self._books.create(transaction.request(body.json_object(event)), writer)
        headers = {
            name: "true"
            for name, says in ((REPEATED, kept.repeated), (PENDING, not kept.settled))
            if says
        }
        return Reply(200 if kept.repeated else 201, self._shown(kept.transaction), headers)

    def read(self, _: dict[str, Any], values: Mapping[str, str]) -> Reply:
        """GET /transactions/{transactionId}."""
        transaction_id = values["transactionId"]
        found = transaction.ID.fullmatch(transaction_id) and self._books.find(transaction_id)
        if not found:
            reason = f"there is no such transaction in {self._settings.region}"
            raise Refused(404, "not found", [reason])
        return Reply(200, self._shown(found))

    def by_status(self, event: dict[str, Any], _: Mapping[str, str]) -> Reply:
        """GET /transactions?status=."""
        asked = listing.listing(event)
        page, more = self._store.by_status(self._settings.index, asked)
        following = {"next": listing.token(page[-1])} if more and page else {}
        return Reply(200, {"transactions": [self._shown(each) for each in page], **following})

    def health(self, _: dict[str, Any], __: Mapping[str, str]) -> Reply:
        """GET /health."""
        return Reply(200, {"status": "ok", "region": self._settings.region})

    def ready(self, _: dict[str, Any], __: Mapping[str, str]) -> Reply:
        """GET /ready."""
        writer = self._standing.recent()
        writes = self._shared is not None or writer.region == self._settings.region
        checks = readiness.check(
            self._store.client,
            self._settings,
            self._ledger,
            takes_writes=writes,
            shared=self._shared,
        )
        ready = all(each["ok"] for each in checks.values() if each.get("needed", True))
        return Reply(
            200 if ready else 503,
            {
                "ready": ready,
                "role": self._role(writer),
                "epoch": writer.epoch,
                "region": self._settings.region,
                "checks": checks,
            },
        )

    def _role(self, writer: Writer) -> str:
        if self._shared:
            return "serves"
        if writer.region != self._settings.region:
            return "standby"
        return "fenced" if writer.fenced else "writer"

    def _shown(self, shown: transaction.Transaction) -> dict[str, str]:
        return {**shown.body(), "region": self._settings.region}


ROUTES = (
    Route("POST", "/transactions", Api.create),
    Route("GET", "/transactions", Api.by_status),
    Route("GET", "/transactions/{transactionId}", Api.read),
    Route("GET", "/health", Api.health),
    Route("GET", "/ready", Api.ready),
)


def _route(event: dict[str, Any]) -> tuple[Route, dict[str, str]]:
    """The route of an event, with the values in its path, which arrives percent-encoded."""
    segments = str(event.get("path")).strip("/").split("/")
    fitting = [(route, values) for route in ROUTES if (values := route.match(segments)) is not None]
    if not fitting:
        raise Refused(404, "not found", ["there is no such path"])
    for route, values in fitting:
        if route.method == event.get("httpMethod"):
            return route, values
    allowed = ", ".join(sorted(route.method for route, _ in fitting))
    raise Refused(
        405, "method not allowed", [f"this path takes {allowed}"], headers={"Allow": allowed}
    )


def _request_id(event: dict[str, Any], context: Any) -> str:
    """The id that the caller sees in ``x-amzn-RequestId``, else Lambda's own."""
    asked = event.get("requestContext") or {}
    return str(asked.get("requestId") or getattr(context, "aws_request_id", ""))
