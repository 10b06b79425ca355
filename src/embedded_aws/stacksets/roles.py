"""The two roles of self-managed permissions, as StackSets looks at them before it works.

CloudFormation assumes the administration role (its trust policy may ask for the StackSet's ARN), and
with it the execution role of each target account. What the execution role may do is looked at where
the instance's stack is made (`permissions`).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
"""

from __future__ import annotations

from ..permissions import accounts, policies
from ..trust import trusts

SERVICE = "cloudformation.amazonaws.com"


class RoleError(ValueError):
    """StackSets can't work with the roles; the message is the one CloudFormation gives."""


def check(*, administration: str, execution: str, account: str, target: str, arn: str) -> None:
    """Make sure that StackSets could assume one role and then the other.

    Args:
        administration: The ARN of the administration role.
        execution: The name of the execution role.
        account: The StackSet's account.
        target: The account of the instance.
        arn: The StackSet's ARN.

    Raises:
        RoleError: A role is not there, does not trust, or may not assume.
    """
    name = administration.rpartition("/")[2]
    role = accounts.role(account, name)
    keys = {"aws:sourceaccount": account, "aws:sourcearn": arn}
    if role is None or role["Arn"] != administration or not trusts(role, "Service", SERVICE, keys):
        raise RoleError(
            f"Account {account} should have '{name}' role with trust relationship to "
            "CloudFormation service."
        )
    wanted = f"arn:aws:iam::{target}:role/{execution}"
    refusal = policies.refusal(
        action="sts:AssumeRole",
        resource=wanted,
        context={"aws:principalaccount": account, "aws:principalarn": administration},
        policies=accounts.policy_documents(account, role),
        boundary=accounts.boundary_document(account, role),
    )
    if refusal is not None:
        raise RoleError(
            f"User: arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation is not authorized "
            f"to perform: sts:AssumeRole on resource: {wanted} {refusal}"
        )
    found = accounts.role(target, execution)
    principals = (administration, f"arn:aws:iam::{account}:root", account)
    if found is None or not any(trusts(found, "AWS", each, {}) for each in principals):
        raise RoleError(
            f"Account {target} should have '{execution}' role with trust relationship to Role "
            f"'{name}'."
        )
