"""What a launch may do, as plain policy documents.

Service Catalog assumes the *launch role*; CloudFormation uses it by forward access. For the peer
region CloudFormation passes the *administration role*, which assumes the *execution role*. The lists
in ``actions.yaml`` are kept by hand; each statement is narrowed by name, by the regions of the pair and,
for the launch role, by the call having come through CloudFormation. Every role made under them must
carry the *permissions boundary*.

See https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
"""

from .documents import (
    Document,
    administration_policy,
    boundary_policy,
    execution_policies,
    launch_policies,
)

__all__ = [
    "Document",
    "administration_policy",
    "boundary_policy",
    "execution_policies",
    "launch_policies",
]
