"""A person who launches finds every parameter explained; what can't be right is refused at once."""

from __future__ import annotations

import re

import pytest

from dr_catalog.tiers import active_active, pilot_light, warm_standby
from dr_catalog.tiers import parameters as given
from dr_catalog.tiers.parameters import Parameter
from dr_catalog.tiers.parts.composition import asked, set_by_tenant

from ..layers.reading import Template

ROWS = {name: row for name, row in vars(given).items() if isinstance(row, Parameter)}
GROUPS = [
    given.ENVIRONMENT,
    given.NETWORK,
    given.DATABASE,
    given.BACKUP,
    given.DNS,
    given.RECOVERY,
    given.DELETION,
]
SET_BY_TENANT = [row for row in ROWS.values() if row.group]
OFFERED = [given.SUFFIX, *set_by_tenant(asked(warm_standby.PRIMARY))]
HANDED_ON = [row for row in ROWS.values() if not row.group]


def ids(rows: list[Parameter]) -> list[str]:
    return [row.name for row in rows]


def test_a_row_has_one_name_and_some_tier_offers_it_to_a_tenant() -> None:
    assert len({row.name for row in ROWS.values()}) == len(ROWS)
    offered = {
        row
        for tier in (active_active, pilot_light, warm_standby)
        for row in set_by_tenant(asked(tier.PRIMARY))
    }
    assert {given.SUFFIX, *offered} == set(SET_BY_TENANT)
    shown = list(dict.fromkeys(row.group for row in SET_BY_TENANT))
    assert shown == GROUPS


@pytest.mark.parametrize("row", SET_BY_TENANT, ids=ids(SET_BY_TENANT))
def test_what_a_tenant_may_set_is_explained_and_has_a_default(row: Parameter) -> None:
    assert (row.default is None) is (row == given.SUFFIX)
    assert row.label
    assert row.group in GROUPS
    assert 20 < len(row.description) <= 4000
    if row != given.PEER_REGION:  # whose one value is its default
        for value in row.allowed:
            assert re.search(rf"\b{value}\b", row.description), f"{value} is not explained"
    for limit in (row.minimum, row.maximum, *(row.lengths or ())):
        if limit is not None:
            assert re.search(rf"(^|\s){re.escape(f'{limit:g}')}\b", row.description), limit
    assert row.pattern or row.allowed or (row.minimum, row.maximum) != (None, None)


@pytest.mark.parametrize("row", SET_BY_TENANT, ids=ids(SET_BY_TENANT))
def test_a_default_is_within_its_own_limits(row: Parameter) -> None:
    if row.default is None:
        return
    if row.allowed:
        assert row.default in row.allowed
    if row.pattern:
        assert re.fullmatch(row.pattern, str(row.default))
    if row.type == "Number" and not row.allowed:
        assert row.minimum is not None
        assert row.maximum is not None
        assert row.minimum <= float(row.default) <= row.maximum


def test_capacities_say_their_unit() -> None:
    for row in (given.MIN_CAPACITY, given.MAX_CAPACITY):
        assert "Aurora capacity units" in row.description
        assert "ACU" in row.label


@pytest.mark.parametrize("row", HANDED_ON, ids=ids(HANDED_ON))
def test_what_the_primary_hands_on_must_be_given_and_has_a_form(row: Parameter) -> None:
    assert row.default is None
    assert row.pattern
    assert row.description


