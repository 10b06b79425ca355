"""What tiers are composed of; ``composition`` says how.

==========  ======================================================
module      parts of
==========  ======================================================
launch      the launch region
pair        the launch region, where it brings up the others
foundation  the peer's first template, which data needs there
workload    the peer's second, which stands on that data
witness     a third region's
both        launch region and peer alike; the two modules have them
==========  ======================================================
"""

from . import foundation, launch, pair, witness, workload
from .composition import LaunchRegion, Part, Region, elsewhere, launched

__all__ = [
    "LaunchRegion",
    "Part",
    "Region",
    "elsewhere",
    "foundation",
    "launch",
    "launched",
    "pair",
    "witness",
    "workload",
]
