"""Types that ministack has, held to what AWS refuses.

ministack writes its records without a look at what they name; a template that AWS would refuse comes
up. Such a type gets the properties that have an effect here, a check before it is made or changed, and
one before it is deleted; the work stays ministack's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services.cloudformation import provisioners

from ..extension import require
from .context import Made, Properties, known

_originals: dict[str, dict[str, Any]] = require(provisioners, "_RESOURCE_HANDLERS")


@dataclass(frozen=True, kw_only=True)
class CheckedType:
    """A type of ministack's behind checks.

    Args:
        TYPE: The CloudFormation type.
        properties: Those that have an effect.
        creating: Looks at the properties before the resource is made.
        changing: Looks at them before it is changed in place.
        deleting: Looks at a resource, by physical id and properties, before it goes.
        attributes: What Fn::GetAtt finds beside ministack's attributes, by physical id and properties.
        original: ministack's handlers.
    """

    TYPE: str
    properties: tuple[str, ...]
    creating: Callable[[Properties], None] = lambda properties: None
    changing: Callable[[Properties], None] = lambda properties: None
    deleting: Callable[[str, Properties], None] = lambda physical_id, properties: None
    attributes: Callable[[str, Properties], dict[str, Any]] = lambda physical_id, properties: {}
    original: dict[str, Any]
    TAGS: str = ""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Check, then create."""
        known(properties, self.properties)
        self.creating(properties)
        return self._with_attributes(
            self.original["create"](logical_id, properties, stack_name), properties
        )

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Check, then update; a type that can't be is replaced where it stands."""
        known(new, self.properties)
        self.changing(new)
        if "update" not in self.original:
            self.original["delete"](physical_id, old)
            return self.create(logical_id, new, stack_name)
        more = (logical_id,) if self.original.get("update_with_logical_id") else ()
        made = self.original["update"](physical_id, old, new, stack_name, *more)
        return self._with_attributes(made, new)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Check that nothing depends on it, then delete."""
        self.deleting(physical_id, properties)
        self.original["delete"](physical_id, properties)

    def _with_attributes(self, made: Made, properties: Properties) -> Made:
        physical_id, attributes = made
        return physical_id, {**attributes, **self.attributes(physical_id, properties)}


def checked(resource_type: str, *properties: str, **checks: Any) -> CheckedType:
    """A type of ministack's with these properties and checks; to be called before it is replaced."""
    return CheckedType(
        TYPE=resource_type,
        properties=properties,
        original=dict(_originals[resource_type]),
        **checks,
    )
