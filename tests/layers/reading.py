"""Small questions to a template: which resources of a type, and what text an intrinsic makes."""

from __future__ import annotations

from typing import Any

Template = dict[str, Any]


def of_type(template: Template, resource_type: str) -> list[dict[str, Any]]:
    """Every resource of the type."""
    return [
        resource for resource in template["Resources"].values() if resource["Type"] == resource_type
    ]


def only(template: Template, resource_type: str) -> dict[str, Any]:
    """The one resource of the type."""
    (resource,) = of_type(template, resource_type)
    return resource


def text(template: Template, value: Any) -> str:
    """What an intrinsic would make, references as ``<Name>`` or the named resource's type."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(text(template, part) for part in parts)
    if "Fn::Sub" in value:
        return str(value["Fn::Sub"]).replace("${AWS::", "<").replace("}", ">")
    if "Ref" in value:
        return f"<{_kind(template, value['Ref'])}>"
    if "Fn::GetAtt" in value:
        name, attribute = value["Fn::GetAtt"]
        return f"<{_kind(template, name)}.{attribute}>"
    raise AssertionError(f"no text for {value}")


def waits(template: Template) -> dict[str, set[str]]:
    """What each resource waits for: what it depends on, and what it refers to."""
    names = set(template["Resources"])
    return {
        name: set(resource.get("DependsOn", ())) | (_named(resource["Properties"]) & names)
        for name, resource in template["Resources"].items()
    }


def needed(waiting: dict[str, set[str]], name: str) -> set[str]:
    """All that must be there before ``name``."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        new = waiting[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def _named(value: object) -> set[str]:
    """The logical ids that a value refers to."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return {value["Ref"]}
        if set(value) == {"Fn::GetAtt"}:
            return {value["Fn::GetAtt"][0]}
        return set().union(*(_named(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(_named(each) for each in value))
    return set()


def statements(template: Template, prefix: str) -> list[dict[str, Any]]:
    """The statements of every IAM policy whose logical id begins with ``prefix``."""
    return [
        statement
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Policy" and name.startswith(prefix)
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(statement: dict[str, Any]) -> list[str]:
    """A statement's actions as a list."""
    found = statement["Action"]
    return [found] if isinstance(found, str) else list(found)


def resources(template: Template, statement: dict[str, Any]) -> list[str]:
    """A statement's resources as texts."""
    found = statement["Resource"]
    return [text(template, each) for each in (found if isinstance(found, list) else [found])]


def _kind(template: Template, name: str) -> str:
    resource = template["Resources"].get(name)
    return resource["Type"].split("::")[-1] if resource else name.removeprefix("AWS::")
