"""What expressions come to before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from dr_catalog.releases.values import Unknown, Values

VALUES = Values(
    known={"Suffix": "dev", "AWS::Region": "us-east-1", "Weight": "0"},
    conditions={
        "Weighted": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Weight"}, "0"]}]},
        "Dev": {"Fn::Equals": [{"Ref": "Suffix"}, "dev"]},
        "Both": {"Fn::And": [{"Condition": "Weighted"}, {"Condition": "Dev"}]},
        "Any": {"Fn::Or": [{"Condition": "Weighted"}, {"Condition": "Dev"}]},
    },
    setting=lambda name: {"/dr/prefix": "assets"}[name],
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        (8, "8"),
        (True, "true"),
        ({"Ref": "Suffix"}, "dev"),
        ({"Fn::Sub": "a-${Suffix}-${AWS::Region}"}, "a-dev-us-east-1"),
        ({"Fn::Sub": ["a-${X}", {"X": {"Ref": "Suffix"}}]}, "a-dev"),
        ({"Fn::Join": [",", ["x", {"Ref": "Suffix"}]]}, "x,dev"),
        ({"Fn::If": ["Weighted", "yes", {"Ref": "AWS::Region"}]}, "us-east-1"),
        ({"Fn::If": ["Any", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::Sub": "{{resolve:ssm:/dr/prefix}}-${AWS::Region}"}, "assets-us-east-1"),
    ],
)
def test_what_stands_on_parameters_is_known(expression: Any, value: str) -> None:
    assert VALUES.text(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        {"Fn::GetAtt": ["Vpc", "VpcId"]},
        {"Ref": "Queue"},
        {"Fn::Sub": "x-${Queue.Arn}"},
        {"Fn::Select": [0, ["a"]]},
        {"Fn::If": ["NoSuch", "a", "b"]},
        None,
    ],
)
def test_what_stands_on_a_resource_is_not(expression: Any) -> None:
    with pytest.raises(Unknown):
        VALUES.text(expression)
