"""Parameters: read from words and files, held against the version's rules."""

from __future__ import annotations

import pytest

from dr_catalog.errors import UsageError
from dr_catalog.provisioning import pairs, read_file
from dr_catalog.provisioning.model import Parameter, Terms
from dr_catalog.provisioning.parameters import check


def test_only_the_first_equals_sign_separates():
    assert pairs(["A=1", "B=x=y", "C="], option="--set") == {"A": "1", "B": "x=y", "C": ""}


@pytest.mark.parametrize("words", [["A"], ["=1"], ["A=1", "A=2"]])
def test_malformed_pairs_are_refused(words):
    with pytest.raises(UsageError, match="--set"):
        pairs(words, option="--set")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.yaml", "DeletionProtection: false\nCapacity: 8\nSize: large\n"),
        ("p.json", '{"DeletionProtection": false, "Capacity": 8, "Size": "large"}'),
    ],
)
def test_a_file_maps_names_to_values(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    assert read_file(path) == {"DeletionProtection": "false", "Capacity": "8", "Size": "large"}


@pytest.mark.parametrize("text", ["- a\n", "A: [1, 2]\n", "A: {", "", "A: null\n"])
def test_anything_else_in_a_file_is_refused(tmp_path, text):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"p\.yaml"):
        read_file(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A: x\nB:\n  - 1\n", "line 3: B is a list"),
        ("A: x\nB: {C: 1}\n", "line 2: B is a mapping"),
        ("A: x\n\nB:\n", "line 3: B has no value"),
        ("A: x\nA: y\n", "line 2: A is given twice"),
        ("A: x\n? [1, 2]\n: y\n", "line 2: a name is expected"),
        ("- A\n", "line 1: it is no mapping"),
        ("A: 1\nB: {\n", "line 3: "),
        ('{"A": "x",\n "B" "y"}', "line 2: "),
    ],
)
def test_a_mistake_in_a_file_has_its_place(tmp_path, text, says):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_file(path)
    assert caught.value.what.startswith(f"{path}, {says}")
    assert caught.value.why == "expected a text, a number, true or false"
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="can't be read"):
        read_file(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("rules", "value", "problem"),
    [
        ({"allowed": ("a", "b")}, "a", None),
        ({"allowed": ("a", "b")}, "c", "not one of a, b"),
        ({"pattern": "[a-z]+"}, "abc", None),
        ({"pattern": "[a-z]+"}, "abc1", "does not match"),
        ({"pattern": r"\p{Alpha}+"}, "1", None),  # Java's, which only CloudFormation can judge
        ({"min_length": 2}, "a", "shorter than 2"),
        ({"max_length": 2}, "abc", "longer than 2"),
        ({"type": "Number"}, "x", "not a number"),
        ({"type": "Number"}, "nan", "not a number"),
        ({"type": "Number"}, "1_000", "not a number"),
        ({"type": "Number"}, "-1.5e3", None),
        ({}, "\udcff", "not text in UTF-8"),
        ({"type": "Number", "min_value": 8}, "7.5", "less than 8"),
        ({"type": "Number", "max_value": 8}, "8.5", "more than 8"),
        ({"type": "CommaDelimitedList", "allowed": ("a", "b")}, "a, b", None),
        ({"type": "CommaDelimitedList", "allowed": ("a", "b")}, "a,c", "not one of"),
    ],
)
def test_a_value_is_held_against_its_rules(rules, value, problem):
    terms = Terms(parameters={"P": Parameter(name="P", **rules)})
    if problem is None:
        check({"P": value}, terms, subject="tier 1.0.0")
    else:
        with pytest.raises(UsageError, match=problem):
            check({"P": value}, terms, subject="tier 1.0.0")


def test_a_hidden_value_is_not_shown():
    terms = Terms(parameters={"P": Parameter(name="P", min_length=9, secret=True)})
    with pytest.raises(UsageError) as caught:
        check({"P": "hunter2"}, terms, subject="tier 1.0.0")
    assert "hunter2" not in str(caught.value)
