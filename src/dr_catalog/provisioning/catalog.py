"""Finding what a tenant names: a product, a version, a launch; or saying what there is instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from ..errors import LaunchError, NotFoundError, UsageError
from .aws import Aws
from .hints import command
from .model import (
    DEPRECATED,
    LAUNCH_PREFIX,
    PLAN_IN_PROGRESS,
    Launch,
    Product,
    Version,
    label,
    launch_name,
)

# What a provisioned product's name may hold, but for the dot before it.
_LAYER = re.compile(r"[A-Za-z0-9_-]{1,100}")


def closest(word: str, known: Sequence[str]) -> str:
    """A hint that asks whether the closest known word is meant; empty when none is close."""
    match = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{match[0]}'?" if match else ""


def find_product(aws: Aws, name: str) -> Product:
    """The product of this name, with versions and paths.

    Raises:
        NotFoundError: The caller may launch none of this name; the message lists those it may.
    """
    try:
        return aws.product(name=name)
    except NotFoundError as error:
        known = sorted(product.name for product in aws.products())
        raise NotFoundError(
            f"there is no product '{name}' in {aws.region}",
            why=f"you may launch {', '.join(known)}"
            if known
            else f"no portfolio in {aws.region} offers account {aws.account} with these credentials "
            "a product",
            hint=closest(name, known)
            or (
                "see `dr-catalog products`"
                if known
                else "is it the right account and --region? if so, ask the platform team for access"
            ),
        ) from error


def find_version(product: Product, name: str) -> Version:
    """The version of this name.

    Raises:
        NotFoundError: The product has no active version of this name; the message lists them.
    """
    for version in product.versions:
        if version.name == name:
            return version
    known = [version.name for version in product.versions]
    raise NotFoundError(
        f"{product.name} has no version {name} that can be launched",
        why=f"active versions: {', '.join(known) or 'none'}; an inactive one is not listed",
        hint=closest(name, known) or f"see `dr-catalog describe {product.name}`",
    )


def default_version(product: Product) -> Version:
    """The version that guidance recommends, else the newest that is not deprecated.

    Raises:
        LaunchError: No version is left to launch.
    """
    if product.default is None:
        raise LaunchError(
            f"{product.name} has no version to launch",
            why="every version is deprecated or inactive",
            hint="ask the platform team for a current release",
        )
    return product.default


def check_launchable(product: Product, version: Version) -> None:
    """Refuse a deprecated version, which Service Catalog takes for updates only.

    Raises:
        LaunchError: It is deprecated.
    """
    if version.guidance == DEPRECATED:
        better = product.default
        raise LaunchError(
            f"{product.name} {version.name} is deprecated and takes no new launches",
            why=version.notice,
            hint=f"launch {better.name} instead: --version {better.name}" if better else "",
        )


def find_launch(aws: Aws, suffix: str, layer: str = "") -> Launch:
    """The one launch under this suffix; of several layers, the one named.

    Raises:
        NotFoundError: There is none; the message lists what there is.
        UsageError: Several layers are launched under the suffix, and none is named.
        LaunchError: Nothing but the plan of a launch is there.
    """
    found = find_launches(aws, suffix, layer)
    if len(found) == 1:
        return found[0]
    known = [each.layer for each in found]
    raise UsageError(
        f"several layers are launched under '{suffix}'",
        why=", ".join(known),
        hint=f"name one of them, such as --layer {known[0]}",
    )


def find_launches(aws: Aws, suffix: str, layer: str = "") -> tuple[Launch, ...]:
    """The tier under this suffix, or the layers; just the one of this name where one is named.

    Raises:
        NotFoundError: There is none; the message lists what there is.
        LaunchError: Nothing but the plan of a launch is there.
    """
    launch = named(aws, suffix, layer)
    if launch is not None and launch.status == PLAN_IN_PROGRESS:
        raise planned(aws, suffix, layer)
    if launch is not None:
        return (launch,)
    if layer and (tier := aws.launch(launch_name(suffix))):
        raise UsageError(
            f"'{suffix}' is one launch, without layers of its own",
            why=f"{tier.name} is a tier, which makes all of its layers itself",
            hint="leave --layer out",
        )
    # A search may be behind: it may know what is gone, and not know how what is there stands now.
    beside = tuple(each for each in layers_under(aws, suffix) if each.layer != layer)
    if beside and layer:
        raise _no_layer(aws, suffix, layer, beside)
    if len(beside) == 1:
        beside = tuple(filter(None, [named(aws, suffix, beside[0].layer)]))
    if beside:
        return beside
    known = sorted({each.suffix for each in aws.launches() if each.name.startswith(LAUNCH_PREFIX)})
    raise NotFoundError(
        f"nothing is launched under the suffix '{suffix}' in {aws.region}",
        why=f"launched: {', '.join(known)}" if known else "nothing is launched here",
        hint=closest(suffix, known) or "see `dr-catalog status`",
    )


def named(aws: Aws, suffix: str, layer: str = "") -> Launch | None:
    """The provisioned product of a suffix, or of a layer under it, if it is there."""
    if layer and not _LAYER.fullmatch(layer):  # nothing can be called so
        return None
    return aws.launch(launch_name(suffix, layer))


def layers_under(aws: Aws, suffix: str) -> tuple[Launch, ...]:
    """The layers that are launched under a suffix, plans aside, in the order in which they were."""
    found = [
        each
        for each in aws.launches()
        if each.layer
        and each.name == launch_name(suffix, each.layer)
        and each.status != PLAN_IN_PROGRESS
    ]
    return tuple(sorted(found, key=age))


def age(launch: Launch) -> tuple[bool, float, str]:
    """Sorts launches, the oldest first."""
    made = launch.created
    return (made is None, made.timestamp() if made else 0.0, launch.name)


def _no_layer(aws: Aws, suffix: str, layer: str, beside: Sequence[Launch]) -> NotFoundError:
    known = [each.layer for each in beside]
    return NotFoundError(
        f"no layer '{layer}' is launched under '{suffix}' in {aws.region}",
        why=f"launched: {', '.join(known)}",
        hint=closest(layer, known) or f"see `{command(aws, 'status', suffix)}`",
    )


def planned(aws: Aws, suffix: str, layer: str = "") -> LaunchError:
    """The error for a suffix that a plan holds, and nothing else."""
    return LaunchError(
        f"'{label(suffix, layer)}' is held by a plan, and not launched",
        why="the plan is being looked at, or was left behind by a command that was killed",
        hint=f"`{command(aws, 'plan', suffix, layer=layer)}` clears it",
    )


def path_id(product: Product, *, recorded: str = "") -> str:
    """The launch path to send: none while there is one only, else the recorded one.

    Raises:
        LaunchError: Several portfolios offer the product, so that Service Catalog can't choose.
    """
    ids = [path.id for path in product.paths]
    if len(ids) <= 1:
        return ""
    if recorded in ids:
        return recorded
    raise LaunchError(
        f"several portfolios offer {product.name}",
        why="; ".join(sorted(path.name for path in product.paths)),
        hint="use a role that one portfolio alone is granted to",
    )
