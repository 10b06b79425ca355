"""A global table's writes reach the replicas whose regions they get to, and the others later.

While two regions are apart each goes on with its own writes. Afterwards every item is, in both, what
was written to it last.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

import copy
import functools
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import dynamodb

from ..extension import require
from ..regions import backlog, state

Item = dict[str, Any]

_replicate = require(dynamodb, "_replicate_write")
_group = require(dynamodb, "_replica_group")
_key_value = require(dynamodb, "_extract_key_val")
_REGIONS = "_global_regions"


def install() -> None:
    """Once, before the server starts."""
    dynamodb._replicate_write = replicate


def replicate(table: Item, event: str, old: Item | None, new: Item | None) -> None:
    """Apply a write to the table's other replicas, now or once it gets there."""
    home = get_region()
    apart = [region for region in _group(table) if state.held(home, region)]
    if not apart:
        _replicate(table, event, old, new)
        return
    near = [region for region in _group(table) if region not in apart]
    _replicate({**table, _REGIONS: near}, event, old, new)
    account, name, item = get_account_id(), table["TableName"], new if new is not None else old
    keys = [
        _key_value((item or {}).get(table[each])) for each in ("pk_name", "sk_name") if table[each]
    ]
    thing = ("dynamodb", account, name, *keys)
    time = backlog.wrote(thing, home)
    for region in apart:
        to = {"TableName": name, _REGIONS: [region]}
        apply = functools.partial(
            _later, account, home, to, event, copy.deepcopy(old), copy.deepcopy(new)
        )
        backlog.post(thing, source=home, destination=region, time=time, apply=apply)


def _later(account: str, home: str, to: Item, *write: Any) -> None:
    with request_scope(account, home):
        _replicate(to, *write)
