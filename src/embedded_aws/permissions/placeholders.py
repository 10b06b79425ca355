"""Placeholders of ``resource_actions.yaml``: from a template and a step to an ARN or another text.

What they mean is written at the head of that file. A placeholder that finds nothing becomes ``*``,
which only a statement on ``*`` (or one that ends in it) allows: less is known, more is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import accounts

if TYPE_CHECKING:
    from .requirements import Step

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
UNKNOWN = "*"


def fill(template: str, step: Step, item: Any = None, *, optional: str = "each") -> str:
    """The template with its placeholders filled; empty when one of an optional property is missing.

    Args:
        template: A text of ``resource_actions.yaml``.
        step: What is known.
        item: The entry that ``{each}`` stands for.
        optional: The property without which the whole means nothing.
    """
    missing = False

    def replace(match: re.Match[str]) -> str:
        nonlocal missing
        names, _, filter_name = match.group(1).partition(":")
        for name in names.split("|"):
            value = _value(name, step, item)
            if value:
                return _FILTERS[filter_name](value, step) if filter_name else value
        missing = missing or names.startswith(("each", optional))
        return UNKNOWN

    filled = _PLACEHOLDER.sub(replace, template)
    return "" if missing else filled


def look_up(properties: Any, path: str) -> Any:
    """The value at ``A.B.C``, ``None`` where a part is missing."""
    for part in path.split("."):
        if not isinstance(properties, Mapping):
            return None
        properties = properties.get(part)
    return properties


def listed(properties: Mapping[str, Any], name: str) -> list[Any]:
    """The entries of a list property, none where it is missing."""
    value = properties.get(name) or []
    return list(value) if isinstance(value, list) else [value]


def is_set(value: Any) -> bool:
    """Whether a property is there and not switched off."""
    return value not in (None, "", [], {}, False) and str(value).lower() != "false"


def _value(name: str, step: Step, item: Any) -> str:
    if name.startswith("/"):
        return name
    if name == "each":
        return str(item)
    if name.startswith("each."):
        found = look_up(item, name.removeprefix("each."))
    else:
        known = {
            "region": step.region,
            "account": step.account,
            "id": step.physical_id,
            "name": step.generated_name,
        }
        found = known[name] if name in known else look_up(step.properties, name)
    return str(found) if isinstance(found, (str, int)) else ""


def _object(url: str, _step: Step) -> str:
    """``bucket/key`` of an S3 URL, path style or virtual-hosted."""
    parts = urlsplit(url)
    bucket, dot_s3, _ = parts.netloc.partition(".s3.")
    return f"{bucket}{parts.path}" if dot_s3 else parts.path.lstrip("/")


def _function(value: str, _step: Step) -> str:
    """The function's name, from its name, its ARN or a part of that."""
    return value.split("function:")[-1].split(":")[0]


_FILTERS: dict[str, Callable[[str, Step], str]] = {
    "boundary": lambda value, step: accounts.role_boundary(step.account, value),
    "function": _function,
    "key": lambda value, step: accounts.key_arn(step.account, step.region, value),
    "object": _object,
    "path": lambda value, _step: value.lstrip("/"),
    "role": lambda value, step: accounts.role_arn(step.account, value),
}
