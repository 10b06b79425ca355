"""Linting ahead, in several processes: the same findings, kept; and none where that is not worth it."""

from __future__ import annotations

import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from dr_catalog.releases import lint


def template(number: int) -> bytes:
    """A template with a fault that tells its number."""
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {f"Fault{number}": "a"}}
    return json.dumps({"Resources": {f"Bucket{number}": bucket}}).encode()


TEMPLATES = tuple(map(template, range(lint.WORTH_IT)))


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither in this process nor in a file."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(lint, "_found", {})
    monkeypatch.setattr(lint.os, "cpu_count", lambda: 2)
    return tmp_path / "dr-catalog/lint"


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """What would begin processes."""
    made = Mock()
    monkeypatch.setattr(lint, "ProcessPoolExecutor", made)
    return made


def findings(content: bytes) -> Any:
    return lint.findings(product="p", version="1.0.0", role="primary", content=content)


def test_processes_find_what_this_one_would(
    nothing_kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint.prepare(TEMPLATES)
    assert len(list(nothing_kept.iterdir())) == len(TEMPLATES)
    monkeypatch.setattr(lint, "_found", {})  # so that the files are read
    linted = lint._linted
    monkeypatch.setattr(lint, "_linted", Mock(side_effect=AssertionError("linted again")))
    found = [findings(content) for content in TEMPLATES]
    for number, (content, told) in enumerate(zip(TEMPLATES, found, strict=True)):
        assert [(each.rule, each.resource) for each in told] == [("E3002", f"Bucket{number}")]
        assert lint._known(content) == linted(content)


def test_the_longest_begin_first_and_none_twice(pool: Mock) -> None:
    long = template(10**9)
    pool.return_value.map.side_effect = lambda work, contents: [() for _ in contents]
    lint.prepare((*TEMPLATES, TEMPLATES[0], long))
    ((_, contents), _) = pool.return_value.map.call_args
    assert contents == [long, *TEMPLATES]
    assert findings(long) == ()
    lint.prepare((*TEMPLATES, long))
    assert pool.call_count == 1


@pytest.mark.parametrize(("count", "processors"), [(lint.WORTH_IT - 1, 2), (lint.WORTH_IT, 1)])
def test_few_templates_or_one_processor_need_no_process(
    pool: Mock, monkeypatch: pytest.MonkeyPatch, count: int, processors: int
) -> None:
    monkeypatch.setattr(lint.os, "cpu_count", lambda: processors)
    lint.prepare(TEMPLATES[:count])
    pool.assert_not_called()


@pytest.mark.parametrize("error", [BrokenProcessPool("died"), OSError("no more processes")])
def test_where_no_process_can_be_begun_they_are_linted_here(pool: Mock, error: Exception) -> None:
    pool.return_value.map.side_effect = error
    lint.prepare(TEMPLATES)
    assert findings(TEMPLATES[0])


def test_told_to_stop_it_ends_what_it_began_and_nothing_else(
    pool: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    its_own, somebody_elses = Mock(), Mock()
    there = iter([[somebody_elses], [somebody_elses, its_own]])
    monkeypatch.setattr(lint.multiprocessing, "active_children", lambda: next(there))
    pool.return_value.map.side_effect = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        lint.prepare(TEMPLATES)
    its_own.terminate.assert_called_once_with()
    somebody_elses.terminate.assert_not_called()
    pool.return_value.shutdown.assert_called_once_with(cancel_futures=True)


def test_without_a_place_to_keep_them_findings_are_known_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Mock
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    pool.return_value.map.side_effect = lambda work, contents: [work(each) for each in contents]
    lint.prepare(TEMPLATES)
    monkeypatch.setattr(lint, "_linted", Mock(side_effect=AssertionError("linted again")))
    assert findings(TEMPLATES[1])
