"""Where ministack does another thing than AWS, mended from outside; one module a repair."""

from . import (
    alarm_events,
    assumed_roles,
    change_sets,
    failed_deletions,
    foreign_buckets,
    function_errors,
    function_workers,
    key_deletion,
    metric_order,
    open_apis,
    parameter_keys,
    replication,
    reserved_concurrency,
    scheduled_rules,
    secret_drift,
    table_replicas,
    taken_names,
    warm_starts,
)


def register() -> None:
    """Put every repair in place."""
    for repair in (
        alarm_events,
        assumed_roles,
        change_sets,
        failed_deletions,
        foreign_buckets,
        function_errors,
        function_workers,
        key_deletion,
        metric_order,
        open_apis,
        parameter_keys,
        replication,
        reserved_concurrency,
        scheduled_rules,
        secret_drift,
        table_replicas,
        taken_names,
        warm_starts,
    ):
        repair.install()
