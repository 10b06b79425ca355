"""Plan a launch: find what is named, check every value, and see what an earlier call left behind.

    LaunchRequest -> plan_launch (reads only) -> Provision | Follow | Nothing

A rerun of the same request follows the running launch, or says that it is launched already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import names
from ..errors import DrCatalogError, LaunchError, NotFoundError, SetupError, UsageError
from . import blocks, catalog, parameters
from .aws import Aws
from .events import reason
from .hints import command, settings
from .model import (
    AVAILABLE,
    PLAN_IN_PROGRESS,
    PROVISION,
    TAINTED,
    TERMINATE,
    Launch,
    Product,
    Terms,
    Version,
    label,
    launch_name,
)
from .stacks import launch_stack
from .steps import LAUNCH, Follow, Nothing, Provision


@dataclass(frozen=True, kw_only=True)
class LaunchRequest:
    """What a tenant asks for.

    Args:
        product: The product's name.
        suffix: The environment suffix.
        version: A version's name; guidance's choice where it is None.
        parameters: Values besides the suffix.
        tags: Tags of the provisioned product.
    """

    product: str
    suffix: str
    version: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def plan_launch(aws: Aws, request: LaunchRequest) -> Provision | Follow | Nothing:
    """What a launch has to do.

    Raises:
        UsageError: The suffix, a parameter or a tag is not as it must be.
        NotFoundError: There is no such product or version.
        LaunchError: The suffix is taken by something else, a layer that this one needs is missing, or
            the version takes no launches.
    """
    names.check_suffix(request.suffix)
    refuse_suffix_parameter(request.parameters)
    product = catalog.find_product(aws, request.product)
    present = aws.launch(launch_name(request.suffix))
    if present is not None:
        return _present(aws, request, product, present)
    block = blocks.block_of(aws, product, _meant(request, product))
    layer = product.name if block else ""
    if block and (present := aws.launch(launch_name(request.suffix, layer))):
        return _present(aws, request, product, present)
    if block:
        blocks.check_neighbours(aws, request.suffix, layer, block)
    else:
        blocks.check_alone(aws, request.suffix)
    if request.version is None:
        version = catalog.default_version(product)
    else:
        version = catalog.find_version(product, request.version)
        catalog.check_launchable(product, version)
    path = catalog.path_id(product)
    terms = aws.terms(product_id=product.id, version_id=version.id, path_id=path)
    subject = f"{product.name} {version.name}"
    values = _values(request, terms)
    parameters.check(values, terms, subject=subject)
    parameters.check_complete(values, terms, subject=subject)
    parameters.check_tags(request.tags, terms, subject=subject)
    _check_settings(aws, values, terms)
    return Provision(
        operation=LAUNCH,
        suffix=request.suffix,
        product=product.name,
        version=version.name,
        layer=layer,
        product_id=product.id,
        target=version,
        path_id=path,
        parameters=values,
        tags=request.tags,
        after_record=_last_termination(aws, launch_name(request.suffix, layer)),
    )


def _meant(request: LaunchRequest, product: Product) -> Version | None:
    """The version that is asked for, whether it takes launches or not."""
    named = (each for each in product.versions if each.name == request.version)
    return next(named, product.default or product.newest)


def refuse_suffix_parameter(given: Mapping[str, str]) -> None:
    """Refuse the suffix as a parameter: a launch has one suffix, and ``--suffix`` names it."""
    if names.SUFFIX_PARAMETER in given:
        raise UsageError(
            f"{names.SUFFIX_PARAMETER} is not a parameter to set",
            why="--suffix sets it, and it names the launch as well",
            hint="leave it out",
        )


def _values(request: LaunchRequest, terms: Terms) -> dict[str, str]:
    suffix = {names.SUFFIX_PARAMETER: request.suffix}
    return {**(suffix if names.SUFFIX_PARAMETER in terms.parameters else {}), **request.parameters}


def _check_settings(aws: Aws, values: Mapping[str, str], terms: Terms) -> None:
    """Refuse a region that onboarding has not given what a launch reads there: its peer, first of all.

    Raises:
        SetupError: A parameter of Systems Manager that the template reads is not there.
    """
    for name, parameter in terms.parameters.items():
        key = values.get(name, parameter.default)
        if not key or not parameter.type.startswith("AWS::SSM::Parameter::Value<"):
            continue
        try:
            aws.setting(key)
        except NotFoundError as error:
            what = (
                "has no peer region" if key == names.PEER_REGION_PARAMETER else "is not onboarded"
            )
            raise SetupError(
                f"{aws.region} {what}",
                why=f"{name} reads {key}, which is not there in account {aws.account}",
                hint="ask the platform team to onboard the account there, or try another --region",
            ) from error
        except DrCatalogError:  # who may not read it leaves it to CloudFormation
            continue


def _last_termination(aws: Aws, name: str) -> str:
    try:
        records = aws.latest_records()
    except DrCatalogError:  # not every tenant may read history; `steps` manages without
        return ""
    mine = [r for r in records if r.launch == name and r.kind == TERMINATE]
    newest = max(mine, key=lambda record: record.created, default=None)
    return newest.id if newest else ""


def _present(
    aws: Aws, request: LaunchRequest, product: Product, present: Launch
) -> Follow | Nothing:
    """What there is to do when the suffix is taken, perhaps by an earlier call of this request."""
    suffix, layer = request.suffix, present.layer
    if present.status == PLAN_IN_PROGRESS:
        raise catalog.planned(aws, suffix, layer)
    if present.product_id and present.product_id != product.id:
        raise LaunchError(
            f"the suffix '{suffix}' is taken by another product",
            why=f"{present.name} is {_product_name(aws, present)}",
            hint="choose another --suffix",
        )
    record = aws.record(present.last_record)
    version_id = record.version_id if present.changing else present.version_id
    launched = product.version_named(version_id)
    if present.changing and record.kind != PROVISION:
        raise busy(aws, present, kind=record.kind)
    if request.version not in (None, launched):
        raise _different(aws, request, layer, why=f"it is at version {launched}")
    if not present.changing and present.status not in (AVAILABLE, TAINTED):
        raise failed_creation(aws, present)
    if present.status == TAINTED:
        raise LaunchError(
            f"'{present.label}' is launched, but its last operation failed and was rolled back",
            why=reason(aws, present, record),
            hint=f"see `{command(aws, 'status', suffix, layer=layer)}`, "
            f"then `{command(aws, 'upgrade', suffix, layer=layer)}`",
        )
    wanted = _wanted(aws, request, product, version_id)
    if present.changing:
        return Follow(
            operation=LAUNCH,
            suffix=suffix,
            product=product.name,
            version=launched,
            layer=layer,
            record=record.id,
            expected=wanted,
        )
    stack = launch_stack(aws, present)
    if stack and (differing := parameters.changed(wanted, stack.parameters)):
        raise _different(
            aws,
            request,
            layer,
            why=parameters.different_values(differing, stack.parameters),
        )
    return Nothing(
        operation=LAUNCH,
        suffix=suffix,
        product=product.name,
        version=launched,
        layer=layer,
        notes=(f"'{present.label}' is launched already: {product.name} {launched}",),
    )


def _wanted(aws: Aws, request: LaunchRequest, product: Product, version_id: str) -> dict[str, str]:
    """All values that the request stands for, defaults included; only what is given when unknown."""
    path = catalog.path_id(product)
    try:
        terms = aws.terms(product_id=product.id, version_id=version_id, path_id=path)
    except DrCatalogError:  # the version has been withdrawn since
        return dict(request.parameters)
    parameters.check(request.parameters, terms, subject=f"{product.name} {request.suffix}")
    defaults = {
        name: parameter.default
        for name, parameter in terms.parameters.items()
        if parameter.default is not None
        # What such a key resolves to is onboarding's setting, not the tenant's.
        and not parameter.type.startswith("AWS::SSM::")
    }
    return {**defaults, **_values(request, terms)}


def _different(aws: Aws, request: LaunchRequest, layer: str, *, why: str) -> LaunchError:
    version = ["--version", request.version] if request.version else []
    words = [*version, *settings(dict(request.parameters))]
    return LaunchError(
        f"'{label(request.suffix, layer)}' is launched already, with other settings",
        why=why,
        hint=f"change it with `{command(aws, 'upgrade', request.suffix, *words, layer=layer)}`",
    )


def _product_name(aws: Aws, launch: Launch) -> str:
    try:
        return aws.product(product_id=launch.product_id).name
    except DrCatalogError:  # a product the caller may no longer launch
        return launch.product_id


def busy(aws: Aws, launch: Launch, *, kind: str) -> LaunchError:
    """The error for a launch under which another operation runs."""
    doing = {PROVISION: "launched", TERMINATE: "terminated"}.get(kind, "changed")
    return LaunchError(
        f"'{launch.label}' is being {doing} at this moment",
        hint=f"wait until `{command(aws, 'status', launch.suffix, layer=launch.layer)}` "
        "says that it is done",
    )


def failed_creation(aws: Aws, launch: Launch) -> LaunchError:
    """The error for a launch in status ERROR, whose stack does not run."""
    record = aws.record(launch.last_record)
    doing = "terminate" if record.kind == TERMINATE else "launch"
    return LaunchError(
        f"an earlier attempt to {doing} '{launch.label}' failed",
        why=reason(aws, launch, record),
        hint="clear it away with "
        f"`{command(aws, 'terminate', launch.suffix, layer=launch.layer)}`, then launch again",
    )


def launched_version(aws: Aws, launch: Launch) -> tuple[Product, Version | None]:
    """A launch's product, and its version unless that is no longer active."""
    product = aws.product(product_id=launch.product_id)
    version = next((v for v in product.versions if v.id == launch.version_id), None)
    return product, version
