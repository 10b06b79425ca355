"""Plan a termination, and refuse it while the launch is protected.

    suffix -> plan_termination (reads only) -> Terminate | Follow | Nothing

The launch's own guard refuses as well, once CloudFormation is at work; reading the setting first
means that a refusal leaves the provisioned product untouched and AVAILABLE.
"""

from __future__ import annotations

from .. import names
from ..errors import DrCatalogError, LaunchError, NotFoundError
from . import catalog
from .aws import Aws
from .hints import command
from .launching import busy
from .model import SUCCEEDED, TERMINATE, Launch, Stack, launch_name
from .stacks import launch_stack
from .steps import TERMINATE as OPERATION
from .steps import Follow, Nothing, Terminate

PROTECTION, ON_TERMINATION = "DeletionProtection", "OnTermination"

# Stacks in these states take no update, so protection can't be switched off there; what never came
# up holds nothing to protect, and what is half deleted is left to its own guard.
_NOT_RUNNING = {
    "CREATE_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_FAILED",
    "DELETE_COMPLETE",
}


def plan_termination(aws: Aws, suffix: str) -> Terminate | Follow | Nothing:
    """What a termination has to do.

    Raises:
        NotFoundError: There is no such launch, and history shows none that was terminated.
        LaunchError: Deletion protection is on, or another operation runs.
    """
    names.check_suffix(suffix)
    try:
        launch = catalog.find_launch(aws, suffix)
    except NotFoundError:
        if _terminated_before(aws, suffix):
            return Nothing(
                operation=OPERATION,
                suffix=suffix,
                product="",
                version="",
                notes=(f"'{suffix}' is terminated already",),
            )
        raise
    product, version = _named(aws, launch)
    if launch.changing:
        record = aws.record(launch.last_record)
        if record.kind != TERMINATE:
            raise busy(aws, suffix, kind=record.kind)
        return Follow(
            operation=OPERATION, suffix=suffix, product=product, version=version, record=record.id
        )
    stack = launch_stack(aws, launch)
    _check_protection(aws, suffix, stack)
    return Terminate(
        operation=OPERATION,
        suffix=suffix,
        product=product,
        version=version,
        launch=launch,
        on_termination=stack.parameters.get(ON_TERMINATION, "")
        if stack and stack.status not in _NOT_RUNNING
        else "",
        peer_region=aws.peer_region,
        notes=()
        if stack
        else ("the launch's settings can't be read; its own guard decides about protection",),
    )


def _check_protection(aws: Aws, suffix: str, stack: Stack | None) -> None:
    if stack is None or stack.status in _NOT_RUNNING:
        return
    if stack.parameters.get(PROTECTION) == "true":
        raise LaunchError(
            f"'{suffix}' is protected against deletion; nothing has been touched",
            why=f"its parameter {PROTECTION} is true",
            hint=f"`{command(aws, 'upgrade', suffix, '--set', f'{PROTECTION}=false')}`, "
            "then terminate again",
        )


def _named(aws: Aws, launch: Launch) -> tuple[str, str]:
    try:
        product = aws.product(product_id=launch.product_id)
    except DrCatalogError:  # a product that was withdrawn can still be terminated
        return launch.product_id, launch.version_id
    return product.name, product.version_named(launch.version_id)


def _terminated_before(aws: Aws, suffix: str) -> bool:
    try:
        records = aws.latest_records()
    except DrCatalogError:
        return False
    mine = [record for record in records if record.launch == launch_name(suffix)]
    newest = max(mine, key=lambda record: record.created, default=None)
    return newest is not None and (newest.kind, newest.status) == (TERMINATE, SUCCEEDED)
