"""KMS keys."""

from __future__ import annotations

import re

from ..template import Template
from .documents import actions, principals, statements_of
from .rule import Violations, rule

_KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_ROOT = re.compile(
    r"arn:(aws|\$\{AWS::Partition\}):iam::\$\{AWS::AccountId\}:root|\$\{AWS::AccountId\}"
)


@rule(
    "DR010",
    "A key rotates",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
)
def key_rotates(template: Template) -> Violations:
    for key in template.resources("AWS::KMS::Key"):  # a replica follows its primary
        if key.get("EnableKeyRotation") is not True:
            yield key.id, "EnableKeyRotation is not true"


@rule(
    "DR011",
    "A key policy lets nobody but the account's root do everything, and nobody anonymous anything",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
)
def key_policy_narrow(template: Template) -> Violations:
    for key in template.resources(*_KEYS):
        for statement in statements_of(key.get("KeyPolicy")):
            if statement.get("Effect") != "Allow":
                continue
            everything = {"*", "kms:*"} & set(actions(statement))
            for principal in principals(template, statement):
                if principal == "AWS:*" and "Condition" not in statement:
                    yield key.id, "the key policy allows anyone"
                elif everything and not _ROOT.fullmatch(principal.removeprefix("AWS:")):
                    yield key.id, f"the key policy allows kms:* to {principal}"
