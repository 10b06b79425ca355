"""Lists: filtered by their parameters, newest first where they are of jobs and points, in pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import invalid, refuse_others
from .state import Answer, Params, Record

_PAGE = 1000
_PAGING = ("MaxResults", "NextToken")
CREATED = {"ByCreatedAfter": "after", "ByCreatedBefore": "before"}


def page(
    name: str,
    records: Iterable[Record],
    params: Params,
    *,
    filters: Mapping[str, str] | None = None,
    known: Iterable[str] = (),
) -> Answer:
    """One page of a list.

    Args:
        name: The list's name in the answer.
        records: All of them.
        params: The request's.
        filters: Which parameter asks for which member of a record, or, with ``after`` and ``before``,
            for when it was created.
        known: Further parameters, which the caller has looked at.

    Raises:
        RefusedError: A filter is not known, or the token is none of ours.
    """
    filters = filters or {}
    refuse_others(params, (*filters, *_PAGING, *known))
    found = [record for record in records if _fits(record, params, filters)]
    token = params.get("NextToken", "0")
    if not token.isdigit():
        raise invalid(f"Invalid NextToken {token}")
    start, length = int(token), int(params.get("MaxResults", _PAGE))
    answer: Answer = {name: found[start : start + length]}
    if start + length < len(found):
        answer["NextToken"] = str(start + length)
    return answer


def _fits(record: Record, params: Params, filters: Mapping[str, str]) -> bool:
    return all(
        _is(record, member, params[parameter])
        for parameter, member in filters.items()
        if parameter in params
    )


def _is(record: Record, member: str, wanted: Any) -> bool:
    if member == "after":
        return bool(record["CreationDate"] > wanted.timestamp())
    if member == "before":
        return bool(record["CreationDate"] < wanted.timestamp())
    return bool(record.get(member) == wanted)
