"""What a tier has, found in its templates: by resource type and property, never by the tier's name.

    templates + parameters -> values of each template -> Place (a resource with its values) -> Figure

The launch region's parameters have their defaults, or those of a launch. What the other templates are
handed is worked out from the StackSets of the primary one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..releases.template import Resource, Template, as_list, dig
from ..releases.values import Unknown, Values
from .model import DATABASE, DOCUMENTS, STORES, TABLE, Unbounded

PRIMARY, PEER, RESTORE = "primary", ("foundation", "workload"), "restore"
TYPES: Mapping[str, tuple[str, ...]] = {
    DATABASE: ("AWS::RDS::DBCluster",),
    TABLE: ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"),
    DOCUMENTS: ("AWS::S3::Bucket",),
}
"""Where a tenant's data lies."""


@dataclass(frozen=True)
class Figure:
    """A number of a template, and where it stands."""

    value: float
    source: str

    def seconds(self, unit: float = 1) -> int:
        """The number times the unit's seconds, rounded up."""
        return math.ceil(self.value * unit)


@dataclass(frozen=True)
class Place:
    """A resource of one of the templates.

    Args:
        template: The template.
        resource: The resource.
        values: What the template's expressions come to.
    """

    template: Template
    resource: Resource
    values: Values

    def text(self, path: str) -> str:
        """The property at a dotted path as text, parameters and conditions worked out.

        Raises:
            Unbounded: It is not there, or stands on what only a launch makes.
        """
        return self.worked_out(self.resource.get(path), path)

    def number(self, path: str, *, of: Any = None, at: str = "") -> Figure:
        """The number at a dotted path, of the resource or of a part of it.

        Args:
            path: The path.
            of: The part; the resource's properties by default.
            at: Where the part stands.

        Raises:
            Unbounded: It is not there, or is no number that can be told.
        """
        value = self.resource.get(path) if of is None else dig(of, path)
        whole = f"{at}.{path}" if at else path
        text = self.worked_out(value, whole)
        try:
            return Figure(float(text), self.source(whole))
        except ValueError:
            raise Unbounded(f"{self.source(whole)} is '{text}' and no number") from None

    def worked_out(self, value: Any, path: str) -> str:
        """What an expression of the resource comes to.

        Raises:
            Unbounded: As for ``text``.
        """
        if value is None:
            raise Unbounded(f"{self.source(path)} is not there")
        try:
            return self.values.text(value)
        except Unknown as error:
            raise Unbounded(f"{self.source(path)} stands on {error}") from None

    def source(self, path: str) -> str:
        """Where a property stands, as a line tells it."""
        return f"{self.template.role} {self.resource.id}.{path}"


@dataclass(frozen=True)
class Estate:
    """A release's templates with the values of their parameters.

    Args:
        templates: By role.
        parameters: What a launch gives; its defaults where it gives none.
    """

    templates: Mapping[str, Template]
    parameters: Mapping[str, str]

    def find(self, *types: str, roles: tuple[str, ...] = (PRIMARY, *PEER)) -> Iterator[Place]:
        """The resources of these types in the templates of these roles, in the roles' order."""
        for role in roles:
            if role in self.templates:
                template = self.templates[role]
                for resource in template.resources(*types):
                    yield Place(template, resource, self._values[role])

    @cached_property
    def stores(self) -> Mapping[str, Place]:
        """Where a tenant's data lies in the launch region: what a deletion of the stack leaves."""
        found: dict[str, Place] = {}
        for store in STORES:
            for place in self.find(*TYPES[store], roles=(PRIMARY,)):
                if str(place.resource.body.get("DeletionPolicy", "")).startswith("Retain"):
                    found.setdefault(store, place)
        return found

    @property
    def restores(self) -> bool:
        """Whether a template of the release restores from copies."""
        return RESTORE in self.templates

    def alarm(self, metric: str, **properties: str) -> Place | None:
        """The first alarm on the metric with these properties, that of the launch region before the peer's."""
        asked = {"MetricName": metric, **properties}
        for place in self.find("AWS::CloudWatch::Alarm"):
            if all(place.resource.get(name) == value for name, value in asked.items()):
                return place
        return None

    @cached_property
    def _values(self) -> Mapping[str, Values]:
        primary = _values(self.templates[PRIMARY], self.parameters)
        handed: dict[str, dict[str, str]] = {role: {} for role in self.templates}
        for resource in self.templates[PRIMARY].resources("AWS::CloudFormation::StackSet"):
            name = self.templates[PRIMARY].text(resource.get("StackSetName"))
            for role in self.templates:
                if f"-{role}-" in name:
                    handed[role] |= _handed(resource, primary)
        others = {
            role: _values(template, handed[role])
            for role, template in self.templates.items()
            if role != PRIMARY
        }
        return {PRIMARY: primary, **others}


def _values(template: Template, given: Mapping[str, str]) -> Values:
    defaults = {
        name: str(body["Default"])
        for name, body in template.parameters.items()
        if "Default" in body
    }
    return Values(
        known={**defaults, **given},
        conditions=template.body.get("Conditions", {}),
        setting=_setting,
    )


def _handed(resource: Resource, primary: Values) -> dict[str, str]:
    """What a StackSet hands to its template, as far as it is known before anything is made."""
    found = {}
    for entry in as_list(resource.get("Parameters")):
        try:
            found[str(dig(entry, "ParameterKey"))] = primary.text(dig(entry, "ParameterValue"))
        except Unknown:
            continue
    return found


def _setting(name: str) -> str:
    raise Unknown(f"the parameter {name}")
