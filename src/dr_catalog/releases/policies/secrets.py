"""No secret in a template."""

from __future__ import annotations

import re

from ..template import Template
from .rule import Violations, rule

_SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html#creds"
_NAME = re.compile(
    r"(?i)password|passwd|secret(?!s?manager|.*(arn|name|id)$)|api_?key$|private_?key"
)
_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # an access key id
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"  # a GitHub token
    r"|\bxox[abp]-[A-Za-z0-9-]{10,}"  # a Slack token
)


@rule("DR070", "No literal in a template is a secret", source=_SOURCE)
def no_literal_secret(template: Template) -> Violations:
    for owner, path, text in template.strings():
        name = next((step for step in reversed(path) if not step.startswith("Fn::")), "")
        if _VALUE.search(text):
            yield owner, f"{'.'.join(path)} looks like a credential"
        elif _NAME.search(name) and text and "{{resolve:" not in text and "${" not in text:
            yield owner, f"{'.'.join(path)} is a literal in a place for a secret"


@rule("DR071", "A parameter for a secret hides its value and has no default", source=_SOURCE)
def secret_parameter_hidden(template: Template) -> Violations:
    for name, parameter in template.parameters.items():
        default = str(parameter.get("Default", ""))
        if _VALUE.search(default):
            yield name, "its default looks like a credential"
        if _NAME.search(name):
            if parameter.get("NoEcho") not in (True, "true"):
                yield name, "NoEcho is not true"
            if default:
                yield name, "has a default"
