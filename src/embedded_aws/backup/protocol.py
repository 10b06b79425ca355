"""Requests and answers of AWS Backup as botocore's model has them: JSON over REST.

The model says where each parameter stands (path, query or body), which there must be and of what
kind they are; a request that does not fit is refused before an operation sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator

from ..extension import Response
from .errors import RefusedError, invalid
from .state import Answer, Params

_LABEL = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Route:
    """How one operation is called."""

    model: OperationModel
    method: str
    pattern: re.Pattern[str]


def read(
    names: Collection[str], method: str, path: str, body: bytes, query: Mapping[str, Any]
) -> tuple[str, Params]:
    """The operation that a request asks for, and its parameters.

    Args:
        names: The operations that there are.
        method: The request's method.
        path: Its path, decoded.
        body: Its body.
        query: Its query's parameters, each a value or a list of them.

    Raises:
        RefusedError: It is none of them, or a parameter is missing, unknown or of another kind.
    """
    for route in _routes(tuple(names)):
        match = route.pattern.fullmatch(path.rstrip("/"))
        if match and method == route.method:
            params = _params(route.model, match.groupdict(), body, query)
            _validate(params, route.model)
            return route.model.name, params
    raise RefusedError("NotImplementedException", f"{method} {path} is not of the embedded AWS")


def answer(name: str, result: Answer) -> Response:
    """The response with an operation's result, without what the model does not know."""
    model = _service().operation_model(name)
    shape = model.output_shape
    content = b"" if shape is None else json.dumps(_shaped(shape, result)).encode()
    status = int(model.http.get("responseCode", 200))
    return status, {"Content-Type": "application/json"}, content


def refusal(error: RefusedError) -> Response:
    """The response with an error."""
    content = {"__type": error.code, "Message": str(error), **error.more}
    headers = {"Content-Type": "application/json", "x-amzn-errortype": error.code}
    return 400, headers, json.dumps(content).encode()


@cache
def _service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("backup", "service-2"), "backup")


@cache
def _routes(names: tuple[str, ...]) -> tuple[Route, ...]:
    return tuple(_route(_service().operation_model(name)) for name in names)


def _route(model: OperationModel) -> Route:
    path = model.http["requestUri"].rstrip("/")
    pattern = re.compile(_LABEL.sub(r"(?P<\1>[^/]+)", path))
    return Route(model, model.http["method"], pattern)


def _params(
    model: OperationModel, labels: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> Params:
    try:
        content = json.loads(body) if body else {}
    except ValueError:
        raise RefusedError("SerializationException", "The body is not JSON") from None
    params = dict(content)
    shape = model.input_shape
    for name, member in shape.members.items() if shape is not None else ():
        where = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if where == "uri":
            params[name] = labels[wire]
        elif where == "querystring" and wire in query:
            value = query[wire]
            params[name] = _parsed(member, value[0] if isinstance(value, list) else value)
    return params


def _parsed(shape: Shape, value: str) -> Any:
    """A query's parameter, which arrives as text, as what the model says it is."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(value)
        if shape.type_name == "timestamp":
            return parse_timestamp(value)
    except ValueError:
        raise invalid(f"{value} is not of type {shape.type_name}") from None
    return value == "true" if shape.type_name == "boolean" else value


def _validate(params: Params, model: OperationModel) -> None:
    report = ParamValidator().validate(params, model.input_shape)
    if report.has_errors():
        text = report.generate_report()
        code = "MissingParameterValueException" if "Missing required" in text else ""
        raise RefusedError(code or "InvalidParameterValueException", text)


def _shaped(shape: Shape, value: Any) -> Any:
    if value is None:
        return None
    if shape.type_name == "structure":
        return {
            member.serialization.get("name", name): _shaped(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_shaped(shape.member, each) for each in value]
    return value
