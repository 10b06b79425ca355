"""Drift detection finds a secret by its ARN, which is its physical id; ministack looks by name only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import drift

from ..extension import require

_TYPE = "AWS::SecretsManager::Secret"

_readers = require(drift, "_DRIFT_READERS")
_resolve = require(secretsmanager, "_resolve")


def install() -> None:
    """Once, before the server starts."""
    read, properties = _readers[_TYPE]

    def by_arn(physical_id: str, props: Mapping[str, Any]) -> Any:
        name, _ = _resolve(physical_id)
        return read(name, props) if name else None

    _readers[_TYPE] = (by_arn, properties)
