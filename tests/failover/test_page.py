"""The evidence as a page: it needs nothing else, shows what was measured, and lets no word be markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from dr_catalog.handlers.recovery.page import duration, page

VOID = {"meta", "line", "rect", "br"}


def record(**changes: Any) -> dict[str, Any]:
    """The record of a failover that took 40 seconds and lost 1.5 seconds of the database."""
    steps = [
        ("lock", 0, 1),
        ("preflight", 1, 3),
        ("approve", 3, 20),
        ("promote", 20, 30),
        ("move", 30, 40),
    ]
    return {
        "run": "failover-1",
        "operation": "failover",
        "mode": "approve",
        "requestedBy": "arn:aws:sts::222222222222:assumed-role/on-call/jo",
        "reason": "region down",
        "overrides": ["lag"],
        "began": at(0),
        "ended": at(41),
        "outcome": "done",
        "told": "us-west-2 serves",
        "from": "us-east-1",
        "to": "us-west-2",
        "epoch": 2,
        "steps": [
            {
                "step": s,
                "began": at(b),
                "ended": at(e),
                "outcome": "done",
                "looks": 1,
                "told": f"{s}!",
            }
            for s, b, e in steps
        ],
        "figures": {
            "lag": {"milliseconds": 1500, "source": "AuroraGlobalDBRPOLag"},
            "rpoPromise": 60,
            "rtoPromise": 30,
            "checks": {"versions": "", "replica": "headless"},
            "lastWrites": {"database": at(0), "table": "", "documents": at(0)},
            "rpo": {"database": 1.5, "table": 0.2},
            "rto": 40,
            "traffic": "moved",
        },
        "approval": {
            "askedAt": at(3),
            "decision": "approve",
            "decidedBy": "jo",
            "decidedAt": at(20),
        },
        **changes,
    }


def at(second: float) -> str:
    return f"2026-01-05T12:00:{second:06.3f}+00:00"


class Reader(HTMLParser):
    """The tags, their attributes and the text; every tag must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += f"{data}|"


def read(**changes: Any) -> Reader:
    return Reader(page(record(**changes), suffix="dev"))


def test_it_is_whole_and_needs_nothing_else() -> None:
    found = read()
    assert found.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in found.tags}
    assert not re.search(r"https?:|url\(|@import", page(record(), suffix="dev"))
    assert not [name for _, attributes in found.tags for name in attributes if name[:2] == "on"]


def test_what_was_measured_stands_against_what_is_promised() -> None:
    text = read().text
    assert "RTO: served again after|40 s|promised 30 s| |✗ missed|" in text
    assert "RPO: database, at most|1.5 s|promised 1 min| |✓ kept|" in text
    assert "RPO: documents, at most|not measured|promised 1 min|" in text


def test_where_both_regions_serve_the_time_is_the_ledgers() -> None:
    shown = record()
    shown["figures"]["serves"] = "both"
    assert "RTO: the ledger written again after|40 s" in Reader(page(shown, suffix="dev")).text


@pytest.mark.parametrize(
    ("seconds", "said"), [(7200, "2 h|promised 1 min| |a bound and no measurement|"), (30, "kept|")]
)
def test_a_bound_may_keep_the_promise_and_never_misses_it(seconds: float, said: str) -> None:
    shown = record()
    shown["figures"] |= {"rpo": {"table": seconds}, "rpoAtMost": ["table"]}
    text = Reader(page(shown, suffix="dev")).text
    assert said in text.partition("RPO: table, at most|")[2].partition("RPO: documents")[0]


def test_each_step_is_a_bar_as_long_as_it_took() -> None:
    bars = [attributes for tag, attributes in read().tags if tag == "rect"]
    widths = [float(bar["width"] or 0) for bar in bars]
    assert len(bars) == 5
    assert widths[2] == pytest.approx(17 * widths[0], rel=0.02)
    assert [bar["class"] for bar in bars] == ["bar", "bar", "wait", "bar", "bar"]
    assert all(float(bar["x"] or 0) + width <= 960 for bar, width in zip(bars, widths, strict=True))


def test_who_decided_and_on_which_figures() -> None:
    text = read().text
    for said in (
        "jo|",
        "region down",
        "1500 ms (AuroraGlobalDBRPOLag)",
        "headless",
        "12:00:20 UTC",
    ):
        assert said in text
    assert "traffic moved" in text


def test_words_of_people_are_no_markup() -> None:
    found = read(reason="<script>alert(1)</script>", told="<img src=x onerror=a>")
    assert not {"script", "img"} & {tag for tag, _ in found.tags}
    assert "<script>alert(1)</script>" in found.text


def test_a_failed_step_and_a_run_under_way() -> None:
    steps = [
        {"step": "lock", "began": at(0), "ended": at(1), "outcome": "done", "told": ""},
        {"step": "preflight", "began": at(1), "ended": at(2), "outcome": "aborted", "told": "lag"},
        {"step": "restore", "began": at(2), "ended": "", "outcome": "", "told": ""},
    ]
    found = read(steps=steps, ended="", outcome="", figures={}, approval={})
    assert [attributes["class"] for tag, attributes in found.tags if tag == "rect"] == [
        "bar",
        "failed",
        "bar",
    ]
    assert "under way" in found.text


def test_a_record_that_has_just_begun_and_a_simulation() -> None:
    begun = {"run": "failover-1", "operation": "failover"}
    assert "under way" in Reader(page(begun, suffix="dev")).text
    assert "Local simulation" not in page(begun, suffix="dev")
    assert "Local simulation" in page(begun, suffix="dev", simulation=True)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
