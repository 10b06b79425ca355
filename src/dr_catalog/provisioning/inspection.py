"""What is offered and what is launched: the answers behind ``products``, ``status`` and ``outputs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import names
from ..errors import DrCatalogError, LaunchError
from . import catalog
from .aws import Aws
from .events import reason
from .hints import command
from .launching import failed_creation
from .model import ERROR, LAUNCH_PREFIX, TAINTED, Launch, Product, Record, Stack
from .stacks import launch_stack, peer_stacks


@dataclass(frozen=True, kw_only=True)
class Status:
    """One launch as a row.

    Args:
        suffix: The environment suffix.
        product: The product's name.
        version: The version it is at.
        newest: The newest active version; empty when the product is no longer offered.
        recommended: The version that a launch takes by default; empty when there is none.
        status: AVAILABLE, UNDER_CHANGE, TAINTED, ERROR or PLAN_IN_PROGRESS.
        region: The launch region.
        peer_region: The other region; empty when it can't be read.
        last_record: The id of the last operation's record.
        layer: The layer that is launched alone, and that --layer names; empty for a tier.
    """

    suffix: str
    product: str
    version: str
    newest: str
    recommended: str
    status: str
    region: str
    peer_region: str
    last_record: str
    layer: str = ""


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One launch in full.

    Args:
        status: Its row.
        record: The last operation's record.
        reason: Why it failed, when it did.
        parameters: The launch's own values; empty when its stack can't be read.
        stacks: Its stacks in both regions, the launch region's first.
        unread: Why the stacks can't all be read; empty when they can.
    """

    status: Status
    record: Record
    reason: str
    parameters: Mapping[str, str]
    stacks: tuple[Stack, ...]
    unread: str


def offered(aws: Aws) -> tuple[Product, ...]:
    """The products the caller may launch, by name, with their versions."""
    found = (aws.product(product_id=product.id) for product in aws.products())
    return tuple(sorted(found, key=lambda product: product.name))


def launched(aws: Aws) -> tuple[Status, ...]:
    """Every launch of this region that carries a suffix: by suffix, and under it by age.

    The calls are one a page and one a product, not one a launch.
    """
    found = [launch for launch in aws.launches() if launch.name.startswith(LAUNCH_PREFIX)]
    return _rows(aws, sorted(found, key=lambda launch: (launch.suffix, catalog.age(launch))))


def standing(aws: Aws, suffix: str, layer: str = "") -> tuple[Status, ...]:
    """What is launched under a suffix: its tier, or its layers, the oldest first.

    Raises:
        NotFoundError: Nothing is launched under this suffix.
    """
    names.check_suffix(suffix)
    return _rows(aws, catalog.find_launches(aws, suffix, layer))


def detail(aws: Aws, suffix: str, layer: str = "") -> Detail:
    """One launch in full.

    Raises:
        NotFoundError: Nothing is launched under this suffix.
        UsageError: Several layers are launched under it, and none is named.
    """
    names.check_suffix(suffix)
    launch = catalog.find_launch(aws, suffix, layer)
    record = aws.record(launch.last_record)
    stack = launch_stack(aws, launch)
    peers: tuple[Stack, ...] = ()
    unread = "" if stack else "the launch region's stack is not there or may not be read"
    if stack is not None:
        try:
            peers = peer_stacks(aws, stack)
        except DrCatalogError as error:
            unread = error.what
    failed = launch.status in (TAINTED, ERROR)
    return Detail(
        status=_status(aws, launch, _product(aws, launch.product_id)),
        record=record,
        reason=reason(aws, launch, record) if failed else "",
        parameters=stack.parameters if stack else {},
        stacks=(*([stack] if stack else []), *peers),
        unread=unread,
    )


def outputs(aws: Aws, suffix: str, layer: str = "") -> dict[str, dict[str, str]]:
    """What a launch, or all layers under a suffix, give out, keyed by region and name.

    The launch region comes first. Where two of the peer's stacks give different values one name, each is
    ``<stack>.<name>``; where two layers do, ``<layer>.<name>``.

    Raises:
        NotFoundError: Nothing is launched under this suffix.
        LaunchError: A launch failed, or the launch region's stack can't be read.
    """
    names.check_suffix(suffix)
    launches = catalog.find_launches(aws, suffix, layer)
    each = {launch.layer: _outputs(aws, launch) for launch in launches}
    found: dict[str, dict[str, str]] = {}
    for name, regions in each.items():
        for region, values in regions.items():
            others = [other.get(region, {}) for other in each.values()]
            for key, value in values.items():
                alone = all(other.get(key, value) == value for other in others)
                found.setdefault(region, {})[key if alone else f"{name}.{key}"] = value
    return found


def _outputs(aws: Aws, launch: Launch) -> dict[str, dict[str, str]]:
    if launch.status == ERROR:
        raise failed_creation(aws, launch)
    stack = launch_stack(aws, launch)
    if stack is None:
        raise LaunchError(
            f"the outputs of '{launch.label}' can't be read",
            why=f"its stack in {aws.region} is not there or may not be read",
            hint=f"see `{command(aws, 'status', launch.suffix, layer=launch.layer)}`",
        )
    found: dict[str, dict[str, str]] = {stack.region: {}}
    stacks = (stack, *peer_stacks(aws, stack))
    for each in stacks:
        for name, value in each.outputs.items():
            others = {
                other.outputs[name]
                for other in stacks
                if other.region == each.region and name in other.outputs
            }
            key = name if len(others) == 1 else f"{each.name}.{name}"
            found.setdefault(each.region, {})[key] = value
    return found


def _product(aws: Aws, product_id: str) -> Product | None:
    try:
        return aws.product(product_id=product_id)
    except DrCatalogError:  # withdrawn, or not for this caller: its launches are there all the same
        return None


def _rows(aws: Aws, launches: Sequence[Launch]) -> tuple[Status, ...]:
    products = {key: _product(aws, key) for key in {launch.product_id for launch in launches}}
    return tuple(_status(aws, launch, products[launch.product_id]) for launch in launches)


def _status(aws: Aws, launch: Launch, product: Product | None) -> Status:
    version = launch.version or (
        product.version_named(launch.version_id) if product else launch.version_id
    )
    return Status(
        suffix=launch.suffix,
        product=launch.product or (product.name if product else launch.product_id),
        version=version,
        newest=product.newest.name if product and product.newest else "",
        recommended=product.default.name if product and product.default else "",
        status=launch.status,
        region=aws.region,
        peer_region=aws.peer_region,
        last_record=launch.last_record,
        layer=launch.layer,
    )
