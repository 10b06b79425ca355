"""What every type needs: clients of the stack's account, and a strict look at the properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region

from ..clients import client

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]
"""Physical id and attributes."""


def here(service: str) -> Any:
    """A client in the stack's account and region."""
    return client(service, account=get_account_id(), region=get_region())


def there(service: str, region: str) -> Any:
    """A client in the stack's account and another region."""
    return client(service, account=get_account_id(), region=region)


def known(properties: Properties, names: Iterable[str]) -> None:
    """Refuse a property that would be dropped.

    Raises:
        ValueError: With the message CloudFormation gives.
    """
    for name in properties:
        if name not in names:
            raise ValueError(f"Encountered unsupported property {name}")


def tags(properties: Properties) -> list[dict[str, str]]:
    """The ``Tags`` property, without what CloudFormation reserves for itself."""
    return [
        {"Key": tag["Key"], "Value": str(tag["Value"])}
        for tag in properties.get("Tags", [])
        if not tag["Key"].startswith("aws:")
    ]


def refuse_replacement(type_name: str, name: str) -> None:
    """What CloudFormation says when a resource with a name of its own would be replaced.

    Raises:
        ValueError: Always.
    """
    raise ValueError(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        f"Rename {name} ({type_name}) and update the stack again."
    )
