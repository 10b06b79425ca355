"""Whatever is sent, the processor answers; it never fails and never shows where it would have."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Processor

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["RECEIVED", "1.5", "1e400", "2025-01-31T12:00:00Z", "a" * 70]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(["transactionId", "amount", "status", "timestamp"]) | st.text(max_size=5)
BODIES = (
    st.none()
    | st.text()
    | st.text(alphabet='{}[]",:0123456789.eE+-aNI \\u')
    | st.dictionaries(FIELDS, VALUES).map(json.dumps)
    | st.builds(
        '{{"transactionId": "f", "amount": {0}{1}{2}{0}}}'.format,
        st.sampled_from(["", '"']),
        st.from_regex(r"-?[0-9]{1,45}(\.[0-9]{1,15})?", fullmatch=True),
        st.just("") | st.integers(-(10**25), 10**25).map("e{}".format),
    )
)
FUZZ = settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FUZZ
@given(body=BODIES, encoded=st.booleans(), raw=st.booleans())
def test_no_body_makes_it_fail(
    writer: Processor, body: str | None, encoded: bool, raw: bool
) -> None:
    if raw:
        answer = writer.call("POST", "/transactions", body=body, encoded=encoded)
    else:
        answer = writer.post_text(_encodable(body), encoded=encoded)
    assert answer.status in (200, 201, 400, 409, 413)
    assert "Traceback" not in json.dumps(answer.body)
    if answer.status >= 400:
        assert answer.body["reasons"]


@FUZZ
@given(method=st.sampled_from(["GET", "POST", "PUT"]) | st.text(max_size=5), path=st.text())
def test_no_path_makes_it_fail(writer: Processor, method: str, path: str) -> None:
    for prefix in ("", "/", "/transactions/"):
        assert writer.call(method, prefix + path).status in (200, 400, 404, 405)


def _encodable(body: Any) -> Any:
    return None if body is None else body.encode("utf-8", "replace").decode()
