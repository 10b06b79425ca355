"""One frozen template for every region, account and stage."""

from __future__ import annotations

import re

from ...names import ASSET_BUCKET_PREFIX_PARAMETER
from ..template import Template, as_list
from .rule import Violations, rule

_PREFIX = ASSET_BUCKET_PREFIX_PARAMETER.rpartition("/")[0] + "/"
_ACCOUNT = re.compile(r"(?<![\w-])\d{12}(?![\w-])")
_REGION = re.compile(
    r"(?<![a-z0-9])(af|ap|ca|cn|eu|il|me|mx|sa|us)(-gov|-iso[a-z]?)?"
    r"-(central|east|north|northeast|northwest|south|southeast|southwest|west)-[1-9]"
)
_STAGE = re.compile(r"(?i)dev|development|test|staging|prod|production")
_REFERENCE = re.compile(r"\{\{resolve:([^}]*)\}\}")
_FREEZING = "https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_products.html"


@rule("DR080", "No account id stands in a template", source=_FREEZING)
def no_account(template: Template) -> Violations:
    for owner, path, text in template.strings():
        if found := _ACCOUNT.search(text):
            yield owner, f"{'.'.join(path)} holds the account id {found[0]}"


@rule("DR081", "No region name stands in a template", source=_FREEZING)
def no_region(template: Template) -> Violations:
    for owner, path, text in template.strings():
        if found := _REGION.search(text):
            yield owner, f"{'.'.join(path)} holds the region name {found[0]}"


@rule("DR082", "No stage stands in a template", source=_FREEZING)
def no_stage(template: Template) -> Violations:
    for owner, path, text in template.strings():
        if _STAGE.fullmatch(text):
            yield owner, f"{'.'.join(path)} is the stage {text}"


@rule(
    "DR083",
    "A template has no transform, no nested stack and no module",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-section-structure.html",
)
def no_transform(template: Template) -> Violations:
    if "Transform" in template.body:
        yield "Transform", "the template has a transform"
    for resource in template.resources():
        if resource.type == "AWS::CloudFormation::Stack":
            yield resource.id, "is a nested stack"
        elif resource.type.endswith("::MODULE") or resource.type.startswith("AWS::Serverless::"):
            yield resource.id, f"{resource.type} is expanded outside the template"
    for owner, path, _ in template.strings():
        if "Fn::Transform" in path:
            yield owner, "calls Fn::Transform"


@rule(
    "DR084",
    f"A template reads SSM parameters and secrets below {_PREFIX} alone",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html",
)
def references_ours(template: Template) -> Violations:
    for owner, _, text in template.strings():
        for reference in _REFERENCE.findall(text):
            if not reference.partition(":")[2].startswith(_PREFIX):
                yield owner, f"refers to {reference}"
    for name, parameter in template.parameters.items():
        if str(parameter.get("Type")).startswith("AWS::SSM::Parameter"):
            allowed = as_list(parameter.get("AllowedValues"))
            if not allowed or not all(str(key).startswith(_PREFIX) for key in allowed):
                yield name, f"lets a launch name a parameter outside {_PREFIX}"
