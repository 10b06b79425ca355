"""The body of a proxy event as a JSON object, read strictly.

What JSON parsers usually let pass is refused here: duplicate keys, ``NaN`` and ``Infinity``. Numbers
become ``Decimal`` from their very text, so that nothing is ever a float.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from decimal import Decimal
from typing import Any

from reply import Refused

LIMIT = 32 * 1024
"""The longest body, in bytes after base64 decoding."""


class _NotStrict(ValueError):
    """The text is JSON only to a lenient reader; the message is safe to show."""


def json_object(event: dict[str, Any]) -> dict[str, Any]:
    """The object in the event's body.

    Raises:
        Refused: 413 when the body is longer than ``LIMIT``, 400 when it is no JSON object.
    """
    text = _text(event)
    try:
        value = json.loads(
            text,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise _bad(f"the body is not JSON: {error.msg} at {place}") from None
    except _NotStrict as error:
        raise _bad(str(error)) from None
    except ArithmeticError:
        raise _bad("the body holds a number whose exponent is out of range") from None
    except RecursionError:
        raise _bad("the body is nested too deeply") from None
    if not isinstance(value, dict):
        raise _bad("the body must be a JSON object")
    return value


def _text(event: dict[str, Any]) -> str:
    body = event.get("body")
    if body is None or body == "":
        raise _bad("the body is missing; a JSON object is needed")
    if not isinstance(body, str):
        raise _bad("the body must be text")
    try:
        raw = (
            base64.b64decode(body, validate=True)
            if event.get("isBase64Encoded")
            else body.encode("utf-8")
        )
        if len(raw) > LIMIT:
            reason = f"the body has more than {LIMIT} bytes"
            raise Refused(413, "body too large", [reason])
        return raw.decode("utf-8")
    except UnicodeError:
        raise _bad("the body is not UTF-8") from None
    except ValueError:
        raise _bad("the body is not valid base64") from None


def _constant(name: str) -> Any:
    raise _NotStrict(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        names = ", ".join(repr(name[:64]) for name in twice[:10])
        raise _NotStrict(f"fields appear more than once: {names}")
    return dict(pairs)


def _bad(reason: str) -> Refused:
    return Refused(400, "invalid request", [reason])
