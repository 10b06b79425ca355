"""Every physical name fits its service's limit, and one pattern serves Python and CloudFormation."""

from __future__ import annotations

import string

import pytest

from dr_catalog import names
from dr_catalog.errors import UsageError

LONGEST_SUFFIX = "a" * names.SUFFIX_MAX
LONGEST_REGION = "ap-southeast-1"
ALL = {name: value for name, value in vars(names).items() if isinstance(value, names.Name)}


@pytest.mark.parametrize("name", ALL)
def test_the_longest_suffix_and_region_fit(name: str) -> None:
    made = ALL[name].of(suffix=LONGEST_SUFFIX, account="1" * 12, region=LONGEST_REGION)
    assert len(made) <= ALL[name].limit


@pytest.mark.parametrize("name", ALL)
def test_the_sub_makes_what_python_makes(name: str) -> None:
    template = string.Template(
        ALL[name].sub().replace("AWS::", "").replace(names.SUFFIX_PARAMETER, "Suffix")
    )
    made = template.substitute(Suffix="dev", AccountId="1" * 12, Region="us-east-1")
    assert made == ALL[name].of(suffix="dev", account="1" * 12, region="us-east-1")


@pytest.mark.parametrize("suffix", ["ab", "a1", "team-a1", "a" * 20, "a-b-c"])
def test_a_good_suffix_is_itself(suffix: str) -> None:
    assert names.check_suffix(suffix) == suffix


@pytest.mark.parametrize(
    "suffix", ["", "a", "A1", "1a", "-a", "a-", "a--b", "a_b", "a" * 21, "a b", "ab\n"]
)
def test_a_bad_suffix_is_refused_with_the_rule(suffix: str) -> None:
    with pytest.raises(UsageError, match="not a valid environment suffix") as refused:
        names.check_suffix(suffix)
    assert names.SUFFIX_PATTERN in refused.value.why


def test_camel() -> None:
    assert names.camel("warm-standby") == "WarmStandby"


@pytest.mark.parametrize(
    ("name", "suffix", "layer", "options"),
    [
        ("dr-dev", "dev", "", "--suffix dev"),
        ("dr-team-a1", "team-a1", "", "--suffix team-a1"),
        ("dr-dev.vpc", "dev", "vpc", "--suffix dev --layer vpc"),
        ("dr-dr-1.my-layer", "dr-1", "my-layer", "--suffix dr-1 --layer my-layer"),
    ],
)
def test_a_launchs_name_holds_its_suffix_and_layer(
    name: str, suffix: str, layer: str, options: str
) -> None:
    assert names.launch(suffix=suffix, layer=layer) == name
    assert names.of_launch(name) == (suffix, layer)
    assert names.launch_options(suffix=suffix, layer=layer) == options
