"""Whose credentials a command uses, and the region it begins in."""

from __future__ import annotations

import boto3

from .translation import no_region, translated


def located(
    *, region: str | None, session: boto3.session.Session | None, endpoint: str | None
) -> tuple[boto3.session.Session, str]:
    """The session and the region of a command.

    Args:
        region: The region that was asked for; the session's default where it is None.
        session: Whose credentials; boto3's default where it is None.
        endpoint: A local endpoint, for what an error says; None on AWS.

    Raises:
        SetupError: No region is known, or the profile does not exist.
    """
    with translated(endpoint=endpoint):
        session = session or boto3.session.Session(region_name=region)
    found = region or session.region_name
    if not found:
        raise no_region()
    return session, found
