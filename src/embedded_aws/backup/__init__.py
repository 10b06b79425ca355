"""AWS Backup: vaults, plans, jobs and copies between the regions of an account.

vault_type.py, plan_types.py, testing_types.py: the resource types, which call the API
-> protocol.py: a request as botocore's model reads it -> service.py: its operation
-> vaults.py, plans.py, testing.py, settings.py: what is kept and read back, in the stores of state.py
-> jobs.py, copies.py, restores.py: recovery points (points.py) of tables, clusters and buckets
(sources.py), what they hold (contents.py), and what EventBridge and CloudWatch are told of them (told.py)

ministack's own service is replaced as a whole, since its jobs leave nothing behind. A recovery point
says whose it is, what encrypts it and how long it is kept, and holds the data there were. A cluster's is
a snapshot of RDS, and restored as one; there is no restore job for it. A job ends with the call that
starts it. Time does not pass: no schedule fires, no point expires.
"""

from __future__ import annotations


def register() -> None:
    """Register the service and its resource types."""
    from ..extension import register_type, replace_service
    from . import plan_types, service, testing_types, vault_type

    replace_service(name="backup", handle=service.handle)
    for module in (vault_type.Vault(), *plan_types.TYPES, *testing_types.TYPES):
        register_type(
            module.TYPE,
            create=module.create,
            update=module.update,
            delete=module.delete,
            tags=module.TAGS,
            tag_map=module.TAG_MAP,
        )
