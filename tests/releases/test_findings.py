"""What an exception in ``product.yaml`` accepts: a rule, where, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dr_catalog.definitions import PolicyException, Product
from dr_catalog.releases.findings import Finding, accept, ordered

from .conftest import listed

FINDING = Finding(
    product="sample",
    version="1.0.0",
    template="primary",
    resource="ReaderPolicy1A2B",
    rule="DR031",
    message="allows xray:PutTraceSegments, xray:PutTelemetryRecords on every resource",
    hint="name the resources",
)
EXCEPTION = PolicyException(
    rule="DR031", resource="*Policy*", finding="allows xray:*", template="", reason="no resources"
)


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"finding": "*"}, True),
        ({"finding": FINDING.message}, True),
        ({"template": "primary"}, True),
        ({"finding": "allows s3:*"}, False),
        ({"finding": "xray:*"}, False),  # of the whole message, not of a part
        ({"finding": "ALLOWS XRAY:*"}, False),
        ({"rule": "DR030"}, False),
        ({"resource": "Policy*"}, False),
        ({"template": "workload"}, False),
    ],
)
def test_an_exception_accepts_what_it_names(change: dict[str, str], accepted: bool) -> None:
    exception = replace(EXCEPTION, **change)
    left, used = accept([FINDING], [exception])
    assert left == (() if accepted else (FINDING,))
    assert used == (frozenset([exception]) if accepted else frozenset())


def test_another_finding_of_the_same_rule_and_resource_is_left() -> None:
    worse = replace(FINDING, message="allows s3:DeleteObject on every resource")
    left, used = accept([FINDING, worse], [EXCEPTION])
    assert left == (worse,)
    assert used == {EXCEPTION}


def test_every_exception_that_matches_is_used() -> None:
    wide = replace(EXCEPTION, finding="*")
    unused = replace(EXCEPTION, rule="DR001")
    assert accept([FINDING], [EXCEPTION, wide, unused])[1] == {EXCEPTION, wide}


@pytest.mark.parametrize(("written", "expected"), [(', finding: "a*"', "a*"), ("", "*")])
def test_the_glob_is_read_and_is_all_by_default(
    product: Product, written: str, expected: str
) -> None:
    entry = f"exceptions: [{{rule: DR031, resource: R, reason: why{written}}}]\n"
    (exception,) = listed(product, "1.0.0", exceptions=entry).exceptions
    assert exception.finding == expected


def test_errors_come_before_warnings() -> None:
    warning = replace(FINDING, level="warning", product="a")
    assert ordered([warning, FINDING]) == (FINDING, warning)
