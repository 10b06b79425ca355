"""DNS: Route 53's records and health checks, ACM's certificates, API Gateway's custom domains.

health_check.py, record_set.py, certificate.py, domain_name.py, base_path_mapping.py: the resource
types, which call the APIs -> health.py, records.py, certificates.py, domains.py: ministack's services,
held to what AWS refuses -> zones.py: the zones of all accounts; endpoints.py: asks what health checks ask

TestDNSAnswer -> answers.py: the record that its policy and its health choose
a request whose Host is a custom domain -> domains.py -> answers.py: which region's API
"""

from __future__ import annotations


def register() -> None:
    """Register the resource types, and hold the services to their rules."""
    from ..extension import register_type
    from . import (
        answers,
        base_path_mapping,
        certificate,
        certificates,
        domain_name,
        domains,
        endpoints,
        health,
        health_check,
        record_set,
        records,
        zones,
    )

    for service in (zones, endpoints, health, records, answers, certificates, domains):
        service.install()
    for module in (health_check, record_set, certificate, domain_name, base_path_mapping):
        register_type(
            module.TYPE,
            create=module.create,
            update=module.update,
            delete=module.delete,
            tags=module.TAGS,
        )
