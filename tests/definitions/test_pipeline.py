"""``pipeline.yaml`` with all it may say, and each way to get that wrong refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dr_catalog.definitions import (
    Approval,
    ConnectionSource,
    Gates,
    Pipeline,
    S3Source,
    Stage,
    load_catalog,
    load_pipeline,
)
from dr_catalog.errors import DefinitionError

from .conftest import PORTFOLIO

ROOT = Path(__file__).parents[2]
ARN = "arn:aws:codeconnections:us-east-1:555555555555:connection/0a1b"
TOPIC = "arn:aws:sns:us-east-1:555555555555:releases"
WHOLE = f"""\
name: tiers
account: "555555555555"
region: us-east-1
source:
  s3: {{bucket: tiers-source, key: some/catalog.zip}}
stages:
  - name: dev
    account: "111111111111"
    regions: [us-east-1, us-west-2]
    portfolio: early.yaml
    gates: {{canary: true, approval: {{timeout_hours: 72}}, bake: 30}}
    notify: platform@example.com
  - name: prod
    account: "444444444444"
    regions: [eu-west-1, eu-central-1]
    witness: us-east-1
    gates: {{canary: true}}
    notify: {TOPIC}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "pipeline.yaml"
    file.write_text(WHOLE)
    return file


def test_a_pipeline_is_read_whole(file: Path) -> None:
    gates = Gates(canary=True, approval=Approval(timeout_hours=72), bake=30)
    dev = Stage(
        name="dev",
        account="111111111111",
        regions=("us-east-1", "us-west-2"),
        portfolio="early.yaml",
        gates=gates,
        notify="platform@example.com",
    )
    prod = Stage(
        name="prod",
        account="444444444444",
        regions=("eu-west-1", "eu-central-1"),
        portfolio="portfolio.yaml",
        gates=Gates(canary=True, approval=None, bake=0),
        notify=TOPIC,
        witness="us-east-1",
    )
    pipeline = load_pipeline(file)
    assert pipeline == Pipeline(
        name="tiers",
        account="555555555555",
        region="us-east-1",
        source=S3Source(bucket="tiers-source", key="some/catalog.zip"),
        stages=(dev, prod),
        folder=file.parent,
    )
    assert (pipeline.before(prod), pipeline.before(dev)) == (dev, None)
    assert (pipeline.after(dev), pipeline.after(prod)) == (prod, None)


def test_a_repository_is_a_source_too(file: Path) -> None:
    source = f"connection: {{arn: '{ARN}', repository: team/a/tiers, branch: main}}"
    file.write_text(WHOLE.replace("s3: {bucket: tiers-source, key: some/catalog.zip}", source))
    assert load_pipeline(file).source == ConnectionSource(ARN, "team/a/tiers", "main")


def test_the_repositorys_own_pipeline() -> None:
    pipeline = load_catalog(ROOT).pipeline
    assert [(stage.name, stage.account) for stage in pipeline.stages] == [
        ("dev", "111111111111"),
        ("staging", "333333333333"),
        ("prod", "444444444444"),
    ]
    assert pipeline.account == "555555555555"


def test_each_stage_has_its_portfolio(root: Path) -> None:
    pipeline = root / "pipeline/pipeline.yaml"
    pipeline.write_text(pipeline.read_text().replace("dev,", "dev, portfolio: early.yaml,"))
    early = root / "portfolio/early.yaml"
    early.write_text(PORTFOLIO.replace("name: Tiers", "name: Early tiers"))
    catalog = load_catalog(root)
    (dev,) = catalog.pipeline.stages
    assert catalog.offer_of(dev).portfolios[0].name == "Early tiers"
    assert catalog.offer.portfolios[0].name == "Tiers"
    assert catalog.offered == ("tier",)
    early.write_text(PORTFOLIO.replace("[tier]", "[tier, teir]", 1))
    with pytest.raises(
        DefinitionError, match=r"early.yaml:2: portfolios\[0\].products\[1\]: .* 'teir'"
    ):
        load_catalog(root)
    early.unlink()
    with pytest.raises(DefinitionError, match=r"pipeline.yaml:6: stages\[0\].portfolio: .* 'early"):
        load_catalog(root)


