"""Step Functions: state machines by CloudFormation, and executions that begin, wait and end as on AWS.

state_machine.py: the resource type, through the API -> machines.py: what CreateStateMachine refuses
and keeps; executions.py: what starts, stops and answers an execution, and its two controls
"""

from __future__ import annotations


def register() -> None:
    """Register the resource type and put the repairs in place."""
    from ..extension import register_type
    from . import executions, machines, state_machine

    machines.install()
    executions.install()
    register_type(
        state_machine.TYPE,
        create=state_machine.create,
        update=state_machine.update,
        delete=state_machine.delete,
        tags=state_machine.TAGS,
    )
