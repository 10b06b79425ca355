"""Each definition read whole, and each way to get one wrong refused with file, line and field."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dr_catalog.definitions import (
    Principal,
    ProductVersion,
    Shares,
    Stage,
    find_product,
    load_catalog,
    load_offer,
    load_pipeline,
    load_product,
)
from dr_catalog.errors import DefinitionError, NotFoundError

from .conftest import PIPELINE, Change

GONE = "deprecated, reason: slow, ends:"
UNIT = "ou-ab12-11111111"
LOADERS = {"product": load_product, "portfolio": load_offer, "pipeline": load_pipeline}


def test_a_catalog_is_read_whole(root: Path) -> None:
    catalog = load_catalog(root)
    product = catalog.products["tier"]
    assert product.versions[0] == ProductVersion("1.0.0", "available", "First")
    assert product.default == product.version("1.1.0") == product.versions[1]
    assert product.exceptions[0].reason == "no resource type"
    assert product.support.url == "https://example.com"
    assert catalog.offer.principals == (Principal("IAM", "dr-tenant"),)
    assert catalog.offer.tag_options == {"data-class": ("internal", "confidential")}
    assert catalog.offer.constraints["tier"][0].read_text() == "{}"
    assert catalog.offer.shares.accounts == ("222222222222",)
    assert catalog.pipeline.stage("dev") == Stage("dev", "111111111111", ("us-east-1", "us-west-2"))


@pytest.mark.parametrize("day", ["2027-03-31", '"2027-03-31"'])
def test_what_a_version_tells_of_its_guidance(change: Change, day: str) -> None:
    first, second = load_product(change("product", "available,", f"{GONE} {day},")).versions
    assert (first.reason, first.ends) == ("slow", date(2027, 3, 31))
    assert first.told == "First [deprecated, ends 2027-03-31: slow]"
    assert second.told == "Second [default]"
    assert replace(second, guidance="available").told == "Second"


def test_a_portfolio_may_be_shared_with_units_or_an_organisation(change: Change) -> None:
    file = change("portfolio", '2"]}', '2"], organization: o-exampleorg1}')
    assert load_offer(file).shares == Shares(("222222222222",), "o-exampleorg1")
    change("portfolio", "exampleorg1", f"exampleorg1, organizational_units: [{UNIT}]")
    assert load_offer(file).shares.organizational_units == (UNIT,)


def test_a_definition_cannot_be_changed(root: Path) -> None:
    catalog = load_catalog(root)
    with pytest.raises(TypeError):
        catalog.offer.tag_options["a"] = ("b",)  # type: ignore[index]
    with pytest.raises(AttributeError):
        catalog.pipeline.stages[0].name = "other"  # type: ignore[misc]


def test_a_product_before_its_first_release_has_no_default(change: Change) -> None:
    file = change("product", "versions:   # oldest first", "versions: []\nrest:")
    text = file.read_text()
    file.write_text(text[: text.index("rest:")])
    assert load_product(file).default is None


# file, what is replaced, by what, line of the error, what the error says, what the hint says
WRONG = [
    ("product", "title:", "tilte:", 2, "title: expected the field, found nothing", "add 'title:'"),
    ("product", "title:", "size: 3\ntitle:", 3, "size: expected one of", "delete it"),
    (
        "product",
        "reason: no",
        "template2: a, reason: no",
        12,
        "exceptions[0].template2: expected one of",
        "delete it",
    ),
    ("product", "A tier", "3", 3, "title: expected text that is not empty, found a number", '"3"'),
    ("product", "A tier", "yes", 3, "found true or false (yes)", 'quote it: "yes"'),
    ("product", "A tier", "''", 3, "expected text that is not empty, found ''", ""),
    ("product", "title: A tier", "title: [A]", 3, "found a list", "write text"),
    ("product", "title: A tier", "title:", 3, "found nothing", "write text"),
    ("product", "owner: P", "title: P", 5, "title: expected the field once", "delete one"),
    ("product", "some.module:Tier", "Tier", 4, "builds: expected module:Class", "importable"),
    ("product", "a@example.com", "a", 7, "support.email: expected an e-mail address", "such as"),
    ("product", "1.0.0,", "1.0,", 9, "versions[0].version: expected a semantic", 'quote it: "1.0"'),
    ("product", "1.0.0,", "v1.0.0,", 9, "found 'v1.0.0'", "major.minor.patch"),
    ("product", "1.0.0,", "01.0.0,", 9, "found '01.0.0'", "major.minor.patch"),
    ("product", "1.1.0,", "1.0.0,", 10, "each version once, found 1.0.0 again", "delete one"),
    ("product", "1.0.0,", "1.2.0,", 10, "the oldest version first, found 1.1.0", "sort"),
    ("product", "available", "availible", 9, "versions[0].guidance", "did you mean 'available'?"),
    ("product", "available", "default", 9, "exactly one version", "every other"),
    ("product", "default", "retired", 9, "guidance default, found none", "every other"),
    ("product", "rule: DR031", "rule: dr", 12, "exceptions[0].rule: expected a rule id", "copy"),
    ("product", "primary", "first", 12, "one of primary, foundation, workload", "primary"),
    ("product", ", reason: no resource type", "", 12, "reason: expected the field", "add"),
    ("product", "product: tier", "product: other", 2, "the folder's name 'tier'", "rename"),
    ("product", "available,", "deprecated,", 9, "versions[0].reason: expected the field", "add"),
    (
        "product",
        "available,",
        "deprecated, reason: slow,",
        9,
        "versions[0].ends: expected the field",
        "add",
    ),
    (
        "product",
        "available,",
        f"{GONE} 31.3.2027,",
        9,
        "ends: expected a day as YYYY",
        "2027-03-31",
    ),
    ("product", "available,", f"{GONE} 2027-02-30,", 9, "ends: expected a day", "2027-03-31"),
    ("product", "available,", f"{GONE} [a],", 9, "ends: expected a day", "2027-03-31"),
    (
        "product",
        "available,",
        "available, ends: 2027-03-31,",
        9,
        "ends: expected guidance dep",
        "'ends'",
    ),
    (
        "product",
        "available,",
        "retired, reason: slow,",
        9,
        "found guidance retired",
        "delete 'reason'",
    ),
    ("portfolio", '2"]}', '2"], organization: exampleorg1}', 4, "expected an organisation's", "o-"),
    (
        "portfolio",
        '2"]}',
        f'2"], organizational_units: [{UNIT}]}}',
        4,
        "id beside them",
        "describe-org",
    ),
    (
        "portfolio",
        '2"]}',
        '2"], organization: o-exampleorg1, organizational_units: [dev]}',
        4,
        "units[0]: expected an organisational unit's id",
        "list-organizational-units-for-parent",
    ),
    (
        "product",
        "- {version: 1.0",
        "- 1.0\n  - {version: 1.0",
        9,
        "versions[0]: expected a map",
        "",
    ),
    ("product", "{email", "{email: {", 7, "expected YAML", "unclosed"),
    ("portfolio", "[tier]", "[tier, tier]", 2, "products[1]: expected each entry once", "delete"),
    ("portfolio", "[tier]", "[Tier]", 2, "products[0]: expected a product name", "warm-standby"),
    ("portfolio", "type: IAM", "type: USER", 3, "one of IAM, IAM_PATTERN", "write IAM"),
    ("portfolio", "dr-tenant", "arn:aws:iam::1:role/a", 3, "role: expected a role name", "no ARN"),
    ("portfolio", '"222222222222"', "222222222222", 4, "accounts[0]: expected an account", "quote"),
    ("portfolio", '"222222222222"', '"2222"', 4, "found '2222'", "write all 12 digits"),
    ("portfolio", "production.json", "none.json", 6, "a file that exists", "create the file"),
    ("portfolio", "constraints/prod", "../prod", 6, "below the portfolio folder", "such as"),
    ("portfolio", "{tier: [con", "{other: [con", 6, "a product of one of the portfolios", "add it"),
    ("pipeline", '"111111111111"', "012345670123", 6, "in quotes", 'quote it: "012345670123"'),
    ("pipeline", '"111111111111"', "012345678901", 6, "in quotes", 'quote it: "012345678901"'),
    ("pipeline", "us-east-1,", "US-EAST-1,", 6, "regions[0]: expected a region", "region's code"),
    ("pipeline", "us-west-2", "us-east-1", 6, "regions[1]: expected each entry once", "delete"),
    ("pipeline", ", us-west-2", "", 6, "a pair of two different regions, found 1", "write both"),
    ("pipeline", "dev,", "dev, accounts: 3,", 6, "stages[0].accounts: expected one of", "delete"),
    ("pipeline", "dev,", "Dev,", 6, "stages[0].name: expected a stage name", "such as dev"),
    ("pipeline", "[us-east-1, us-west-2]", "us-east-1", 6, "regions: expected a list", "write [a"),
    ("pipeline", "  - {", "\t- {", 6, "expected YAML, found text that does not parse", "a tab"),
    ("pipeline", "dev,", "*dev,", 6, "expected YAML, found text that does not parse", "unclosed"),
    ("pipeline", "stages:", "--- {}\n--- {}\nstages:", 7, "expected YAML", "unclosed"),
    ("portfolio", "{data-class: [", "[{data-class: [", 6, "expected YAML", "unclosed"),
    ("portfolio", "[internal, confidential]", "internal", 5, "data-class: expected a list", "[a"),
    ("portfolio", "[internal, confidential]", "[yes]", 5, "data-class[0]: expected text", '"yes"'),
    ("portfolio", "{name: Tiers", "{<<: {}, name: Tiers", 2, "expected plain field names", ""),
    ("portfolio", "[{type: IAM", "[{type: [IAM]", 3, "principals[0].type: expected text", "text"),
    ("pipeline", "stages:\n", "stages: []\nx:\n", 6, "x: expected one of the fields", "delete"),
]


@pytest.mark.parametrize(("name", "before", "after", "line", "says", "hint"), WRONG)
def test_a_wrong_file_is_refused_with_its_place(
    change: Change, name: str, before: str, after: str, line: int, says: str, hint: str
) -> None:
    file = change(name, before, after)
    with pytest.raises(DefinitionError) as caught:
        LOADERS[name](file)
    assert caught.value.what.startswith(f"{file}:")
    assert says in caught.value.what
    assert hint in caught.value.hint
    assert int(caught.value.what[len(f"{file}:") :].split(":")[0]) == line


def test_a_stage_may_not_come_twice(change: Change) -> None:
    stage = '  - {name: dev, account: "111111111111", regions: [us-east-1, us-west-2]}\n'
    with pytest.raises(DefinitionError, match=r"pipeline.yaml:7: stages\[1\].*'dev' again"):
        load_pipeline(change("pipeline", stage, stage + stage))


def test_a_pipeline_needs_a_stage(root: Path) -> None:
    (root / "pipeline/pipeline.yaml").write_text(
        PIPELINE[: PIPELINE.index("stages:")] + "stages: []\n"
    )
    with pytest.raises(DefinitionError, match="at least one stage, found none"):
        load_pipeline(root / "pipeline")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "an empty file"), (b"- a\n", "found a list"), (b"\xff", "expected UTF-8")],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "pipeline.yaml").write_bytes(content)
    with pytest.raises(DefinitionError, match=says):
        load_pipeline(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{\n  "A": {},\n}', ":3: expected JSON, found text that does not parse"),
        ("[]", ":1: expected an object of rules"),
        ('{"A": 3}', ":1: expected an object of rules"),
        ("\x80", "expected JSON in UTF-8"),
    ],
)
def test_rules_that_are_none_are_refused(root: Path, content: str, says: str) -> None:
    file = root / "portfolio/constraints/production.json"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(DefinitionError) as caught:
        load_offer(root / "portfolio")
    assert str(file) in caught.value.what
    assert says in caught.value.what


def test_a_folder_in_a_files_place_is_refused(root: Path) -> None:
    file = root / "pipeline/pipeline.yaml"
    file.unlink()
    file.mkdir()
    with pytest.raises(DefinitionError, match="expected a file that can be read"):
        load_pipeline(root / "pipeline")


@pytest.fixture
def usual_depth() -> Iterator[None]:
    """As deep as Python goes by itself; some libraries raise it for the whole process."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("usual_depth")
def test_a_file_nested_too_deep_is_refused(root: Path) -> None:
    (root / "pipeline/pipeline.yaml").write_text("stages: " + "[" * 3000 + "]" * 3000)
    with pytest.raises(DefinitionError, match="expected YAML"):
        load_pipeline(root / "pipeline")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"portfolio.yaml: no such file"):
        load_catalog(tmp_path)


def test_an_offered_product_needs_a_definition(change: Change, root: Path) -> None:
    change("portfolio", "[tier]", "[tier, other]")
    with pytest.raises(
        DefinitionError, match=r"portfolio.yaml:2: portfolios\[0\].products\[1\].*'other'"
    ):
        load_catalog(root)


def test_a_layer_is_found_by_name_too(root: Path) -> None:
    (root / "products/layers").mkdir()
    (root / "products/tier").rename(root / "products/layers/tier")
    assert find_product(root, "tier").folder == root / "products/layers/tier"
    assert "tier" in load_catalog(root).products


def test_an_unknown_product_gets_a_near_name(root: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        find_product(root, "teir")
    assert caught.value.hint == "did you mean 'tier'?"
