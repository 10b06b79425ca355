"""Health checks of endpoints: an API is really asked, and some answers in a row make it good or bad.

    every RequestInterval, on a thread of this module -+
    POST /_embedded/health-checks {"rounds": 3}        +-> ask -> what was found in a row -> `healthy`

A new check is good until enough answers say otherwise, and the last verdict stands until as many say the
opposite. An answer counts when it comes within two seconds and its status is 2xx or 3xx. Only the API's own
name can be asked, ``<api>.execute-api.<region>.amazonaws.com``; the TLS that AWS would speak is left out.

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import http.client
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import route53

from .. import controls
from ..extension import on_reset, require
from .refusal import RefusedError

TYPE = "HTTPS"
KNOWN = (
    "Disabled",
    "EnableSNI",
    "FailureThreshold",
    "FullyQualifiedDomainName",
    "Inverted",
    "Port",
    "RequestInterval",
    "ResourcePath",
    "Type",
)
FIXED = ("RequestInterval", "Type")
"""What a check keeps for as long as it is there."""
ANSWERED_WITHIN = 2.0
_INTERVALS = (10, 30)
_THRESHOLD, _MOST = 3, 10
_API = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")
_PAUSE = 0.5
_checks = require(route53, "_health_checks")

Key = tuple[str, str]


@dataclass
class _Seen:
    """What a check has found.

    Args:
        due: When it asks next, by the monotonic clock.
        good: The last verdict.
        against: Answers in a row that say the opposite.
    """

    due: float
    good: bool = True
    against: int = 0


_seen: dict[Key, _Seen] = {}
_lock = threading.Lock()
_asking = threading.Lock()
_threads: list[threading.Thread] = []


def install() -> None:
    """Once, before the server starts."""
    controls.register("health-checks", control)
    on_reset(_seen.clear)


def checked(config: Mapping[str, Any]) -> None:
    """Refuse settings that Route 53, or this, has no check for."""
    host, path = config.get("FullyQualifiedDomainName", ""), config.get("ResourcePath", "")
    if not _API.fullmatch(host):
        raise RefusedError(
            "InvalidInput",
            f"The embedded AWS asks APIs by their own names alone: {host or 'none'} is none",
        )
    interval, threshold = _interval(config), _threshold(config)
    if interval not in _INTERVALS or not 1 <= threshold <= _MOST:
        raise RefusedError(
            "InvalidInput",
            f"Invalid parameter : RequestInterval is one of {_INTERVALS}, FailureThreshold 1 to {_MOST}",
        )
    if config.get("Port", 443) != 443 or path.count("/") < 2 or path[0] != "/":
        raise RefusedError("InvalidInput", f"No API answers at port {config.get('Port')}, {path}")


def begin() -> None:
    """Keep asking from now on, if nobody does yet."""
    with _lock:
        if not _threads:
            _threads.append(threading.Thread(target=_keep_asking, daemon=True))
            _threads[0].start()


def healthy(account: str, check_id: str) -> bool:
    """The verdict."""
    begin()
    seen = _seen.get((account, check_id))
    return seen is None or seen.good


def control(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask every endpoint now, ``rounds`` times, by default none; what is known of each then."""
    for _ in range(int(asked.get("rounds", 0))):
        for key, config in _endpoints().items():
            _ask(key, config)
    return {"health-checks": {key[1]: healthy(*key) for key in sorted(_endpoints())}}


def _keep_asking() -> None:
    while True:
        for key, config in _endpoints().items():
            seen = _seen.setdefault(key, _Seen(due=time.monotonic() + _interval(config)))
            if seen.due <= time.monotonic():
                _ask(key, config)
        for key in set(_seen) - set(_endpoints()):
            _seen.pop(key, None)
        time.sleep(_PAUSE)


def _endpoints() -> dict[Key, Mapping[str, Any]]:
    """The settings of every account's checks of endpoints."""
    return {
        key: check["config"]
        for key, check in list(_checks._data.items())
        if check["config"]["Type"] == TYPE
    }


def _ask(key: Key, config: Mapping[str, Any]) -> None:
    """Ask once, and count the answer."""
    with _asking:
        seen = _seen.setdefault(key, _Seen(due=0))
        seen.due = time.monotonic() + _interval(config)
        seen.against = seen.against + 1 if _answers(config) != seen.good else 0
        if seen.against >= _threshold(config):
            seen.good, seen.against = not seen.good, 0


def _answers(config: Mapping[str, Any]) -> bool:
    found = _API.fullmatch(config["FullyQualifiedDomainName"])
    assert found is not None
    stage, _, path = config["ResourcePath"].lstrip("/").partition("/")
    gateway = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ["GATEWAY_PORT"]), timeout=ANSWERED_WITHIN
    )
    try:
        gateway.request("GET", f"/restapis/{found[1]}/{stage}/_user_request_/{path}")
        return 200 <= gateway.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        gateway.close()


def _interval(config: Mapping[str, Any]) -> float:
    return float(config.get("RequestInterval", _INTERVALS[-1]))


def _threshold(config: Mapping[str, Any]) -> int:
    return int(config.get("FailureThreshold", _THRESHOLD))
