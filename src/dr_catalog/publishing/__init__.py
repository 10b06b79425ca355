"""From the repository to a stage, and from a stage to a tenant account.

    Publish: synthesise the stage's stacks -> asset bucket and files -> portfolio -> guidance -> digests
    Onboard: roles once -> parameters, share accepted, principals in each region of the pair

Each part reads what is there first and writes only what differs, so a run that was interrupted is
simply run again, and a run with nothing new changes nothing.
"""

from .accounts import Accounts
from .onboard import Onboarded, Onboarding
from .publish import Published, Publishing

__all__ = ["Accounts", "Onboarded", "Onboarding", "Published", "Publishing"]
