"""What templates come to when they are launched: every expression worked out as far as it can be.

What only AWS knows, such as a VPC's id, becomes a text that names region, resource and attribute. What a
stack reads from SSM is what another stack of the same environment writes there; what a StackSet hands on is
what its template gets. So two ways of launching can be compared resource by resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..conftest import Template

ACCOUNT = "111111111111"
NOTHING = object()
"""What ``AWS::NoValue`` leaves."""
NAMED = {
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::IAM::Role": "RoleName",
    "AWS::S3::Bucket": "BucketName",
}
"""Types whose ``Ref`` is a property."""


@dataclass
class Environment:
    """All stacks of one suffix, and what they wrote to SSM: region to name to stack and expression."""

    stacks: list[Stack] = field(default_factory=list)
    told: dict[str, dict[str, tuple[Stack, Any]]] = field(default_factory=dict)

    def launch(
        self, templates: Mapping[str, Template], *, region: str, given: Mapping[str, Any]
    ) -> Stack:
        """A primary template in ``region``, and what it brings up elsewhere."""
        primary = self._add(Stack(self, templates["primary"], region, lambda name: given.get(name)))
        for _, resource in primary.resources():
            if resource["Type"] == "AWS::CloudFormation::StackSet":
                self._bring_up(primary, resource["Properties"], templates)
        return primary

    def _bring_up(
        self, primary: Stack, stackset: Template, templates: Mapping[str, Template]
    ) -> None:
        role = re.search(r"@(\w+)@", str(stackset["TemplateURL"]))
        assert role
        (group,) = stackset["StackInstancesGroup"]
        handed = {each["ParameterKey"]: each["ParameterValue"] for each in stackset["Parameters"]}
        self._add(
            Stack(
                self,
                templates[role[1]],
                primary.value(group["Regions"][0]),
                lambda name: primary.value(handed[name]),
            )
        )

    def _add(self, stack: Stack) -> Stack:
        self.stacks.append(stack)
        told = self.told.setdefault(stack.region, {})
        for _, resource in stack.resources():
            if resource["Type"] == "AWS::SSM::Parameter":
                name = stack.value(resource["Properties"]["Name"])
                assert name not in told, f"{name} is told twice in {stack.region}"
                told[name] = (stack, resource["Properties"]["Value"])
        return stack

    def read(self, region: str, name: str) -> Any:
        stack, expression = self.told[region][name]
        return stack.value(expression)


@dataclass(eq=False)
class Stack:
    """A template in a region, with its parameters' values."""

    environment: Environment
    template: Template
    region: str
    given: Callable[[str], Any]

    def resources(self) -> Iterator[tuple[str, Template]]:
        """Those that are there: whose condition is true."""
        for name, resource in self.template["Resources"].items():
            if "Condition" not in resource or self.condition(resource["Condition"]):
                yield name, resource

    def condition(self, name: str) -> bool:
        return bool(self.value(self.template["Conditions"][name]))

    def value(self, expression: Any) -> Any:
        if isinstance(expression, list):
            return [v for each in expression if (v := self.value(each)) is not NOTHING]
        if not isinstance(expression, dict):
            return expression
        if len(expression) == 1:
            ((function, argument),) = expression.items()
            if function in FUNCTIONS:
                return FUNCTIONS[function](self, argument)
            assert not function.startswith("Fn::"), function
        values = {key: self.value(each) for key, each in expression.items()}
        return {key: value for key, value in values.items() if value is not NOTHING}

    def ref(self, name: str) -> Any:
        if name.startswith("AWS::"):
            return {
                "AWS::Region": self.region,
                "AWS::AccountId": ACCOUNT,
                "AWS::Partition": "aws",
                "AWS::URLSuffix": "amazonaws.com",
                "AWS::NoValue": NOTHING,
            }[name]
        if name in self.template["Parameters"]:
            row = self.template["Parameters"][name]
            value = self.given(name)
            value = row["Default"] if value is None else value
            return value.split(",") if row["Type"] == "CommaDelimitedList" else str(value)
        resource = self.template["Resources"][name]
        if resource["Type"] in NAMED:
            return self.value(resource["Properties"][NAMED[resource["Type"]]])
        return f"<{self.region}:{name}>"

    def attribute(self, name: str, attribute: str) -> Any:
        resource = self.template["Resources"][name]
        properties = resource["Properties"]
        match resource["Type"], attribute:
            case "Custom::DrNeighbours", _:
                return self._neighbour(properties, attribute)
            case "Custom::DrPeerParameter", _:
                region, path = self.value(properties["Region"]), self.value(properties["Path"])
                (found,) = (n for n in properties["Names"] if camel(n) == attribute)
                return self.environment.read(region, f"{path}/{found}")
            case "AWS::KMS::Key", "KeyId":
                return "<the key>"
            case (("AWS::KMS::Key" | "AWS::KMS::ReplicaKey"), "Arn"):
                return f"arn:aws:kms:{self.region}:{ACCOUNT}:key/<the key>"
        return f"<{self.region}:{name}~{attribute}>"

    def _neighbour(self, properties: Template, attribute: str) -> Any:
        read = {
            side + camel(layer) + camel(name): (properties[f"{side}Region"], layer, name)
            for layer, sides in properties["Needs"].items()
            for side, names in sides.items()
            for name in names
        }
        region, layer, name = read[attribute]
        suffix = self.value(properties["Suffix"])
        return self.environment.read(self.value(region), f"/dr/{suffix}/{layer}/{name}")


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _sub(stack: Stack, argument: Any) -> str:
    text, given = (argument, {}) if isinstance(argument, str) else argument

    def found(match: re.Match[str]) -> str:
        name = match[1]
        if name in given:
            return str(stack.value(given[name]))
        resource, dot, attribute = name.partition(".")
        return str(stack.attribute(resource, attribute) if dot else stack.ref(name))

    return re.sub(r"\$\{([^}]+)\}", found, text)


def _get_att(stack: Stack, argument: Any) -> Any:
    name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return stack.attribute(name, attribute)


def _if(stack: Stack, argument: Any) -> Any:
    name, yes, no = argument
    return stack.value(yes if stack.condition(name) else no)


def _split(stack: Stack, argument: Any) -> list[str]:
    found: list[str] = stack.value(argument[1]).split(argument[0])
    return found


def _cidr(stack: Stack, argument: Any) -> list[str]:
    block, count, bits = stack.value(argument)
    return [f"<{number} of {count} /{bits} in {block}>" for number in range(int(count))]


FUNCTIONS: Mapping[str, Callable[[Stack, Any], Any]] = {
    "Ref": Stack.ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::Split": _split,
    "Fn::Cidr": _cidr,
    "Fn::Join": lambda stack, a: a[0].join(map(str, stack.value(a[1]))),
    "Fn::Select": lambda stack, a: stack.value(a[1])[int(a[0])],
    "Fn::GetAZs": lambda stack, _: [f"{stack.region}{zone}" for zone in "abc"],
    "Fn::Equals": lambda stack, a: stack.value(a[0]) == stack.value(a[1]),
    "Fn::Not": lambda stack, a: not stack.value(a[0]),
    "Fn::And": lambda stack, a: all(stack.value(each) for each in a),
    "Fn::Or": lambda stack, a: any(stack.value(each) for each in a),
    "Condition": Stack.condition,
}
