"""The update guard is changed before everything else, and may do little."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from ..layers.reading import (
    Template,
    actions,
    needed,
    only,
    resources,
    statements,
    text,
    waits,
)
from . import guarded_stack

OWN = ("UpdateGuard", "Key")


@pytest.fixture(scope="module")
def template() -> Template:
    return guarded_stack.template()


def test_everything_waits_for_the_guard_but_what_it_stands_on(template: Template) -> None:
    waiting = waits(template)
    (guard,) = (
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "Custom::DrUpdateGuard"
    )
    assert {name for name in waiting if guard not in waiting[name]} == {
        name for name in waiting if name.startswith(OWN)
    }
    assert len(waiting) > 15
    # What it stands on waits for nothing of the rest: there is an order.
    assert [*TopologicalSorter(waiting).static_order()]
    assert all(name.startswith(OWN) for name in needed(waiting, guard))


def test_the_guard_is_told_what_an_update_may_not_change(template: Template) -> None:
    told = only(template, "Custom::DrUpdateGuard")["Properties"]
    assert told["Fixed"] == {"PeerRegion": {"Ref": "PeerRegion"}, "Cidr": "10.0.0.0/16"}
    assert told["Parameters"] == {"OnTermination": {"Ref": "OnTermination"}}
    assert told["Content"] == "digest"
    assert told["LaunchRegion"] == {"Ref": "AWS::Region"}
    assert text(template, told["GlobalCluster"]) == "dr-ledger-<EnvironmentSuffix>"
    assert text(template, told["RecoveryTable"]) == "dr-recovery-<EnvironmentSuffix>"
    assert told["PeerRegion"] == {"Ref": "PeerRegion"}
    assert text(template, told["AcceptedParameter"]) == "/dr/<EnvironmentSuffix>/guard/accepted"


def test_the_guard_remembers_in_one_parameter_and_looks_at_one_global_cluster(
    template: Template,
) -> None:
    own = {
        statement["Sid"]: (sorted(actions(statement)), resources(template, statement))
        for statement in statements(template, "UpdateGuard")
    }
    assert {name for name in own if name not in ("Log", "Trace")} == {
        "RememberAccepted",
        "ForgetAtTheEnd",
        "FindWriter",
        "SeeRecovery",
        "ReadRecovery",
    }
    guard = "arn:<Partition>:ssm:<Region>:<AccountId>:parameter/dr/<EnvironmentSuffix>/guard"
    assert own["RememberAccepted"] == (
        ["ssm:GetParameter", "ssm:PutParameter"],
        [f"{guard}/accepted"],
    )
    assert own["ForgetAtTheEnd"] == (
        ["ssm:DeleteParameters"],
        [f"{guard}/accepted", f"{guard}/completed"],
    )
    assert own["FindWriter"] == (
        ["rds:DescribeGlobalClusters"],
        ["arn:<Partition>:rds::<AccountId>:global-cluster:dr-ledger-<EnvironmentSuffix>"],
    )
    assert own["SeeRecovery"] == (
        ["dynamodb:GetItem"],
        [
            f"arn:<Partition>:dynamodb:{region}:<AccountId>:table/dr-recovery-<EnvironmentSuffix>"
            for region in ("<Region>", "<PeerRegion>")
        ],
    )
    assert own["ReadRecovery"][0] == ["kms:Decrypt"]
