"""What a launch may do, as plain policy documents.

Service Catalog assumes the *launch role*; CloudFormation uses it by forward access. For the peer
region CloudFormation passes the *administration role*, which assumes the *execution role*. What the two
may do is derived, so that a new resource type in a release brings its own rights:

    released templates -> Use: a type, the properties set, the actions its schema names
                           |   (releases/rights.py, which knows templates and schemas)
    exclusions.yaml  - ----+
    supplement.yaml  + ----+--> derivation: Rights: actions, services passed to, service-linked roles
                           |
    resources.yaml   ------+--> statements: the actions by the resources they may touch, and conditions
                           |
    boundary.yaml          +--> documents:  packed to IAM's limits, with the direct calls and the Deny

The files are reviewed: each entry says why. A catalog adds its own in ``portfolio/launch_roles.yaml``, in
the same form. Every role made under a launch must carry the *permissions boundary*.

Nothing here reads templates or schemas, so nothing here is slow to import.

See https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
"""

from .derivation import Rights, Use, derive, unreviewed
from .documents import (
    Document,
    administration_policy,
    boundary_policy,
    execution_policies,
    launch_policies,
    restore_policies,
)
from .review import Review, load_review

__all__ = [
    "Document",
    "Review",
    "Rights",
    "Use",
    "administration_policy",
    "boundary_policy",
    "derive",
    "execution_policies",
    "launch_policies",
    "load_review",
    "restore_policies",
    "unreviewed",
]
