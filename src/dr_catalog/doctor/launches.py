"""What is launched here, against what is offered now."""

from __future__ import annotations

from .. import names
from ..provisioning import Aws, Status, launched, offered
from ..provisioning.model import DEPRECATED, ERROR, TAINTED, label
from .model import CALL_SECONDS, Check, Mend, Skip, Surroundings

_BROKEN = (TAINTED, ERROR)


def states(surroundings: Surroundings) -> str:
    """No launch failed or rolled back."""
    found = launched(_aws(surroundings))
    if not found:
        raise Skip(f"nothing is launched in {surroundings.region}")
    broken = [each for each in found if each.status in _BROKEN]
    if broken:
        raise Mend(
            ", ".join(f"{_name(each)} is {each.status}" for each in broken),
            "; ".join(f"`{_command('status', each)}` says why" for each in broken),
        )
    return ", ".join(f"{_name(each)}: {each.status}" for each in found)


def versions(surroundings: Surroundings) -> str:
    """Each launch is at a version that the platform team still offers."""
    aws = _aws(surroundings)
    found = launched(aws)
    if not found:
        raise Skip(f"nothing is launched in {surroundings.region}")
    current = {
        product.name: {
            version.name for version in product.versions if version.guidance != DEPRECATED
        }
        for product in offered(aws)
    }
    # Who is offered no such product can't know its versions.
    left = [
        each
        for each in found
        if each.product in current and each.version not in current[each.product]
    ]
    if left:
        raise Mend(
            ", ".join(f"{e.suffix}: {e.product} {e.version} is no longer offered" for e in left),
            "; ".join(f"`{_command('upgrade', each)}`" for each in left),
        )
    return ", ".join(
        f"{each.suffix}: {each.product} {each.version}"
        + (f", {each.newest} is out" if each.newest not in ("", each.version) else "")
        for each in found
    )


def _name(row: Status) -> str:
    return label(row.suffix, row.layer)


def _command(operation: str, row: Status) -> str:
    return f"dr-catalog {operation} {names.launch_options(suffix=row.suffix, layer=row.layer)}"


def _aws(surroundings: Surroundings) -> Aws:
    return Aws(region=surroundings.region, call_seconds=CALL_SECONDS)


CHECKS = (
    Check("launches", "states", states, needs=("account", "region")),
    Check("launches", "versions", versions, needs=("account", "region")),
)
