"""Where ministack does another thing than AWS, mended from outside; one module a repair."""

from . import (
    assumed_roles,
    change_sets,
    failed_deletions,
    foreign_buckets,
    function_workers,
    key_deletion,
    open_apis,
    parameter_keys,
    replication,
    secret_drift,
    taken_names,
    warm_starts,
)


def register() -> None:
    """Put every repair in place."""
    for repair in (
        assumed_roles,
        change_sets,
        failed_deletions,
        foreign_buckets,
        function_workers,
        key_deletion,
        open_apis,
        parameter_keys,
        replication,
        secret_drift,
        taken_names,
        warm_starts,
    ):
        repair.install()
