"""Deletes the database instances that no template knows: those a recovery made at run time.

CloudFormation would leave them running, and fail on the network they are in.

See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
"""

from __future__ import annotations

from deadline import Deadline
from guarded_database import GuardedDatabase, Half


def delete_run_time_instances(database: GuardedDatabase, *, deadline: Deadline) -> None:
    """Delete them in both regions, and wait until they are gone.

    Raises:
        Refused, Unfinished: Time is short.
    """
    deadline.repeat(
        lambda: any(tuple(map(_delete, database)))
    )  # both begin before either is awaited


def _delete(half: Half) -> bool:
    """Whether there was one."""
    found = [name for name in half.instances() if name != half.instance]
    for name in found:
        half.delete_instance(name)
    return bool(found)
