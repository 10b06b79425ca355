"""CloudFormation StackSets with self-managed permissions.

AWS::CloudFormation::StackSet (resource.py) -> engine.py: one ordinary stack an instance,
``StackSet-<name>-<id>``, made in its account and region under the execution role
-> state.py -> queries.py: what the API tells of it
"""


def register() -> None:
    """Register the resource type and the queries."""
    from . import queries, resource

    resource.register()
    queries.register()
