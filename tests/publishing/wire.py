"""`Accounts` whose calls are recorded, and fail where a test says so."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from dr_catalog.publishing import Accounts

WRITES = ("Put", "Create", "Update", "Delete", "Execute", "Associate", "Disassociate", "Accept")


class Wire(Accounts):
    """Accounts whose every call is written down before it is sent.

    ``fault`` is asked about each call, by its name; what it returns is raised instead of the call. With
    ``throttling``, AWS answers each call once that there are too many.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.calls: list[str] = []
        self.throttling = False
        self.throttled: set[str] = set()
        self.fault: Callable[[str], Exception | None] = lambda call: None
        self._hooked: set[int] = set()
        self._hooking = threading.Lock()

    def client(self, service: str, *, account: str, region: str) -> Any:
        made = super().client(service, account=account, region=region)
        with self._hooking:
            if id(made) not in self._hooked:
                self._hooked.add(id(made))
                made.meta.events.register(
                    "before-call", lambda model, params, **_: self._on(model, params, region)
                )
                made.meta.events.register("before-send", self._before_send)
        return made

    @property
    def writes(self) -> list[str]:
        """The calls that changed something; a change set by itself does not."""
        return [
            call
            for call in self.calls
            if call.startswith(WRITES)
            and not call.startswith(("CreateChangeSet", "DeleteChangeSet"))
        ]

    def counted(self) -> Counter[str]:
        """How many calls of each operation there were."""
        return Counter(call.split(" ")[0] for call in self.calls)

    def _on(self, model: Any, params: Any, region: str) -> None:
        call = " ".join(filter(None, (model.name, region, _subject(params))))
        self.calls.append(call)
        error = self.fault(call)
        if error is not None:
            raise error

    def _before_send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        service, operation = event_name.split(".")[1:3]
        what = f"{operation} {request.url} {request.body!r}"
        if not self.throttling or what in self.throttled:
            return None
        self.throttled.add(what)
        code = "SlowDown" if service == "s3" else "ThrottlingException"
        error = f"<Error><Code>{code}</Code><Message>Rate exceeded</Message></Error>"
        body = {
            "s3": error,
            "cloudformation": f"<ErrorResponse>{error}</ErrorResponse>",
        }.get(service, json.dumps({"__type": code, "message": "Rate exceeded"}))
        return AWSResponse(request.url, 400, {}, Body(body.encode()))


class Body:
    """A response's body, read once."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Any:
        yield self.content


def _subject(params: Any) -> str:
    """What a call is about: a stack, a key in a bucket, a version's id."""
    body = params.get("body") or b""
    if isinstance(body, dict):
        return str(body.get("StackName") or "")
    if params["url_path"].strip("/"):
        return re.sub(r"\?.*", "", params["url_path"]).strip("/").partition("/")[2]
    text = body.decode() if isinstance(body, bytes) else ""
    if text.startswith("{"):
        told = json.loads(text)
        return str(told.get("ProvisioningArtifactId") or told.get("ProductId") or "")
    return parse_qs(text).get("StackName", [""])[0]


def refusal(code: str = "InternalFailure") -> ClientError:
    """An answer of AWS that is an error."""
    return ClientError({"Error": {"Code": code, "Message": "as the test says"}}, "Call")


def each_once() -> Callable[[str], Exception | None]:
    """A fault that every call meets once: the first time that it is made."""
    met: set[str] = set()

    def fault(call: str) -> Exception | None:
        if call in met:
            return None
        met.add(call)
        return refusal()

    return fault
