"""What tiers are composed of; ``composition`` says how.

==========  ======================================================
module      parts of
==========  ======================================================
launch      the launch region
pair        the launch region, where it brings up the others
records     the launch region, where one name leads to both
foundation  the peer's first template, which data needs there
workload    the peer's second, which stands on that data
witness     a third region's
alone       the launch region, where the peer has copies alone
copies      the peer's first template there, and what rebuilding it needs
restored    the template that rebuilds the peer from copies
both        launch region and peer alike; the two modules have them
==========  ======================================================
"""

from . import alone, copies, foundation, launch, pair, records, restored, witness, workload
from .composition import LaunchRegion, Part, Region, elsewhere, launched, rebuilt

__all__ = [
    "LaunchRegion",
    "Part",
    "Region",
    "alone",
    "copies",
    "elsewhere",
    "foundation",
    "launch",
    "launched",
    "pair",
    "rebuilt",
    "records",
    "restored",
    "witness",
    "workload",
]
