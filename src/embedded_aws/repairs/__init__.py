"""Where ministack does another thing than AWS, mended from outside; one module a repair."""

from . import foreign_buckets, key_deletion, parameter_keys, replication


def register() -> None:
    """Put every repair in place."""
    for repair in (foreign_buckets, key_deletion, parameter_keys, replication):
        repair.install()
