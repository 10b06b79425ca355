"""A promise is held against the sum, and against what the recovery layer measures by."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dr_catalog.definitions import Product, load_product
from dr_catalog.objectives import check_product, meets_original
from dr_catalog.releases import Finding

from .small import Templates, drop, losses, properties, templates

PRODUCT = """\
product: sample
title: A sample
builds: some.module:Sample
owner: Platform team
description: One sample
support: {email: a@example.com, url: https://example.com, description: Ask}
versions: [{version: 1.0.0, guidance: default, description: One}]
"""
KEPT = "objectives: {region: {rpo: 15 min, rto: 90 min}, corruption: {rpo: 3 h, rto: 4 h}}\n"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., list[Finding]]:
    """The findings of a product with these objectives and templates, in 1.0.0."""

    def run(objectives: str, bodies: Templates | None = None, below: str = "") -> list[Finding]:
        return list(check_product(product(tmp_path, objectives, bodies, below)))

    return run


def product(root: Path, objectives: str, bodies: Templates | None, below: str = "") -> Product:
    folder = root / "products" / below / "sample"
    write(folder, "1.0.0", bodies or templates())
    (folder / "product.yaml").write_text(PRODUCT + objectives)
    return load_product(folder)


def write(folder: Path, version: str, bodies: Templates) -> None:
    release = folder / "releases" / version
    release.mkdir(parents=True)
    for role, body in bodies.items():
        (release / f"{role}.template.json").write_text(json.dumps(body))


def test_a_promise_that_is_kept_is_silent(check: Callable[..., list[Finding]]) -> None:
    assert check(KEPT) == []


# What is written instead; the finding's place and the sum it shows.
BETTER = [
    ("rpo: 15 min", "rpo: 14 min", "objectives.region.rpo", "15 min"),
    ("rto: 90 min", "rto: 80 min", "objectives.region.rto", "1 h 28 min 15 s"),
    ("rpo: 3 h", "rpo: 2 h", "objectives.corruption.rpo", "2 h 50 min"),
    ("rto: 4 h", "rto: 3 h", "objectives.corruption.rto", "3 h 23 min"),
]


@pytest.mark.parametrize(("kept", "better", "where", "total"), BETTER)
def test_a_better_promise_is_an_error_with_the_sum_line_by_line(
    check: Callable[..., list[Finding]], kept: str, better: str, where: str, total: str
) -> None:
    finding, *_ = check(KEPT.replace(kept, better))
    assert (finding.level, finding.rule, finding.version) == ("error", "objectives", "1.0.0")
    assert finding.resource == where
    first, store, *lines = finding.message.splitlines()
    assert f"its templates come to {total}" in first
    assert store[:-1] in ("all", "database", "documents")
    assert lines[-1].strip() == f"{total}  in all"
    assert all(": primary " in line or ": workload " in line or "reviewed" in line
               for line in lines[:-1])  # fmt: skip
    assert f"promise {total} or more" in finding.hint


def test_what_nothing_bounds_may_not_be_promised(check: Callable[..., list[Finding]]) -> None:
    bodies = templates()
    drop(bodies, "workload", "Machine")
    (finding,) = check(KEPT, bodies)
    assert finding.resource == "objectives.region.rto"
    assert "nothing bounds it" in finding.message
    assert "neither a state machine nor a template" in finding.message


def test_a_tier_without_a_promise_is_a_warning_and_a_layer_needs_none(
    check: Callable[..., list[Finding]],
) -> None:
    (finding,) = check("")
    assert (finding.level, finding.message) == ("warning", "it promises no RPO and no RTO")
    assert check("", below="layers") == []


def test_what_keeps_no_data_promises_nothing(check: Callable[..., list[Finding]]) -> None:
    bodies = templates()
    drop(bodies, "primary", "Database", "Table", "Documents")
    assert check("", bodies) == []


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("Rpo", "901", "error"),
        ("Rpo", "60", "warning"),
        ("Rto", "7200", "error"),
        ("Rto", "900", "warning"),
    ],
)
def test_the_recovery_layer_measures_by_the_promise(
    check: Callable[..., list[Finding]], name: str, value: str, level: str
) -> None:
    bodies = templates()
    properties(bodies, "workload", name)["Value"] = value
    (finding,) = check(KEPT, bodies)
    assert (finding.level, finding.resource) == (level, f"objectives.region.{name.lower()}")
    assert f"its parameter {name.lower()}-seconds" in finding.message


def test_the_originals_objectives_need_both_rpo_and_rto() -> None:
    assert meets_original(tuple(losses(templates()).values()))
    for name, values in (
        ("Loss", {"EvaluationPeriods": 60}),  # an hour and more until the alarm tells
        ("Vote", {"EvaluationPeriods": 240}),  # four hours and more until it is noticed
    ):
        bodies = templates()
        properties(bodies, "workload", name).update(values)
        assert not meets_original(tuple(losses(bodies).values()))


def test_default_and_newest_release_are_held_to_it_and_no_other(tmp_path: Path) -> None:
    slow = templates()
    properties(slow, "workload", "Loss")["EvaluationPeriods"] = 60
    read = product(tmp_path, KEPT, None)
    write(read.folder, "0.9.0", slow)
    assert list(check_product(read)) == []
    write(read.folder, "1.1.0", slow)
    (finding,) = check_product(read)
    assert (finding.version, finding.resource) == ("1.1.0", "objectives.region.rpo")


def test_a_release_that_can_not_be_read_is_others_to_tell(tmp_path: Path) -> None:
    read = product(tmp_path, KEPT, None)
    (read.folder / "releases/1.0.0/primary.template.json").write_text("{")
    assert list(check_product(read)) == []
