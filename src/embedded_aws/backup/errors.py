"""AWS Backup refuses a request.

Where AWS's own words are known they are used; elsewhere the code is AWS's and the sentence ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class RefusedError(Exception):
    """AWS Backup refuses the request.

    Args:
        code: The exception of AWS Backup's model.
        message: Its text.
        more: The exception's other members.
    """

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.more = more


def invalid(message: str) -> RefusedError:
    """A parameter's value is wrong."""
    return RefusedError("InvalidParameterValueException", message)


def conflicting(message: str) -> RefusedError:
    """What is asked for does not go with what is there."""
    return RefusedError("InvalidRequestException", message)


def not_found(message: str) -> RefusedError:
    """A resource is not there."""
    return RefusedError("ResourceNotFoundException", message)


def refuse_others(values: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse what AWS Backup knows and this does not, so that nothing is dropped.

    Raises:
        RefusedError: A value is there whose name is not known.
    """
    for name in values:
        if name not in known:
            raise invalid(f"The embedded AWS Backup has no {name}")
