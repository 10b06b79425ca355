"""Plan an upgrade: which version, which values change, and whether one is running already.

    UpgradeRequest -> plan_upgrade (reads only) -> Update | Follow | Nothing

Every parameter keeps its previous value unless it is set. With parameters alone the version stays;
with neither, guidance's version is the goal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import names
from ..errors import DrCatalogError, LaunchError
from . import catalog, parameters
from .aws import Aws
from .launching import busy, failed_creation, launched_version, refuse_suffix_parameter
from .model import (
    AVAILABLE,
    TAINTED,
    UPDATE,
    Launch,
    Product,
    Stack,
    Terms,
    Version,
)
from .stacks import launch_stack
from .steps import UPGRADE, Follow, Nothing, Update


@dataclass(frozen=True, kw_only=True)
class UpgradeRequest:
    """What a tenant asks for.

    Args:
        suffix: The environment suffix.
        layer: The layer, where several are launched under the suffix.
        version: A version's name; None stands for guidance's choice, or for the present version
            when ``parameters`` are given.
        parameters: Values to change; all others stay.
    """

    suffix: str
    layer: str = ""
    version: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def plan_upgrade(aws: Aws, request: UpgradeRequest) -> Update | Follow | Nothing:
    """What an upgrade has to do.

    Raises:
        UsageError: A parameter is not as it must be.
        NotFoundError: There is no such launch or version.
        LaunchError: The launch is in a state that takes no update.
    """
    names.check_suffix(request.suffix)
    refuse_suffix_parameter(request.parameters)
    launch = catalog.find_launch(aws, request.suffix, request.layer)
    product, present = launched_version(aws, launch)
    if launch.changing:
        return _running(aws, request, product, launch)
    if launch.status not in (AVAILABLE, TAINTED):
        raise failed_creation(aws, launch)
    target = _target(request, product, present, launch)
    stack = launch_stack(aws, launch)
    same = target.id == launch.version_id
    previous_values = stack.parameters if stack else {}
    # A hidden value never equals what is asked for, so that a secret can be replaced.
    asked = {k: v for k, v in request.parameters.items() if previous_values.get(k) != v}
    if launch.status == AVAILABLE and same and not asked:
        return _nothing(request, launch, product, target)
    if launch.status == AVAILABLE and request.version is None and _older(target, present, request):
        return _nothing(request, launch, product, present or target)

    path = _path(aws, product, launch)
    terms = aws.terms(product_id=product.id, version_id=target.id, path_id=path)
    subject = f"{product.name} {target.name}"
    previous = _previous(aws, launch, stack, terms if same else None, path)
    kept = [name for name in terms.parameters if name in previous]
    parameters.check(request.parameters, terms, subject=subject)
    parameters.check_complete([*kept, *request.parameters], terms, subject=subject)
    return Update(
        operation=UPGRADE,
        suffix=request.suffix,
        product=product.name,
        version=target.name,
        layer=launch.layer,
        launch=launch,
        target=target,
        path_id=path,
        parameters={**dict.fromkeys(kept), **request.parameters},
    )


def _target(
    request: UpgradeRequest, product: Product, present: Version | None, launch: Launch
) -> Version:
    if request.version is not None:
        return catalog.find_version(product, request.version)
    if not request.parameters:
        return catalog.default_version(product)
    if present is None:
        raise LaunchError(
            f"the version of '{launch.label}' is no longer active and takes no changes",
            why=f"{product.name} is launched as {launch.version_id}",
            hint=f"add --version {catalog.default_version(product).name}",
        )
    return present


def _older(target: Version, present: Version | None, request: UpgradeRequest) -> bool:
    """Guidance recommends less than what is launched: that is no upgrade."""
    return not request.parameters and present is not None and target.order() < present.order()


def _nothing(
    request: UpgradeRequest, launch: Launch, product: Product, version: Version
) -> Nothing:
    return Nothing(
        operation=UPGRADE,
        suffix=request.suffix,
        product=product.name,
        version=version.name,
        layer=launch.layer,
        notes=(
            f"nothing to do: '{launch.label}' is at {product.name} {version.name}"
            + (" with these values" if request.parameters else ""),
        ),
    )


def _running(aws: Aws, request: UpgradeRequest, product: Product, launch: Launch) -> Follow:
    record = aws.record(launch.last_record)
    version = product.version_named(record.version_id)
    if record.kind != UPDATE or request.version not in (None, version):
        raise busy(aws, launch, kind=record.kind)
    return Follow(
        operation=UPGRADE,
        suffix=request.suffix,
        product=product.name,
        version=version,
        layer=launch.layer,
        record=record.id,
        expected=request.parameters,
    )


def _path(aws: Aws, product: Product, launch: Launch) -> str:
    if len(product.paths) <= 1:
        return ""
    return catalog.path_id(product, recorded=aws.record(launch.last_provisioning_record).path_id)


def _previous(
    aws: Aws, launch: Launch, stack: Stack | None, terms: Terms | None, path: str
) -> frozenset[str]:
    """The parameters that have a previous value: the stack's, else those of the launched version."""
    if stack is not None:
        return frozenset(stack.parameters)
    if terms is None:
        try:
            terms = aws.terms(
                product_id=launch.product_id, version_id=launch.version_id, path_id=path
            )
        except DrCatalogError as error:
            raise LaunchError(
                f"can't tell which parameters '{launch.label}' has",
                why="its version is no longer active, and its stack can't be read",
                hint="ask for cloudformation:DescribeStacks, or upgrade in the console",
            ) from error
    return frozenset(terms.parameters)
