"""The pipeline's templates against cfn-lint and our own rules; each accepted finding has its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from dr_catalog.releases import lint, policies
from dr_catalog.releases.template import Template

from .conftest import Synthesised, rights
from .conftest import Template as Body

# Template and resource (globs), rule, words of the message -> why it is accepted.
ACCEPTED = {
    ("*/Pipeline", "*Role*", "DR033", "lets in Service:codebuild.amazonaws.com"): (
        "CodeBuild runs an action's commands under it; its trust names the one project"
    ),
    ("*/Pipeline", "PipelineRole", "DR033", "lets in Service:codepipeline.amazonaws.com"): (
        "CodePipeline works under it; a role can't be passed to it from another account"
    ),
    ("*/StageAccess-*", "DrCatalog*", "DR033", "lets in AWS:arn:${AWS::Partition}:iam::555555"): (
        "the pipeline's account may come, and of it the builds that the condition names"
    ),
    ("*/StageAccess-*", "DrCatalog*", "DR031", "allows cloudformation:ValidateTemplate"): (
        "it names a template's text, not a resource"
    ),
    ("*/StageAccess-*", "DrCatalogPublish", "DR031", "allows organizations:"): (
        "reads of the organisation, whose ids no file holds"
    ),
    ("*/StageAccess-*", "DrCatalog*", "DR031", "allows servicecatalog:"): (
        "most have no resource, and ids are not known before; bound to the stage's regions, and "
        "updates and terminations of launches to those the role itself made"
    ),
    ("*/StageAccess-*", "DrCatalogCanary", "DR031", "allows backup:DescribeBackupVault,"): (
        "reads of what a launch made, whose suffix is not known before; bound to the regions"
    ),
    ("*/StageAccess-*", "DrCatalogCanary", "DR031", "allows iam:ListRoles, route53:"): (
        "lists of global services, to see what a launch left"
    ),
}
# What of an action or a resource may be open in a role, as globs -> why.
OPEN = {
    "*:stack/dr-catalog-[aopr]*/[*]": "a stack's id ends in what CloudFormation invents",
    "*:log-stream:*-build-*/[*]": "a build's log ends in the build's number",
    "*-artifacts-*/[*]": "an artifact's key ends in what CodePipeline invents",
    "*:dr-catalog-assets-*/[*]": "files are called by their digest",
    "*:role/dr-catalog-launch-[*]": "one for each product, which a later commit may add",
    "*:policy/dr-catalog-[*]": "those of the launch roles, as many as a role's rights fill",
    "*:role/[*]": "GetRole of a portfolio's principals, whoever they are",
    "arn:aws:iam::[*]:role/dr-catalog-observer": "in every onboarded account, by this one name",
    "*:parameter/dr-catalog/[*]": "the catalog's own",
    "*:parameter/dr-catalog/canary/[*]": "a record for each suffix and version",
    "*:parameter/dr/[*]": "what a launch's layers tell, whose suffix is not known before",
    "arn:aws:execute-api:*:[*]/[*]/GET/[*]": "a launch's API, whose id is not known before",
    "arn:aws:apigateway:*::/[*]": "reads of APIs and domains, whose ids are not known before",
    "s3:Get[*]Configuration": "reads that CloudFormation makes of a bucket it has made",
    "s3:GetBucket[*]": "reads that CloudFormation makes of a bucket it has made",
    "[*]": "each accepted above as DR031",
}
OF_PRODUCTS = {"DR080", "DR081", "DR082", "DR100", "DR101"}
"""Rules for what is launched under a suffix anywhere; these stacks have their account and region."""


@pytest.fixture(scope="module")
def bodies(synthesised: Mapping[str, Synthesised]) -> dict[str, Body]:
    """Every template of every definition, by its place."""
    found: dict[str, Body] = {}
    for name, each in synthesised.items():
        found[f"{name}/PipelineStore"] = each.store
        found[f"{name}/Pipeline"] = each.pipeline
        found |= {f"{name}/StageAccess-{key}": body for key, body in each.access.items()}
    return found


def test_no_finding_is_unexplained(bodies: Mapping[str, Body]) -> None:
    used = set()
    unexplained = []
    for place, body in bodies.items():
        template = Template("primary", body)
        for finding in policies.findings(product=place, version="", template=template):
            if finding.rule in OF_PRODUCTS:
                continue
            reasons = {
                key
                for key in ACCEPTED
                if fnmatchcase(place, key[0])
                and fnmatchcase(finding.resource, key[1])
                and finding.rule == key[2]
                and key[3] in finding.message
            }
            used |= reasons
            if not reasons:
                unexplained.append(f"{place} {finding.resource} {finding.rule} {finding.message}")
    assert unexplained == []
    assert set(ACCEPTED) == used


def test_no_wildcard_is_unexplained(bodies: Mapping[str, Body]) -> None:
    found = {
        value
        for body in bodies.values()
        for resource in body["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for action, resources in rights(resource["Properties"]).items()
        for value in (action, *resources)
        if "*" in value
    }
    assert {each for each in found if not any(fnmatchcase(each, glob) for glob in OPEN)} == set()
    assert [glob for glob in OPEN if not any(fnmatchcase(each, glob) for each in found)] == []


@pytest.mark.parametrize("name", ["Pipeline", "PipelineStore", "StageAccess-dev"])
def test_cfn_lint_finds_nothing(bodies: Mapping[str, Body], name: str) -> None:
    content = json.dumps(bodies[f"ours/{name}"]).encode()
    assert lint.findings(product=name, version="", role="primary", content=content) == ()
