"""Which products of a stage need a canary, and from which version it upgrades; reads only.

product.yaml + the release + passes -> Trial, or None where this very version has passed there
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..definitions import Product, SemanticVersion
from ..releases.layout import load_release
from .records import Pass

_LAUNCHABLE = ("default", "available")
# Whatever else a version asks for must have a default: nobody is there to choose.
_SETTINGS = {"DeletionProtection": "false", "OnTermination": "purge"}


@dataclass(frozen=True, kw_only=True)
class Launchable:
    """A version, and the values of those of its parameters that let a canary purge it."""

    version: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a canary has to try of one product.

    Args:
        product: The product's name.
        candidate: The version that ``product.yaml`` makes the default.
        digest: The SHA-256 digest of its primary template.
        before: The version that tenants come from; None where there is none that can be launched.
    """

    product: str
    candidate: Launchable
    digest: str
    before: Launchable | None


def trial(product: Product, passes: Iterable[Pass]) -> Trial | None:
    """The trial that a product needs; None without a release, or when it has passed.

    Args:
        product: Its definition.
        passes: What has passed of it in the stage, the latest last.
    """
    default = product.default
    if default is None:
        return None
    passes = tuple(passes)
    digest = load_release(product, default.version).manifest.templates["primary"].sha256
    if any((each.version, each.digest) == (default.version, digest) for each in passes):
        return None
    before = _before(product, default.version, passes)
    return Trial(
        product=product.product,
        candidate=_launchable(product, default.version),
        digest=digest,
        before=None if before is None else _launchable(product, before),
    )


def _before(product: Product, candidate: str, passes: tuple[Pass, ...]) -> str | None:
    """The older version that passed last in the stage, which was the default; else the newest older.

    A default that is older than what was there, a rollback, is upgraded to from what is older still:
    a launch never goes back.
    """
    goal = SemanticVersion.parse(candidate)
    older = [
        entry.version
        for entry in product.versions
        if entry.guidance in _LAUNCHABLE and SemanticVersion.parse(entry.version) < goal
    ]
    known = [each.version for each in passes if each.version in older]
    return next(reversed(known), None) or next(reversed(older), None)


def _launchable(product: Product, version: str) -> Launchable:
    parameters = load_release(product, version).manifest.parameters
    return Launchable(
        version=version,
        settings=tuple((name, value) for name, value in _SETTINGS.items() if name in parameters),
    )
