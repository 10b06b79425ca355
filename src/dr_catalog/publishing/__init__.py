"""From the repository to a stage, and from a stage to a tenant account.

    Publish: synthesise the stage's stacks -> asset bucket and files -> portfolio -> guidance -> digests
    Onboard: roles once -> parameters, share accepted, principals, AWS Backup's settings in each
        region of the pair
    Tenants: accounts that have the portfolio -> what each runs, through the role that onboarding made
    Offboard: nothing launched -> principals, share, parameters in each region -> roles

Each part reads what is there first and writes only what differs, so a run that was interrupted is
simply run again, and a run with nothing new changes nothing.
"""

from .accounts import Accounts
from .offboard import Offboarded, Offboarding, OffboardingPlan
from .onboard import Onboarded, Onboarding
from .onboard_unit import Outcome, UnitOnboarding
from .publish import Published, Publishing
from .rollback import Rollback, RolledBack
from .tenants import Tenant, Tenants

__all__ = [
    "Accounts",
    "Offboarded",
    "Offboarding",
    "OffboardingPlan",
    "Onboarded",
    "Onboarding",
    "Outcome",
    "Published",
    "Publishing",
    "Rollback",
    "RolledBack",
    "Tenant",
    "Tenants",
    "UnitOnboarding",
]
