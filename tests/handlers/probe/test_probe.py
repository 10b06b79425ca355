"""The probe against an API that answers, one that fails, one that hangs and none; told to CloudWatch."""

from __future__ import annotations

import http.server
import importlib.util
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.handlers.conftest import HANDLERS, STANDBY, WRITER, Aws

NAMESPACE, METRIC = "DrCatalog", "LaunchRegionAnswers"
SLOW = 1.0


class Api(http.server.BaseHTTPRequestHandler):
    """Answers by path: ``/<status>/live/health``; ``slow`` takes longer than the probe waits."""

    def do_GET(self) -> None:
        wanted = self.path.split("/")[1]
        if wanted == "slow":
            time.sleep(SLOW)
        status = int(wanted) if wanted.isdigit() else 200
        self.send_response(status if self.path == f"/{wanted}/live/health" else 500)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """The address of an API."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def index() -> ModuleType:
    """The asset's module; another asset has one of the same name."""
    spec = importlib.util.spec_from_file_location("probe_index", HANDLERS / "probe" / "index.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def settings(aws: Aws, suffix: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The function's environment in the launch region, which publishes into the peer."""
    for variable, value in {
        "AWS_REGION": WRITER,
        "SUFFIX": suffix,
        "PEER_REGION": STANDBY,
        "NAMESPACE": NAMESPACE,
        "METRIC": METRIC,
    }.items():
        monkeypatch.setenv(variable, value)
    return monkeypatch


def published(aws: Aws, suffix: str) -> list[float]:
    """What this region's probe said, in the peer region."""
    now = datetime.now(UTC)
    found = aws.client("cloudwatch", STANDBY).get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=METRIC,
        Dimensions=[{"Name": "Suffix", "Value": suffix}, {"Name": "From", "Value": WRITER}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Minimum"],
    )
    return [point["Minimum"] for point in found["Datapoints"]]


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("200", 1, ""),
        ("429", 1, ""),  # it turns callers away, and so it is there
        ("204", 0, "204"),
        ("403", 0, "403"),
        ("503", 0, "503"),
        ("slow", 0, "timed out"),
    ],
)
def test_only_an_answer_in_time_counts(
    aws: Aws,
    suffix: str,
    settings: pytest.MonkeyPatch,
    index: Any,
    api: str,
    capsys: pytest.CaptureFixture[str],
    place: str,
    value: int,
    why: str,
) -> None:
    settings.setattr(index, "TIMEOUT", SLOW / 4)
    settings.setattr(index, "address", lambda endpoint: endpoint)
    settings.setenv("ENDPOINT", f"{api}/{place}/live/")
    assert index.handler({}, None) == value
    assert published(aws, suffix) == [value]
    assert why in capsys.readouterr().out


def test_a_name_that_leads_nowhere_is_no_answer(
    aws: Aws, suffix: str, settings: pytest.MonkeyPatch, index: Any
) -> None:
    settings.setattr(index, "address", lambda endpoint: endpoint)
    settings.setenv("ENDPOINT", "https://no-such-host.invalid/live/")
    assert index.handler({}, None) == 0
    assert published(aws, suffix) == [0]


def test_in_a_local_simulation_the_request_goes_there(
    index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = "https://abc123.execute-api.us-east-1.amazonaws.com/live/"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert index.address(endpoint) == ("http://127.0.0.1:4566/restapis/abc123/live/_user_request_/")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert index.address(endpoint) == endpoint
