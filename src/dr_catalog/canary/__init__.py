"""A canary in a stage: the default version is launched, looked at, upgraded to and terminated there.

    catalog + passes recorded in the stage -> plan -> Trial (candidate, version before it) or nothing to do
    Trial -> two flights side by side, each under a throw-away suffix
             fresh:   launch the candidate, look at both regions, stay up while it bakes
             upgrade: launch the version before it, upgrade to the candidate, look at both regions
          -> terminate with purge, see that nothing is left -> the pass is recorded in the stage

What is about to be launched is written down in the stage first and struck out once nothing of it is
left. So whoever comes after a run that was killed knows what to clear away: the next canary, or
``dr-catalog canary --clean``.
"""

from .ground import Ground, enter
from .records import Pass
from .run import Canary, Trialled

__all__ = ["Canary", "Ground", "Pass", "Trialled", "enter"]
