"""Launch, watch, upgrade, inspect and terminate tiers and layers through Service Catalog's public API.

    request -> plan_launch | plan_upgrade | plan_termination   reads only
            -> Provision | Update | Terminate | Follow | Nothing   the step, as data
            -> execute                                          writes, answers a record
            -> preview (makes, reads and deletes a plan)         what it would change, in both regions
            -> wait                                             both regions' events, then the outcome

`Aws` is the only object that calls AWS. What is launched here and what is launched from the console
are the same; a rerun after an interruption finds what it began and goes on waiting.
"""

from .aws import Aws
from .blocks import Block
from .describing import Built, Description, describe
from .drifting import Drift, drift
from .health import Health, health
from .inspection import Detail, Status, detail, launched, offered, outputs, standing
from .launching import LaunchRequest, plan_launch
from .model import (
    Launch,
    Parameter,
    Product,
    Record,
    Stack,
    StackEvent,
    Version,
    launch_name,
)
from .parameters import pairs, read_file
from .previewing import Preview, clear_left_plans, preview
from .risk import Change
from .steps import Follow, Nothing, Provision, Terminate, Update, execute
from .terminating import plan_termination
from .timeline import follow, timeline
from .upgrading import UpgradeRequest, plan_upgrade
from .waiting import Outcome, outcome, wait

__all__ = [
    "Aws",
    "Block",
    "Built",
    "Change",
    "Description",
    "Detail",
    "Drift",
    "Follow",
    "Health",
    "Launch",
    "LaunchRequest",
    "Nothing",
    "Outcome",
    "Parameter",
    "Preview",
    "Product",
    "Provision",
    "Record",
    "Stack",
    "StackEvent",
    "Status",
    "Terminate",
    "Update",
    "UpgradeRequest",
    "Version",
    "clear_left_plans",
    "describe",
    "detail",
    "drift",
    "execute",
    "follow",
    "health",
    "launch_name",
    "launched",
    "offered",
    "outcome",
    "outputs",
    "pairs",
    "plan_launch",
    "plan_termination",
    "plan_upgrade",
    "preview",
    "read_file",
    "standing",
    "timeline",
    "wait",
]
