"""An API answers whoever calls its address; a method with IAM authorization, its own account.

ministack looks for an API in the caller's account only: a call without a signature, such as a health
check's, finds none. Found across accounts, a method that asks for IAM must refuse the others.

See https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html
"""

from __future__ import annotations

from typing import Any

from ministack.core import responses
from ministack.core.router import extract_access_key_id
from ministack.services import apigateway_v1

from ..extension import require

_REFUSAL = "User is not authorized to access this resource"

_find = require(apigateway_v1, "find_api_scope")
_authorize = require(apigateway_v1, "_authorize_request_v1")
_refused = require(apigateway_v1, "_gw_error")
_apis = require(apigateway_v1, "_rest_apis")
_session_account = require(responses, "_account_from_sts_session")


def install() -> None:
    """Once, before the server starts."""
    apigateway_v1.find_api_scope = find
    apigateway_v1._authorize_request_v1 = authorize


def find(api_id: str) -> tuple[str, str] | None:
    """The account and region of an API, the caller's own first."""
    found: tuple[str, str] | None = _find(api_id)
    if found is not None:
        return found
    return next(
        ((account, region) for (account, region, key), _ in _apis.all_items() if key == api_id),
        None,
    )


async def authorize(
    api_id: str,
    stage_name: str,
    method_record: dict[str, Any],
    method: str,
    path: str,
    resource: Any,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    path_parameters: Any,
    stage: Any,
    owner: str,
    region: str,
) -> Any:
    """Let a request pass, or the error that answers it."""
    if method_record.get("authorizationType") == "AWS_IAM" and headers.get("authorization"):
        key = extract_access_key_id(headers, query) or ""
        if (_session_account(key) or key) != owner:
            return _refused("ACCESS_DENIED", _REFUSAL), None
    return await _authorize(
        api_id,
        stage_name,
        method_record,
        method,
        path,
        resource,
        headers,
        body,
        query,
        path_parameters,
        stage,
        owner,
        region,
    )
