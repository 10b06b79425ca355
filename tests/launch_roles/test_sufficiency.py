"""The derived roles against the list that the embedded AWS keeps of each type's calls.

The list (``embedded_aws/permissions/resource_actions.yaml``) and the roles come from different sources. Each
resource of every released template is made, changed and deleted on paper; every call that the list says this
takes must be allowed, and refused by name once its action is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml

from dr_catalog.definitions import load_catalog
from dr_catalog.releases.layout import read_templates, release_folder
from dr_catalog.releases.schemas import create_only, schema
from dr_catalog.releases.template import Template
from embedded_aws.permissions import accounts
from embedded_aws.permissions.requirements import FILE, Call, Step, calls, direct_calls
from embedded_aws.permissions.roles import AccessDeniedError, Role

from .conftest import ACCOUNT, HUB, PEER, PRODUCT, REGION, ROOT, WITNESS, documents, listed
from .resolution import Resolution, Resolved

ROLES = ("launch", "execution")
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/dr-catalog-boundary"
TEMPLATE_URL = (
    f"https://s3.{REGION}.amazonaws.com/dr-catalog-assets-{HUB}-{REGION}/templates/1.json"
)
TEMPLATES = {"launch": ("primary",), "execution": ("foundation", "workload", "witness")}


@dataclass(frozen=True)
class Asked:
    """A call that a role must be allowed."""

    call: Call
    forwarded: bool

    def key(self) -> str:
        return json.dumps(
            [
                self.call.action,
                self.call.resource,
                self.call.region,
                self.forwarded,
                dict(self.call.context),
            ],
            sort_keys=True,
        )


@cache
def asked(role: str) -> tuple[Asked, ...]:
    """Every different call that the released templates take."""
    found: dict[str, Asked] = {}
    stack = "SC-222222222222-pp-x" if role == "launch" else "StackSet-dr-foundation-sample-1"
    for verb in ("create", "update", "delete", *(["plan"] if role == "launch" else [])):
        url = {} if verb == "delete" else {"TemplateURL": TEMPLATE_URL}
        given = step(verb, "AWS::CloudFormation::Stack", {"StackName": stack, **url}, region(role))
        found.update((each.key(), each) for each in (Asked(c, False) for c in direct_calls(given)))
    for resolution in resolutions(role):
        for resource in resolution.resources():
            for taken in steps(resource, resolution.region):
                found.update((each.key(), each) for each in (Asked(c, True) for c in calls(taken)))
    return tuple(found.values())


def region(role: str) -> str:
    return REGION if role == "launch" else PEER


def resolutions(role: str) -> Iterator[Resolution]:
    product = load_catalog(ROOT).products[PRODUCT]
    for version in product.versions:
        contents = read_templates(release_folder(product, version.version))
        for name in contents.keys() & TEMPLATES[role]:
            where = WITNESS if name == "witness" else region(role)
            template = Template.parse(name, contents[name])
            for holds in (True, False):
                yield Resolution(template, where, holds)


def steps(resource: Resolved, where: str) -> Iterator[Step]:
    """Its creation, the change of everything, the loss of each property, its deletion."""
    properties = resource.properties
    common: dict[str, Any] = {"resource_type": resource.type, "where": where}
    yield step("create", properties=properties, **common)
    existing: dict[str, Any] = {**common, "physical_id": resource.physical_id}
    yield step("update", properties=properties, **existing)
    for name in properties.keys() - lasting(resource.type):
        left = {key: value for key, value in properties.items() if key != name}
        yield step("update", properties=left, previous=properties, **existing)
    yield step("delete", properties=properties, **existing)


@cache
def lasting(resource_type: str) -> frozenset[str]:
    """The properties that an update can't take away, and the two that it must not."""
    required = schema(resource_type).get("required", ())
    kept = ("AdministrationRoleARN", "PermissionsBoundary")
    return frozenset({*required, *create_only(resource_type), *kept})


def step(
    verb: str, resource_type: str, properties: Mapping[str, Any], where: str, **more: Any
) -> Step:
    return Step(
        verb=verb,
        resource_type=resource_type,
        properties=properties,
        account=ACCOUNT,
        region=where,
        generated_name="SC-222222222222-pp-x-Logical-*",
        tagged=True,
        **more,
    )


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The policies that the checker finds for each role; a test may change them."""
    held = {role: [json.dumps(each) for each in documents()[role]] for role in ROLES}
    roles = f"arn:aws:iam::{ACCOUNT}:role"
    monkeypatch.setattr(
        accounts, "role", lambda _account, name: {"Arn": f"{roles}/{name}", "name": name}
    )
    monkeypatch.setattr(accounts, "role_boundary", lambda _account, _name: BOUNDARY)
    monkeypatch.setattr(accounts, "policy_documents", lambda _account, found: held[found["name"]])
    monkeypatch.setattr(accounts, "boundary_document", lambda _account, _found: None)
    monkeypatch.setattr(accounts, "bucket_owner", lambda _bucket: HUB)
    monkeypatch.setattr(
        accounts, "object_tags", lambda _bucket, _key: {"servicecatalog:provisioning": "true"}
    )
    return held


def refused(role: str, each: Asked) -> str:
    """The sentence of the refusal, empty when the call is allowed."""
    try:
        Role(ACCOUNT, role).check(each.call, forwarded=each.forwarded)
    except AccessDeniedError as denied:
        return str(denied)
    return ""


def without(document: str, action: str) -> str:
    """The document with the action taken out of every Allow."""
    body = json.loads(document)
    for statement in body["Statement"]:
        if statement["Effect"] == "Allow":
            statement["Action"] = [each for each in listed(statement["Action"]) if each != action]
    body["Statement"] = [statement for statement in body["Statement"] if statement["Action"]]
    return json.dumps(body)


@pytest.mark.parametrize("role", ROLES)
def test_every_call_that_the_releases_take_is_allowed(
    policies: dict[str, list[str]], role: str
) -> None:
    assert len(asked(role)) > 300
    denied = {
        (each.call.action, each.call.resource, each.call.region)
        for each in asked(role)
        if refused(role, each)
    }
    assert sorted(denied) == []


@pytest.mark.parametrize("role", ROLES)
def test_without_an_action_exactly_its_calls_are_refused_by_name(
    policies: dict[str, list[str]], role: str
) -> None:
    whole = policies[role]
    by_action: dict[str, list[Asked]] = {}
    for each in asked(role):
        by_action.setdefault(each.call.action, []).append(each)
    assert len(by_action) > 150
    for action in by_action:
        policies[role] = [
            without(document, action) if f'"{action}"' in document else document
            for document in whole
        ]
        for each in by_action[action]:
            expected = f"not authorized to perform: {action} on resource: "
            assert expected in refused(role, each)
        for other, needs in by_action.items():
            if other != action and services([other]) == services([action]):
                assert not refused(role, needs[0]), (action, other)


def services(actions: Iterable[str]) -> set[str]:
    return {action.partition(":")[0] for action in actions}


@pytest.mark.parametrize("role", ROLES)
def test_no_service_is_allowed_that_the_list_does_not_know(role: str) -> None:
    def named(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, entry in value.items():
                if key not in ("arn", "context", "when", "each"):
                    yield from named(entry)
        elif isinstance(value, list):
            for entry in value:
                yield from named(entry)
        elif isinstance(value, str):
            yield value

    known = services(named(yaml.safe_load(FILE.read_text(encoding="utf-8"))))
    allowed = services(
        action
        for document in documents()[role]
        for statement in document["Statement"]
        for action in listed(statement["Action"])
    )
    assert len(allowed) > 15
    assert allowed - known == set()
