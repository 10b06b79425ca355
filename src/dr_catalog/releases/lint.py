"""cfn-lint in this process: errors fail a release, warnings are listed.

https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md

Its rules are loaded once, and each distinct template is linted once: a template's bytes are its key,
here and in the user's cache (``$XDG_CACHE_HOME/dr-catalog/lint``), where cfn-lint's version joins them.
Neither a template's metadata nor a ``.cfnlintrc`` can silence a rule; a written reason in
``product.yaml`` can.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
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


@cache
def _lint(content: bytes) -> tuple[Match, ...]:
    """What cfn-lint finds: the same for the same bytes, so it is kept, where that is possible."""
    file = _kept(content)
    try:
        return tuple(
            (place, rule, message, sentence, level)
            for place, rule, message, sentence, level in json.loads(file.read_text("utf-8"))
        )
    except (OSError, ValueError):  # never linted, or not kept to the end
        found = _linted(content)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, encoding="utf-8", delete=False
        ) as part:
            json.dump(found, part)
        os.replace(part.name, file)  # whole or not at all
    return found


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
