"""Physical names: the suffix in each, and a prefix that permissions can be narrowed to."""

from __future__ import annotations

import re

from ...names import SUFFIX_PARAMETER
from ..template import NAME_PROPERTIES, Template
from .rule import Violations, rule

_PREFIX = re.compile(
    r"(alias/|/aws/[a-z-]+/|/aws/rds/cluster/|/aws/vendedlogs/states/)?dr[-_]|/dr/"
)
_SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html"


@rule("DR100", "A physical name carries the environment suffix", source=_SOURCE)
def name_has_suffix(template: Template) -> Violations:
    for resource in template.resources(*NAME_PROPERTIES):
        if "${" + SUFFIX_PARAMETER + "}" not in template.name(resource):
            stated = template.name(resource) or "none"
            yield resource.id, f"the name ({stated}) does not carry {SUFFIX_PARAMETER}"


@rule("DR101", "A physical name begins with dr-, or an SSM parameter's with /dr/", source=_SOURCE)
def name_has_prefix(template: Template) -> Violations:
    for resource in template.resources(*NAME_PROPERTIES):
        name = template.name(resource)
        if name and not _PREFIX.match(name):
            yield resource.id, f"the name {name} is outside what our roles may touch"
