"""A secret's replicas can be taken away, and must be before the secret is deleted.

ministack has no RemoveRegionsFromReplication, and deletes replicas with their secret.

See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RemoveRegionsFromReplication.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import secretsmanager

from ..extension import Response, require

_handle = require(secretsmanager, "handle_request")
_delete = require(secretsmanager, "_delete_secret")
_resolve = require(secretsmanager, "_resolve")
_is_replica = require(secretsmanager, "_is_replica")
_replica_refused = require(secretsmanager, "_replica_mutation_error")
_secrets = require(secretsmanager, "_secrets")


def install() -> None:
    """Once, before the server starts."""
    secretsmanager.handle_request = handle
    secretsmanager._delete_secret = delete


async def handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    """Answer what ministack lacks."""
    if headers.get("x-amz-target", "").endswith(".RemoveRegionsFromReplication"):
        return remove(json.loads(body))
    answer: Response = await _handle(method, path, headers, body, query)
    return answer


def remove(data: dict[str, Any]) -> Response:
    """RemoveRegionsFromReplication."""
    _, secret = _resolve(data.get("SecretId"))
    if not secret:
        return _refused(
            "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
        )
    if _is_replica(secret):
        refused: Response = _replica_refused()
        return refused
    gone = data.get("RemoveReplicaRegions") or []
    unknown = sorted(set(gone) - _regions(secret))
    if unknown or not gone:
        return _refused(
            "InvalidParameterException",
            f"The secret {secret['Name']} has no replica in: {', '.join(unknown) or '-'}",
        )
    for region in gone:
        _secrets.pop_scoped(get_account_id(), region, secret["Name"], None)
    secret["ReplicationStatus"] = [
        each for each in secret["ReplicationStatus"] if each["Region"] not in gone
    ]
    answer: Response = json_response(
        {"ARN": secret["ARN"], "ReplicationStatus": secret["ReplicationStatus"]}
    )
    return answer


def delete(data: dict[str, Any]) -> Response:
    """DeleteSecret, of a secret that has no replica."""
    _, secret = _resolve(data.get("SecretId"))
    regions = _regions(secret) if secret else set()
    if regions:
        return _refused(
            "InvalidRequestException",
            f"You can't delete secret {secret['Name']} that still has replica regions "
            f"{sorted(regions)}",
        )
    answer: Response = _delete(data)
    return answer


def _regions(secret: dict[str, Any]) -> set[str]:
    return {each["Region"] for each in secret.get("ReplicationStatus", ())}


def _refused(code: str, message: str) -> Response:
    answer: Response = error_response_json(code, message, 400)
    return answer
