"""The control metric against the emulated SSM and CloudWatch: 1 for the region that serves, 0 for the other."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.handlers.conftest import HANDLERS, STANDBY, WRITER, Aws

NAMESPACE, METRIC = "DrCatalog", "Serving"


@pytest.fixture(scope="module")
def index() -> ModuleType:
    """The asset's module; another asset has one of the same name."""
    path = HANDLERS / "control_metric" / "index.py"
    spec = importlib.util.spec_from_file_location("control_metric_index", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def parameter(aws: Aws, suffix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The parameter's name; the function's environment is that of the peer region."""
    name = f"/dr/{suffix}/route53/serving-region"
    for variable, value in {
        "AWS_REGION": STANDBY,
        "SUFFIX": suffix,
        "REGIONS": f"{WRITER},{STANDBY}",
        "PARAMETER": name,
        "NAMESPACE": NAMESPACE,
        "METRIC": METRIC,
    }.items():
        monkeypatch.setenv(variable, value)
    return name


def serve(aws: Aws, parameter: str, value: str) -> None:
    aws.client("ssm", STANDBY).put_parameter(
        Name=parameter, Value=value, Type="String", Overwrite=True
    )


def published(aws: Aws, suffix: str, region: str) -> list[float]:
    """What was published for ``region``, into the peer region."""
    now = datetime.now(UTC)
    found = aws.client("cloudwatch", STANDBY).get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=METRIC,
        Dimensions=[{"Name": "Suffix", "Value": suffix}, {"Name": "Region", "Value": region}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Minimum"],
    )
    return [point["Minimum"] for point in found["Datapoints"]]


@pytest.mark.parametrize(
    ("value", "launch", "peer"),
    [
        (WRITER, 1, 0),
        (STANDBY, 0, 1),
        (f"{WRITER},{STANDBY}", 1, 1),
        (f" {STANDBY} ", 0, 1),
    ],
)
def test_the_serving_region_is_1_and_the_other_0(
    aws: Aws, suffix: str, parameter: str, index: Any, value: str, launch: int, peer: int
) -> None:
    serve(aws, parameter, value)
    assert index.handler({}, None) == {WRITER: launch, STANDBY: peer}
    assert published(aws, suffix, WRITER) == [launch]
    assert published(aws, suffix, STANDBY) == [peer]


@pytest.mark.parametrize("value", ["eu-west-1", f"{WRITER},eu-west-1", "none", ","])
def test_an_unknown_region_publishes_nothing(
    aws: Aws, suffix: str, parameter: str, index: Any, value: str
) -> None:
    serve(aws, parameter, value)
    with pytest.raises(index.UnknownRegion, match="the regions are"):
        index.handler({}, None)
    assert published(aws, suffix, WRITER) == []


def test_without_the_parameter_nothing_is_published(
    aws: Aws, suffix: str, parameter: str, index: Any
) -> None:
    with pytest.raises(
        aws.client("ssm", STANDBY).exceptions.ClientError, match="ParameterNotFound"
    ):
        index.handler({}, None)
    assert published(aws, suffix, WRITER) == []
