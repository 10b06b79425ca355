"""What AWS Backup keeps, for each account and region."""

from __future__ import annotations

import time
import uuid
from typing import Any

from ministack.core.responses import get_account_id, get_region

from ..extension import account_region_store

Params = dict[str, Any]
Record = dict[str, Any]
Answer = dict[str, Any]

vaults = account_region_store()
"""By name."""
plans = account_region_store()
"""By id."""
selections = account_region_store()
"""By id."""
restore_plans = account_region_store()
"""By name."""
restore_selections = account_region_store()
"""By the names of the plan and the selection, with a slash between them."""
points = account_region_store()
"""By ARN; each says which vault it lies in."""
backup_jobs = account_region_store()
"""By id."""
copy_jobs = account_region_store()
"""By id, in the region that is copied from."""
restore_jobs = account_region_store()
"""By id."""
region_settings = account_region_store()
"""What was set, by the name of the preference."""


def arn(kind: str, name: str) -> str:
    """An ARN of AWS Backup in this account and region."""
    return f"arn:aws:backup:{get_region()}:{get_account_id()}:{kind}:{name}"


def now() -> float:
    """The time as AWS Backup gives it, to the millisecond."""
    return round(time.time(), 3)


def new_id() -> str:
    """An id for a plan, a job or a recovery point."""
    return str(uuid.uuid4())
