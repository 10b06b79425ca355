"""Plan a termination, and refuse it while the launch is protected or another layer needs it.

    suffix -> plan_termination (reads only) -> Terminate | Follow | Nothing

The launch's own guard refuses as well, once CloudFormation is at work; looking first means that a
refusal leaves the provisioned product untouched and AVAILABLE.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import names
from ..errors import DrCatalogError, LaunchError, NotFoundError, UsageError
from . import blocks, catalog
from .aws import Aws
from .hints import command
from .launching import busy
from .model import SUCCEEDED, TERMINATE, Launch, Stack, label, launch_name
from .stacks import launch_stack
from .steps import TERMINATE as OPERATION
from .steps import Follow, Nothing, Terminate

PROTECTION, ON_TERMINATION = "DeletionProtection", "OnTermination"
_OFF = ("--set", f"{PROTECTION}=false")

# Stacks in these states take no update, so protection can't be switched off there; what never came
# up holds nothing to protect, and what is half deleted is left to its own guard.
_NOT_RUNNING = {
    "CREATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_FAILED",
    "DELETE_COMPLETE",
}


def plan_termination(aws: Aws, suffix: str, layer: str = "") -> Terminate | Follow | Nothing:
    """What a termination has to do.

    Args:
        aws: The launching account.
        suffix: The environment suffix.
        layer: The layer, where several are launched under the suffix.

    Raises:
        NotFoundError: There is no such launch, and history shows none that was terminated.
        UsageError: Several layers are launched under the suffix, and none is named.
        LaunchError: Deletion protection is on, another layer needs it, or another operation runs.
    """
    names.check_suffix(suffix)
    try:
        found = catalog.find_launches(aws, suffix, layer)
    except NotFoundError:
        if _terminated_before(aws, suffix, layer):
            return Nothing(
                operation=OPERATION,
                suffix=suffix,
                product="",
                version="",
                layer=layer,
                notes=(f"'{label(suffix, layer)}' is terminated already",),
            )
        raise
    if len(found) > 1:
        raise _one_at_a_time(aws, suffix, found)
    (launch,) = found
    product, version = _named(aws, launch)
    if launch.changing:
        record = aws.record(launch.last_record)
        if record.kind != TERMINATE:
            raise busy(aws, launch, kind=record.kind)
        return Follow(
            operation=OPERATION,
            suffix=suffix,
            product=product,
            version=version,
            layer=launch.layer,
            record=record.id,
        )
    stack = launch_stack(aws, launch)
    if launch.layer:
        blocks.check_unused(aws, launch)
    _check_protection(aws, launch, stack)
    return Terminate(
        operation=OPERATION,
        suffix=suffix,
        product=product,
        version=version,
        layer=launch.layer,
        launch=launch,
        on_termination=stack.parameters.get(ON_TERMINATION, "")
        if stack and stack.status not in _NOT_RUNNING
        else "",
        peer_region=aws.peer_region,
        notes=()
        if stack
        else ("the launch's settings can't be read; its own guard decides about protection",),
    )


def _one_at_a_time(aws: Aws, suffix: str, found: Sequence[Launch]) -> UsageError:
    order = [each.layer for each in blocks.users_first(aws, found)]
    return UsageError(
        f"several layers are launched under '{suffix}', and they are terminated one at a time",
        why=f"in this order, each before those that it needs: {', '.join(order)}",
        hint=f"begin with `{command(aws, 'terminate', suffix, layer=order[0])}`",
    )


def _check_protection(aws: Aws, launch: Launch, stack: Stack | None) -> None:
    if stack is None or stack.status in _NOT_RUNNING:
        return
    if stack.parameters.get(PROTECTION) == "true":
        raise LaunchError(
            f"'{launch.label}' is protected against deletion; nothing has been touched",
            why=f"its parameter {PROTECTION} is true",
            hint=f"`{command(aws, 'upgrade', launch.suffix, *_OFF, layer=launch.layer)}`, "
            "then terminate again",
        )


def _named(aws: Aws, launch: Launch) -> tuple[str, str]:
    try:
        product = aws.product(product_id=launch.product_id)
    except DrCatalogError:  # a product that was withdrawn can still be terminated
        return launch.product_id, launch.version_id
    return product.name, product.version_named(launch.version_id)


def _terminated_before(aws: Aws, suffix: str, layer: str) -> bool:
    """Whether the last thing that history shows of it, or of any layer under the suffix, is its end."""
    try:
        records = aws.latest_records()
    except DrCatalogError:
        return False
    name = launch_name(suffix, layer)
    mine = [
        record
        for record in records
        if record.launch == name or (not layer and record.launch.startswith(f"{name}."))
    ]
    newest = max(mine, key=lambda record: record.created, default=None)
    return newest is not None and (newest.kind, newest.status) == (TERMINATE, SUCCEEDED)
