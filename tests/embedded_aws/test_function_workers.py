"""Making a function ends no process of another account's or region's function of that name."""

from __future__ import annotations

import pytest
from ministack.core import lambda_runtime
from ministack.core.responses import request_scope

from embedded_aws.repairs import function_workers

HERE = "111111111111:us-east-1:guard:$LATEST"
OTHERS = (
    "222222222222:us-east-1:guard:$LATEST",
    "111111111111:us-west-2:guard:$LATEST",
    "111111111111:us-east-1:other:$LATEST",
)


@pytest.mark.parametrize("told", [{}, {"qualifier": "$LATEST"}, {"account": "111111111111"}])
def test_only_the_functions_own_processes_end(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str]
) -> None:
    pools: dict[str, list[object]] = {key: [] for key in (HERE, *OTHERS)}
    monkeypatch.setattr(lambda_runtime, "_workers", pools)
    with request_scope("111111111111", "us-east-1"):
        function_workers.invalidate("guard", **told)
    assert set(pools) == set(OTHERS)
