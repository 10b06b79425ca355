"""Aurora PostgreSQL: real servers behind RDS.

secret.py, global_cluster.py, cluster.py, instance.py: the resource types, which call the APIs;
secret_replicas.py: what the secrets' API lacks
-> service.py: its actions, held to checks.py -> databases.py: which server stands behind which
cluster -> postgres.py: one server, in a folder of folder.py

a client -> forwarder.py: an endpoint, with TLS (certificate.py) and IAM tokens (tokens.py)
-> databases.py: where it leads now -> the server's socket

What a template must know: every endpoint has the port of its cluster's ``Endpoint.Port``, the reader's
and the global one too; 5432 unless the template says otherwise or this machine has it taken. The
endpoints are addresses in 127.0.0.0/8. The parameters of a parameter group are kept and read back;
``rds.force_ssl`` alone has an effect. PostgreSQL is 18, whatever ``EngineVersion`` says.

The data lives as long as the process: a state folder keeps RDS's records, and their endpoints are
closed after a restart.
"""

from __future__ import annotations


def register() -> None:
    """Register the resource types, and put the servers behind RDS."""
    import atexit

    from ministack.services.cloudformation import provisioners

    from ..extension import register_type, require
    from . import cluster, databases, global_cluster, instance, secret, secret_replicas, service

    service.install()
    secret_replicas.install()
    for module in (secret, global_cluster, cluster, instance):
        register_type(
            module.TYPE,
            create=module.create,
            update=module.update,
            delete=module.delete,
            tags=module.TAGS,
        )
    require(provisioners, "_RESOURCE_HANDLERS")[cluster.TYPE]["snapshot"] = cluster.refuse_snapshot
    atexit.register(databases.end)
