"""The concurrency that a template reserves for a function is reserved, and a function without any is off.

ministack keeps what PutFunctionConcurrency says and turns calls away by it, but drops the template's
property. As on AWS an update that does not change the property leaves alone what was set meanwhile. A REST
API in front of a function that turns calls away answers 500; ministack hands the function's 429 on.

See https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1, lambda_svc
from ministack.services.cloudformation import provisioners

from ..extension import Made, require

_PROPERTY = "ReservedConcurrentExecutions"
_FAILED = {
    "statusCode": 500,
    "headers": {
        "Content-Type": "application/json",
        "x-amzn-ErrorType": "InternalServerErrorException",
    },
    "body": '{"message": "Internal server error"}',
}

_handlers = require(provisioners, "_RESOURCE_HANDLERS")["AWS::Lambda::Function"]
_create, _update = _handlers["create"], _handlers["update"]
_functions = require(lambda_svc, "_functions")
_answered = require(apigateway_v1, "_lambda_proxy_response")


def install() -> None:
    """Once, before the server starts."""
    _handlers["create"], _handlers["update"] = create, update
    apigateway_v1._lambda_proxy_response = answered


def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Made:
    """Make the function, with what is reserved for it."""
    made: Made = _create(logical_id, properties, stack_name)
    _reserve(made[0], properties)
    return made


def update(
    physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str
) -> Made:
    """Change the function, and what is reserved for it where the template changes that."""
    made: Made = _update(physical_id, old, new, stack_name, logical_id)
    if made[0] != physical_id or old.get(_PROPERTY) != new.get(_PROPERTY):
        _reserve(made[0], new)
    return made


def answered(result: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """What a REST API makes of an invocation."""
    if result.get("throttle"):
        return dict(_FAILED), None
    answer: tuple[dict[str, Any] | None, str | None] = _answered(result)
    return answer


def _reserve(name: str, properties: dict[str, Any]) -> None:
    limit = properties.get(_PROPERTY)
    _functions[name]["concurrency"] = None if limit is None else int(limit)
