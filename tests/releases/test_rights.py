"""What released templates ask of their roles: by version, by template, and told when nobody reviewed it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dr_catalog.definitions import Product, load_catalog
from dr_catalog.launch_roles import load_review
from dr_catalog.releases import freeze, verify_product
from dr_catalog.releases.rights import execution_rights, launch_rights

from .conftest import listed, synthesis

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dr-x"}}
CLUSTER = {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "dr-x"}}
OWN = """\
resources:
  - {name: Ecs, actions: ["ecs:*"], resources: ["arn:{partition}:ecs:*:{account}:cluster/dr-*"]}
"""


@pytest.fixture
def frozen(product: Product) -> Product:
    """Two versions, listed; a test adds resources to the older one."""
    for version in ("1.0.0", "1.1.0"):
        freeze(product, version, synthesise=synthesis())
    return listed(product, "1.0.0", "1.1.0")


def add(product: Product, role: str, **resources: Any) -> None:
    """Resources in the template of the older version; its digest is another check's affair."""
    file = product.folder / f"releases/1.0.0/{role}.template.json"
    template = json.loads(file.read_text())
    template["Resources"].update(resources)
    file.write_text(json.dumps(template))


def rights(product: Product) -> dict[str, frozenset[str]]:
    review, root = load_review(), product.folder.parents[1]
    return {
        "launch": launch_rights(product, review).actions,
        "execution": execution_rights(load_catalog(root), review).actions,
    }


@pytest.mark.parametrize(
    ("template", "grows", "stays"),
    [
        ("primary", "launch", "execution"),
        ("foundation", "execution", "launch"),
        ("workload", "execution", "launch"),
    ],
)
def test_a_type_of_any_version_brings_its_rights_to_the_role_that_makes_it(
    frozen: Product, template: str, grows: str, stays: str
) -> None:
    before = rights(frozen)
    add(frozen, template, Queue=QUEUE)
    after = rights(frozen)
    added = after[grows] - before[grows]
    assert {"sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes"} <= added
    assert {action.partition(":")[0] for action in added} == {"sqs"}
    assert after[stays] == before[stays]


def test_a_retired_version_keeps_what_its_launches_need_to_end(frozen: Product) -> None:
    add(frozen, "primary", Queue=QUEUE)
    file = frozen.folder / "product.yaml"
    file.write_text(file.read_text().replace("guidance: available", "guidance: retired"))
    catalog = load_catalog(frozen.folder.parents[1])
    actions = launch_rights(catalog.products["sample"], load_review()).actions
    assert "sqs:DeleteQueue" in actions
    assert not {"sqs:CreateQueue", "sqs:SetQueueAttributes"} & actions


@pytest.mark.parametrize(
    ("template", "rule"), [("primary", "launch-role"), ("foundation", "execution-role")]
)
def test_verify_tells_what_nobody_has_reviewed(frozen: Product, template: str, rule: str) -> None:
    add(frozen, template, Cluster=CLUSTER)
    found = [each for each in verify_product(frozen) if each.rule == rule]
    assert {(each.version, each.template, each.resource) for each in found} == {
        ("1.0.0", template, "Cluster")
    }
    assert any("which resources ecs:CreateCluster may touch" in each.message for each in found)
    assert all("portfolio/launch_roles.yaml" in each.hint for each in found)
    (frozen.folder.parents[1] / "portfolio/launch_roles.yaml").write_text(OWN)
    left = [each for each in verify_product(frozen) if each.rule == rule]
    assert not any("ecs:" in each.message for each in left)
