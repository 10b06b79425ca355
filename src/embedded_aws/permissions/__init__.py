"""Makes a stack's ``RoleARN`` count: no resource is made, changed or deleted that its role forbids.

The emulator runs every stack as root. Here, a stack with a role (a Service Catalog launch role, a
StackSet execution role, a service role) is held to that role's policies:

    request -> hooks: which role, may it be assumed -> the stack's task
    resource -> requirements: which calls (resource_actions.yaml) -> roles -> policies: allowed?

The list says what CloudFormation's handlers need; the roles are written by others. That neither is
derived from the other is what makes the comparison worth something. Resource policies (key, bucket)
and service control policies are not evaluated.
"""

from __future__ import annotations


def register() -> None:
    """Put the checks into the emulator's CloudFormation; once, before the server starts."""
    from .hooks import install

    install()