GOOD_AND_BAD = [
    (given.SUFFIX, ["dev", "a1", "team-a-2"], ["", "a-", "1a", "a--b", "Dev", "a_b", "a b"]),
    (
        given.CIDR,
        ["auto", "10.0.0.0/16", "172.31.240.0/20"],
        ["", "Auto", "10.0.0.0", "10.0.0/16", "10.0.0.0/8", "10.0.0.0/21", "10.0.0.0/160", "auto "],
    ),
    (given.PEER_CIDR, ["auto", "192.168.0.0/16"], ["none", "192.168.0.0/24", "::/16"]),
    (
        given.ZONE_ID,
        ["", "Z2FDTNDATAQYW2", "Z0123"],
        ["Z", "z2fdtndataqyw2", "/hostedzone/Z2FDTNDATAQYW2", "Z" + "A" * 32, "A2FDTNDATAQYW2"],
    ),
    (
        given.ZONE_NAME,
        ["", "example.com", "dr.team-a.example.co.uk", "xn--bcher-kva.example"],
        [
            "example",
            "example.com.",
            ".example.com",
            "-a.example.com",
            "a-.com",
            "Example.com",
            "a..b",
        ],
    ),
    (given.ASSET_BUCKET_PREFIX, ["dr-catalog-assets-111111111111"], ["", "-a-b", "A-b", "a.b"]),
    (
        given.LAUNCH_REGION,
        ["us-east-1", "us-gov-west-1", "ap-southeast-2"],
        ["", "us-east", "us-east-1a", "us-east-11", "US-EAST-1", "us-east-1,us-west-2"],
    ),
    (given.WITNESS_REGION, ["", "eu-west-1"], ["none", "eu-west", "eu-west-1,eu-west-2"]),
    (given.VOTES_REGION, ["us-west-2"], ["", "us-west", "us-west-2 "]),
    (
        given.SERVING_REGIONS,
        ["us-east-1", "us-east-1,us-west-2"],
        ["", "us-east-1,", "us-east-1, us-west-2", "us-east-1,us-west-2,eu-west-1"],
    ),
    (
        given.PRIMARY_KEY_ARN,
        [
            "arn:aws:kms:us-east-1:111111111111:key/mrk-0af1",
            "arn:aws-cn:kms:cn-north-1:111111111111:key/mrk-0",
        ],
        [
            "arn:aws:kms:us-east-1:111111111111:key/0af1",  # no multi-Region key
            "arn:aws:kms:us-east-1:111111111111:alias/mrk-0af1",
            "mrk-0af1",
        ],
    ),
    (given.PEER_WEIGHT, ["0", "1", "99", "255"], ["00", "0.0", "-1", "256", "1000", ""]),
    (given.PEER_SHARE, ["1", "99", "255"], ["0", "00", "-1", "256", ""]),
    (given.KEY_ID, ["mrk-0af1"], ["0af1", "mrk-", "mrk-xyz", "alias/mrk-1"]),
    (given.RANGE, ["10.1.0.0/16"], ["auto", "10.1.0.0/24"]),
    (given.LAUNCH_RANGE, ["10.1.16.0/20"], ["auto", "10.1.16.0"]),
    (given.LAUNCH_VPC_ID, ["vpc-0af1"], ["vpc-", "subnet-0af1", "vpc-xyz"]),
    (given.VPC_ID, ["vpc-0af1"], ["vpc-", "0af1"]),
    # In a list, the pattern holds for each value.
    (given.PRIVATE_SUBNET_IDS, ["subnet-0af1"], ["", "subnet-", "vpc-0af1"]),
    (given.ISOLATED_SUBNET_IDS, ["subnet-0af1"], ["", "subnet-xyz"]),
    (given.FUNCTION_SECURITY_GROUP_ID, ["sg-0af1"], ["sg-", "default"]),
    (
        given.WRITER_ENDPOINT,
        ["dr-ledger-dev.global-1.global.rds.amazonaws.com"],
        ["", "a b", "postgres://a", "A.com"],
    ),
    (
        given.RESTORE_TEMPLATE,
        [f"templates/{'0af1' * 16}.json"],
        ["", "templates/x.json", f"https://s3/{'0af1' * 16}.json"],
    ),
    (
        given.SNAPSHOT,
        ["arn:aws:rds:us-west-2:222222222222:cluster-snapshot:awsbackup:copyjob-0a-1"],
        ["", "awsbackup:copyjob-0a-1", "arn:aws:rds:us-west-2:222222222222:snapshot:a"],
    ),
    (
        given.LAUNCH_ENDPOINT,
        ["https://a1b2.execute-api.us-east-1.amazonaws.com/live/"],
        ["", "a1b2.execute-api", "http://a.com/live/", "https://a.com/live", "https://a.com/"],
    ),
]


@pytest.mark.parametrize(
    ("row", "good", "bad"), GOOD_AND_BAD, ids=[row.name for row, _, _ in GOOD_AND_BAD]
)
def test_patterns_take_what_is_right_and_refuse_the_rest(
    row: Parameter, good: list[str], bad: list[str]
) -> None:
    assert row.pattern is not None
    assert (row.pattern[0], row.pattern[-1]) == ("^", "$")
    assert [value for value in good if not re.fullmatch(row.pattern, value)] == []
    assert [value for value in bad if re.fullmatch(row.pattern, value)] == []


def test_every_pattern_is_tried() -> None:
    assert {row.name for row, _, _ in GOOD_AND_BAD} == {
        row.name for row in ROWS.values() if row.pattern
    }


@pytest.mark.parametrize("row", OFFERED, ids=ids(OFFERED))
def test_the_template_says_what_the_row_says(primary: Template, row: Parameter) -> None:
    written = primary["Parameters"][row.name]
    fewest, most = row.lengths or (None, None)
    expected = {
        "Type": row.type,
        "Description": row.description,
        "Default": row.default,
        "AllowedPattern": row.pattern,
        "AllowedValues": list(row.allowed) or None,
        "MinValue": row.minimum,
        "MaxValue": row.maximum,
        "MinLength": fewest,
        "MaxLength": most,
        "ConstraintDescription": f"must be: {row.description}" if row.pattern else None,
    }
    assert written == {name: value for name, value in expected.items() if value is not None}
