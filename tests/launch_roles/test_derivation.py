"""From types to rights: exclusions and what lifts them, the supplement, and what nobody has reviewed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from dr_catalog import launch_roles
from dr_catalog.definitions import load_catalog
from dr_catalog.errors import DefinitionError, ReleaseError
from dr_catalog.launch_roles import Review, Use, derive, load_review, unreviewed
from dr_catalog.launch_roles.review import Exclusion
from dr_catalog.releases.rights import PEER, PRIMARY, handled, uses

from .conftest import PRODUCT, ROOT, SCOPE

BUCKET, FUNCTION = "AWS::S3::Bucket", "AWS::Lambda::Function"


def use(resource_type: str, *properties: str) -> Use:
    return Use(resource_type, frozenset(properties), handled(resource_type))


@cache
def released() -> tuple[Use, ...]:
    products = [load_catalog(ROOT).products[PRODUCT]]
    return (*uses(products, PRIMARY), *uses(products, PEER))


def test_what_belongs_to_a_property_is_granted_with_the_property_alone() -> None:
    without = derive([use(BUCKET, "BucketName")], load_review()).actions
    with_cors = derive([use(BUCKET, "BucketName", "CorsConfiguration")], load_review()).actions
    assert with_cors - without == {"s3:PutBucketCORS"}
    assert "s3:CreateBucket" in without


def test_an_action_excluded_for_one_type_is_kept_for_another() -> None:
    function = derive([use(FUNCTION)], load_review()).actions
    versions = derive([use(FUNCTION), use("AWS::Lambda::Version")], load_review()).actions
    assert "lambda:PublishVersion" not in function
    assert "lambda:PublishVersion" in versions


def test_the_supplement_names_services_as_well() -> None:
    rights = derive([use(FUNCTION), use("AWS::KMS::Key"), use("Custom::Anything")], load_review())
    assert rights.passed_to == {"lambda.amazonaws.com"}
    assert rights.linked_roles == {"mrk.kms.amazonaws.com"}
    assert "lambda:InvokeFunction" in rights.actions
    assert not {"iam:PassRole", "iam:CreateServiceLinkedRole"} & rights.actions


def test_every_released_type_is_reviewed() -> None:
    assert [gap for each in released() for gap in unreviewed(each, load_review())] == []


@pytest.mark.parametrize(
    ("resource_type", "said", "hint"),
    [
        ("AWS::Batch::JobQueue", "which resources batch:CreateJobQueue may touch", "resources:"),
        ("AWS::EC2::NoSuchThing", "its schema names no handlers, and no supplement", "supplement:"),
    ],
)
def test_what_nobody_has_reviewed_is_told(resource_type: str, said: str, hint: str) -> None:
    gaps = list(unreviewed(use(resource_type), load_review()))
    assert any(said in gap.what and resource_type in gap.what for gap in gaps)
    assert any(hint in gap.hint and "portfolio/launch_roles.yaml" in gap.hint for gap in gaps)


def test_a_wildcard_of_a_schema_is_never_granted() -> None:
    table = use("AWS::DynamoDB::GlobalTable")
    library = load_review()
    reads = tuple(each for each in library.exclusions if "dynamodb:Describe*" not in each.actions)
    careless = replace(library, exclusions=reads)
    assert any("wildcard dynamodb:Describe*" in gap.what for gap in unreviewed(table, careless))
    with pytest.raises(ReleaseError, match=r"dynamodb:Describe\*"):
        launch_roles.launch_policies(rights=derive([table], careless), review=careless, **SCOPE)
    assert list(unreviewed(table, library)) == []


def test_no_exclusion_is_stale() -> None:
    """Each still takes something away, of the types that are released."""

    def takes(entry: Exclusion, action: str) -> bool:
        return any(
            fnmatchcase(each.type, entry.type) and fnmatchcase(given, action)
            for each in released()
            for given in each.actions
        )

    library = load_review().exclusions
    stale = [(e.type, action) for e in library for action in e.actions if not takes(e, action)]
    assert stale == []


def test_no_supplement_repeats_a_schema() -> None:
    library = load_review()
    bare = Review(library.exclusions, (), library.targets)
    repeated = [
        (entry.type, action)
        for entry in library.supplements
        for action in entry.actions
        if (fitting := [each for each in released() if fnmatchcase(each.type, entry.type)])
        and all(action in derive([each], bare).actions for each in fitting)
    ]
    assert repeated == []


OWN = """\
exclusions:
  - {type: "AWS::S3::Bucket", actions: ["s3:GetBucketAcl"], reason: Nobody asks}
supplement:
  - {type: "AWS::EC2::NoSuchThing", actions: [ec2:DescribeVpcs], reason: It looks around}
resources:
  - {name: Batch, actions: ["batch:*"], resources: ["arn:{partition}:batch:*:{account}:*/dr-*"]}
  - {name: Mine, actions: ["s3:*"], resources: ["arn:{partition}:s3:::dr-mine-*"]}
"""


def test_a_catalog_adds_its_own(tmp_path: Path) -> None:
    (tmp_path / "launch_roles.yaml").write_text(OWN)
    review = load_review(tmp_path)
    bucket = derive([use(BUCKET)], review).actions
    assert derive([use(BUCKET)], load_review()).actions - bucket == {"s3:GetBucketAcl"}
    assert list(unreviewed(use("AWS::EC2::NoSuchThing"), review)) == []
    target = review.target("s3:CreateBucket")
    assert target is not None
    assert target.name == "Mine"
    batch = [gap.what for gap in unreviewed(use("AWS::Batch::JobQueue"), review)]
    assert not any("batch:" in what for what in batch)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "reason: Nobody asks",
            "why: Nobody asks",
            r":2: exclusions\[0\].reason: expected the field",
        ),
        (
            "[ec2:DescribeVpcs]",
            '["ec2:Describe*"]',
            r":4: supplement\[0\].actions\[0\]: expected one",
        ),
        ("dr-mine-*", "mine-*", r":7: resources\[1\].reason: expected the field"),
        ("resources:\n", "resource:\n", r":5: resource: expected one of the fields"),
        ("batch:*", "batch", r":6: resources\[0\].actions\[0\]: expected service:Action"),
    ],
)
def test_a_catalogs_file_is_read_strictly(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in OWN
    (tmp_path / "launch_roles.yaml").write_text(OWN.replace(before, after, 1))
    with pytest.raises(DefinitionError, match=said):
        load_review(tmp_path)


PROCESS = """
import json, sys
from dr_catalog import launch_roles as roles
given = json.loads(sys.argv[1])
used = [roles.Use(name, frozenset(), frozenset(actions)) for name, actions in given.items()]
review = roles.load_review()
scope = json.loads(sys.argv[2])
print(json.dumps(roles.launch_policies(rights=roles.derive(used, review), review=review, **scope)))
print({"cfnlint", "aws_cdk", "boto3"} & set(sys.modules), file=sys.stderr)
"""


def test_another_process_writes_the_same_documents_without_schemas_or_cdk() -> None:
    given = {name: sorted(handled(name)) for name in (BUCKET, "AWS::KMS::Key")}

    def run(seed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PROCESS, json.dumps(given), json.dumps(SCOPE)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )

    first, second = run("1"), run("2")
    assert first.stdout == second.stdout
    assert "s3:CreateBucket" in first.stdout
    assert first.stderr.strip() == "set()"
