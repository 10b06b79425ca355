"""Names: an API's own domain, the records that point to it and the checks that choose among them."""

from __future__ import annotations

from . import dns_domain, dns_records, dns_service

TYPES = (*dns_domain.TYPES, *dns_records.TYPES)


def install() -> None:
    """What Route 53 itself does otherwise than ministack; once, before the server starts."""
    dns_service.install()
