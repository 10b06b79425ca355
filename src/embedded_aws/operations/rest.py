"""Which operation a REST request is, by method, path and what botocore's model says it must carry.

A model is read when its service is first called and only its routes are kept. A route fits when its
literal segments, the query markers of its URI (``?uploads``) and its required query and header
members are all there; of those that fit, the one that asks most is the operation.

https://smithy.io/2.0/spec/http-bindings.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader


@dataclass(frozen=True)
class Route:
    """How one operation is called.

    Args:
        segments: The path's segments; a label is ``{name}``, one that takes the rest ``{name+}``.
        markers: Query parameters with a fixed value, empty where any does.
        members: Query parameters that must be there, in the order of the model.
        headers: Headers that must be there, in lower case.
    """

    operation: str
    method: str
    segments: tuple[str, ...]
    markers: tuple[tuple[str, str], ...]
    members: tuple[str, ...]
    headers: tuple[str, ...]

    @property
    def demands(self) -> int:
        """How much the route asks of a request: more fits better."""
        literal = sum(not segment.startswith("{") for segment in self.segments)
        return literal + 2 * len(self.markers) + len(self.members) + len(self.headers)

    def fits(
        self, method: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str]
    ) -> bool:
        """Whether a request may be this operation."""
        return (
            method == self.method
            and _path_fits(self.segments, _split(path))
            and all(name in query for name, _ in self.markers)
            and all(value in ("", _value(query, name)) for name, value in self.markers)
            and all(name in query for name in self.members)
            and all(name in headers for name in self.headers)
        )


def operation(
    service: str,
    *,
    method: str,
    path: str,
    query: Mapping[str, Any],
    headers: Mapping[str, str],
    preferred: Collection[str] = (),
) -> str | None:
    """The operation's name, ``None`` when the request is none of the service's.

    Args:
        service: boto3's name of the service.
        path: Percent-encoded, so that a slash in a label is not one in the path.
        query: The query's parameters, each a value or a list of them.
        headers: The request's headers, their names in lower case.
        preferred: Taken where two operations are called alike (S3 has such pairs).
    """
    fitting = [each for each in _routes(service) if each.fits(method, path, query, headers)]
    if not fitting:
        return None
    return max(fitting, key=lambda each: (each.demands, each.operation in preferred)).operation


@cache
def _routes(service: str) -> tuple[Route, ...]:
    try:
        return tuple(_parse(Loader().load_service_model(service, "service-2")))
    except UnknownServiceError:  # the signature's name of a service may not be boto3's
        return ()


def _parse(model: dict[str, Any]) -> Iterator[Route]:
    for name, operation_model in model["operations"].items():
        http = operation_model["http"]
        path, _, query = http["requestUri"].partition("?")
        shape = model["shapes"].get(operation_model.get("input", {}).get("shape"), {})
        required = [shape["members"][member] for member in shape.get("required", ())]
        yield Route(
            operation=name,
            method=http["method"],
            segments=_split(path),
            markers=tuple(parse_qsl(query, keep_blank_values=True)),
            members=tuple(_bound(required, "querystring")),
            headers=tuple(header.lower() for header in _bound(required, "header")),
        )


def _bound(members: list[dict[str, Any]], location: str) -> Iterator[str]:
    return (each["locationName"] for each in members if each.get("location") == location)


def _split(path: str) -> tuple[str, ...]:
    return tuple(segment for segment in path.split("/") if segment)


def _path_fits(template: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    if template and template[-1].endswith("+}"):
        if len(segments) < len(template):
            return False
        template = template[:-1]
        segments = segments[: len(template)]
    return len(template) == len(segments) and all(
        expected.startswith("{") or expected == segment
        for expected, segment in zip(template, segments, strict=True)
    )


def _value(query: Mapping[str, Any], name: str) -> Any:
    value = query.get(name)
    return value[0] if isinstance(value, list) and value else value
