"""cfn-lint as a library: errors fail a release, warnings are listed.

https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md

Its rules are loaded once a process, and each distinct template is linted once: a template's bytes are its
key, here and in the user's cache (``$XDG_CACHE_HOME/dr-catalog/lint``), where cfn-lint's version joins
them. What many templates need anew is shared among processes (``prepare``); what is found stays the same.
Neither a template's metadata nor a ``.cfnlintrc`` can silence a rule; a written reason in
``product.yaml`` can.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .findings import Finding
from .schemas import REGION

if TYPE_CHECKING:
    from cfnlint.rules import Rules

Match = tuple[str, str, str, str, Literal["error", "warning"]]
"""Logical id, rule, message, the rule in a sentence, level."""


def findings(*, product: str, version: str, role: str, content: bytes) -> tuple[Finding, ...]:
    """What cfn-lint finds in one template."""
    return tuple(
        Finding(
            product=product,
            version=version,
            template=role,
            resource=resource,
            rule=rule,
            message=message,
            hint=f"cfn-lint: {sentence}",
            level=level,
        )
        for resource, rule, message, sentence, level in _lint(content)
    )


HARMLESS = frozenset({"W3005"})
"""Warnings about CDK's habits: it writes down a dependency that a reference implies already."""


MOST_AT_ONCE = 8
WORTH_IT = 4
"""So many templates: below, they are linted before a process has begun and loaded the rules."""

_found: dict[bytes, tuple[Match, ...]] = {}


def prepare(contents: Iterable[bytes]) -> None:
    """Lint those of these templates that never were, several at once; ``findings`` knows them then.

    Where no process can be begun, ``findings`` lints them one by one.
    """
    missing = [content for content in dict.fromkeys(contents) if _known(content) is None]
    workers = min(os.cpu_count() or 1, MOST_AT_ONCE, len(missing))
    if workers < 2 or len(missing) < WORTH_IT:
        return
    missing.sort(key=len, reverse=True)  # the longest last would leave one process to it alone
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begun
    )
    try:
        for content, found in zip(missing, pool.map(_linted, missing), strict=True):
            _keep(content, found)
    except (BrokenProcessPool, OSError):
        pass
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begun() -> None:
    """A process ends with the one that began it, however that ends; ^C, which reaches all, is that one's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_other, daemon=True).start()


def _end_with_the_other() -> None:
    beginner = multiprocessing.parent_process()
    assert beginner is not None
    beginner.join()
    os._exit(1)


def _lint(content: bytes) -> tuple[Match, ...]:
    """What cfn-lint finds: the same for the same bytes, so it is kept, where that is possible."""
    found = _known(content)
    if found is None:
        found = _linted(content)
        _keep(content, found)
    return found


def _known(content: bytes) -> tuple[Match, ...] | None:
    """What was found before; None where it never was linted, or not kept to the end."""
    if content not in _found:
        try:
            kept = json.loads(_kept(content).read_text("utf-8"))
            _found[content] = tuple(
                (place, rule, message, sentence, level)
                for place, rule, message, sentence, level in kept
            )
        except (OSError, ValueError):
            return None
    return _found[content]


def _keep(content: bytes, found: tuple[Match, ...]) -> None:
    _found[content], file = found, _kept(content)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, encoding="utf-8", delete=False
        ) as part:
            json.dump(found, part)
        os.replace(part.name, file)  # whole or not at all


def _kept(content: bytes) -> Path:
    given = (version("cfn-lint"), REGION, *sorted(HARMLESS))
    key = hashlib.sha256("\n".join(given).encode() + b"\n" + content).hexdigest()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "dr-catalog", "lint", f"{key}.json")


def _linted(content: bytes) -> tuple[Match, ...]:
    from cfnlint.config import ConfigMixIn  # slow: 0.5 s
    from cfnlint.decode.decode import decode_str
    from cfnlint.runner import run_template_by_data

    template, matches = decode_str(content.decode())
    if template is not None:
        config = ConfigMixIn(regions=[REGION], mandatory_checks=["E", "W"])
        matches = list(run_template_by_data(template, config, _rules()))
    found: set[Match] = set()
    for match in matches:
        if match.rule.id in HARMLESS:
            continue
        path = [str(step) for step in getattr(match, "path", ())]
        place = path[1] if len(path) > 1 else ""
        level: Literal["error", "warning"] = "error" if match.rule.id.startswith("E") else "warning"
        found.add((place, match.rule.id, match.message, match.rule.description, level))
    return tuple(sorted(found))


@cache
def _rules() -> Rules:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=[REGION])).rules
