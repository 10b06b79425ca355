"""Launch, watch, upgrade, inspect and terminate tiers through Service Catalog's public API.

    request -> plan_launch | plan_upgrade | plan_termination   reads only
            -> Provision | Update | Terminate | Follow | Nothing   the step, as data
            -> execute                                          writes, answers a record
            -> wait                                             both regions' events, then the outcome

`Aws` is the only object that calls AWS. What is launched here and what is launched from the console
are the same; a rerun after an interruption finds what it began and goes on waiting.
"""

from .aws import Aws
from .inspection import Detail, Status, detail, launched, offered, outputs
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
from .steps import Follow, Nothing, Provision, Terminate, Update, execute
from .terminating import plan_termination
from .upgrading import UpgradeRequest, plan_upgrade
from .waiting import Outcome, outcome, wait

__all__ = [
    "Aws",
    "Detail",
    "Follow",
    "Launch",
    "LaunchRequest",
    "Nothing",
    "Outcome",
    "Parameter",
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
    "detail",
    "execute",
    "launch_name",
    "launched",
    "offered",
    "outcome",
    "outputs",
    "pairs",
    "plan_launch",
    "plan_termination",
    "plan_upgrade",
    "read_file",
    "wait",
]