# what is replaced, by what, line of the error, what the error says, what the hint says
WRONG = [
    ("name: tiers", "", 2, "name: expected the field", "add 'name:'"),
    ("name: tiers", "name: Tiers", 1, "name: expected a name of a-z", "such as"),
    ("name: tiers", f"name: {'a' * 21}", 1, "20 at most", "such as"),
    ("name: dev", f"name: {'a' * 21}", 7, "stages[0].name: expected a stage name", "such as dev"),
    ('account: "555555555555"', "", 1, "account: expected the field", "add 'account:'"),
    ("region: us-east-1", "region: here", 3, "region: expected a region name", "region's code"),
    (
        "  s3: {bucket: tiers-source, key: some/catalog.zip}",
        "  {}",
        5,
        "of s3 and connection",
        "s3",
    ),
    (
        "  s3:",
        f"  connection: {{arn: '{ARN}', repository: a/b, branch: main}}\n  s3:",
        5,
        "source.connection: expected exactly one of s3 and connection, found both",
        "such as s3",
    ),
    ("  s3:", "  git: {}\n  s3:", 5, "source.git: expected one of", "delete it"),
    ("tiers-source", "tiers.source", 5, "source.s3.bucket: expected a bucket's", "such as"),
    ("catalog.zip", "catalog.tar", 5, "source.s3.key: expected the key of a .zip", "such as"),
    ("catalog.zip", "catalog.zip, poll: true", 5, "source.s3.poll: expected one of", "delete"),
    ("  s3: {b", "  connection: {arn: b, b", 5, "source.connection.arn: expected the ARN", "list-"),
    ("early.yaml", "../early.yaml", 10, "portfolio: expected a .yaml file", "such as"),
    ("canary: true, a", "canary: 1, a", 11, "gates.canary: expected true or false", "write true"),
    ("canary: true, a", "canary: false, a", 11, "gates.bake: expected a canary", "canary: true"),
    ("canary: true, a", "cannary: true, a", 11, "gates.cannary: expected one of", "'canary'?"),
    ("timeout_hours: 72", "", 11, "approval.timeout_hours: expected the field", "add"),
    ("timeout_hours: 72", "timeout_hours: 0", 11, "expected 1 to 1440 hours, found 0", "write 1"),
    ("timeout_hours: 72", "timeout_hours: 1441", 11, "expected 1 to 1440 hours", "write 1"),
    ("timeout_hours: 72", "timeout_hours: 72, by: me", 11, "gates.approval.by: expected", "delete"),
    ("bake: 30", "bake: 1441", 11, "gates.bake: expected 0 to 1440 minutes", "write 0"),
    ("bake: 30", "bake: -1", 11, "gates.bake: expected a whole number", "digits"),
    ("notify: platform@example.com", "", 7, "stages[0].notify: expected whom to tell", "add"),
    ("platform@example.com", "platform", 12, "notify: expected an e-mail address", "such as"),
    ("witness: us-east-1", "witness: eu-west-1", 16, "a region outside the pair", "a third"),
    (TOPIC, f"{TOPIC}.fifo", 18, "stages[1].notify: expected an e-mail address", "such as"),
    (TOPIC, TOPIC.replace("east-1", "east-2"), 18, "a topic in the pipeline's region", "its own"),
    ("444444444444", "111111111111", 14, "stages[1].account: expected an account of the st", "one"),
    ("{canary: true}", "{approval: {timeout_hours: 1}}", 17, "no approval in the last", "before"),
]


@pytest.mark.parametrize(("before", "after", "line", "says", "hint"), WRONG)
def test_a_wrong_pipeline_is_refused_with_its_place(
    file: Path, before: str, after: str, line: int, says: str, hint: str
) -> None:
    assert before in WHOLE
    file.write_text(WHOLE.replace(before, after, 1))
    with pytest.raises(DefinitionError) as caught:
        load_pipeline(file)
    assert says in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.what.startswith(f"{file}:{line}: ")
