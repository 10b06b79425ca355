"""AWS Organizations, as far as a catalog's shares need it: accounts in units, and who may look.

    request -> service -> state <- service_catalog (which shares reach an account)
                               <- conditions (aws:PrincipalOrgID, aws:PrincipalOrgPaths)

ministack makes each account the management account of an organisation of its own, so it is replaced: an
account is in an organisation because one invited it, and that of the organisation answers.
"""

from __future__ import annotations


def register() -> None:
    """Put the service and the condition keys in place; once, before the server starts."""
    from ..extension import replace_service
    from . import conditions, service

    replace_service(name="organizations", handle=service.handle)
    conditions.install()
