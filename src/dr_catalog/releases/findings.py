"""What a check found, as data, and which findings a product accepts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from ..definitions import PolicyException


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is not as it must be.

    Args:
        product: The product; empty when it concerns the catalog.
        version: The version; empty when it concerns the product.
        template: The template's role, such as ``primary``; empty when it concerns the release.
        resource: Logical id, parameter, file or asset; empty when it concerns the template.
        rule: ``DR...`` for a policy, cfn-lint's id, or a word such as ``digest``.
        message: What is wrong.
        hint: How to mend it.
        level: An ``error`` fails the command, a ``warning`` does not.
    """

    product: str
    version: str
    template: str
    resource: str
    rule: str
    message: str
    hint: str
    level: Literal["error", "warning"] = "error"


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then by product, version, template and resource."""
    return tuple(sorted(findings, key=lambda finding: (finding.level, finding)))


def accept(
    findings: Iterable[Finding], exceptions: Iterable[PolicyException]
) -> tuple[tuple[Finding, ...], frozenset[PolicyException]]:
    """The findings without a written reason, and the exceptions that matched one."""
    left: list[Finding] = []
    used: set[PolicyException] = set()
    exceptions = tuple(exceptions)
    for finding in findings:
        matching = [exception for exception in exceptions if _matches(exception, finding)]
        used.update(matching)
        if not matching:
            left.append(finding)
    return tuple(left), frozenset(used)


def _matches(exception: PolicyException, finding: Finding) -> bool:
    return (
        exception.rule == finding.rule
        and exception.template in ("", finding.template)
        and fnmatchcase(finding.resource, exception.resource)
        and fnmatchcase(finding.message, exception.finding)
    )
