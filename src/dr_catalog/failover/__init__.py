"""Fail over, switch over, fail back and drill, and show the evidence; all of it when a region is gone.

    suffix -> locate (either region of the pair)     -> Site: where the state machine is
    Site   -> readiness (reads)                       -> Finding a check, with reason and fix
    Request -> plan (reads)                           -> Start | Follow | Nothing, or a refusal
            -> execute (starts the machine)           -> follow (polls the record) -> Run
    Run    -> evidence, page                          what was decided and measured, as JSON and HTML

The work is done by the state machine in the peer region (`handlers/recovery`), which the console or
``aws stepfunctions start-execution`` starts as well; nothing here moves a writer. `Aws` is the only
object that calls AWS.
"""

from .aws import Aws
from .drilling import Drilled, drill, drill_page
from .evidence import evidence, page
from .locating import locate
from .model import Finding, Run, Site, Step, Writer
from .planning import Follow, Loss, Nothing, Request, Start, machine_input, plan
from .readiness import hindrances, readiness
from .running import execute, follow

__all__ = [
    "Aws",
    "Drilled",
    "Finding",
    "Follow",
    "Loss",
    "Nothing",
    "Request",
    "Run",
    "Site",
    "Start",
    "Step",
    "Writer",
    "drill",
    "drill_page",
    "evidence",
    "execute",
    "follow",
    "hindrances",
    "locate",
    "machine_input",
    "page",
    "plan",
    "readiness",
]
