"""What is missing on this machine, in these credentials, in this account or in this catalog.

    CHECKS (rows of group, name, needs, look) -> examine -> Finding (ok | mend | skipped, with the way out)

A look answers in words what it found, raises ``Mend`` with the way out, or ``Skip`` with the reason. Looks
only read, all at once, and give up on a call after three seconds; one that needs another's success waits
for it. A call that these credentials may not make is no fault of the account: it is skipped.
"""

from __future__ import annotations

from . import catalog, identity, launches, machine, onboarding
from .model import MEND, OK, SKIPPED, Check, Finding, Surroundings
from .run import examine

CHECKS: tuple[Check, ...] = (
    *machine.CHECKS,
    *identity.CHECKS,
    *onboarding.CHECKS,
    *launches.CHECKS,
    *catalog.CHECKS,
)

__all__ = ["CHECKS", "MEND", "OK", "SKIPPED", "Check", "Finding", "Surroundings", "examine"]
