"""Our own rules over the templates of a release.

    Template -> every rule of this package -> findings

A module of this package is one subject; each function in it with ``@rule`` is one rule.
"""

from __future__ import annotations

import importlib
import pkgutil

from ..findings import Finding
from ..template import Template
from .rule import REGISTRY, Rule

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

RULES: tuple[Rule, ...] = tuple(REGISTRY[rule_id] for rule_id in sorted(REGISTRY))


def findings(*, product: str, version: str, template: Template) -> tuple[Finding, ...]:
    """What every rule finds in one template."""
    return tuple(
        Finding(
            product=product,
            version=version,
            template=template.role,
            resource=resource,
            rule=rule.id,
            message=message,
            hint=f"{rule.sentence} ({rule.source}); or write the reason under exceptions",
        )
        for rule in RULES
        for resource, message in rule.check(template)
    )


__all__ = ["RULES", "Rule", "findings"]
