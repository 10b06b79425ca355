"""Waiting for a record: polls, events of both regions, and what counts as success."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dr_catalog.errors import LaunchError, NotFoundError, SetupError
from dr_catalog.provisioning import Follow, Provision, Terminate, wait
from dr_catalog.provisioning.events import StackEvents
from dr_catalog.provisioning.model import TERMINATE, UPDATE, StackInstance

from .fakes import ONE, START, event, launch, record, stack

COMMON = {"suffix": "demo", "product": "warm-standby", "version": "1.0.0"}
PROVISION = Provision(
    operation="launch",
    product_id="prod-1",
    target=ONE,
    path_id="",
    parameters={},
    tags={},
    **COMMON,
)
TERMINATION = Terminate(operation="terminate", launch=launch(), **COMMON)
STACK_SET = {"type": "AWS::CloudFormation::StackSet", "physical_id": "dr-foundation-demo:1"}
PEER_STACK = "arn:stack/peer"


class Waiting:
    """Runs `wait` without sleeping, and keeps what it reported."""

    def __init__(self, aws) -> None:
        self.aws, self.slept, self.reported, self.blocked = aws, [], [], ""

    def __call__(self, step, first):
        def report(events, blocked):
            self.reported += events
            self.blocked = blocked

        return wait(self.aws, step, first, report=report, sleep=self.slept.append)


@pytest.fixture
def waiting(aws) -> Waiting:
    aws.launch.return_value = launch()
    return Waiting(aws)


def stacks(aws, **events) -> None:
    """Give stacks their events, newest first as CloudFormation does."""
    aws.events.side_effect = lambda stack, *, since, region="": (
        each for each in events.get(stack.rpartition("/")[2], ()) if each.time >= since
    )


def test_it_polls_until_the_record_ends(aws, waiting):
    running, done = record(status="IN_PROGRESS"), record()
    aws.record.side_effect = [running, running, done]
    outcome = waiting(PROVISION, running)
    assert (outcome.status, outcome.record, outcome.region) == ("AVAILABLE", "rec-1", "us-east-1")
    assert waiting.slept == [5.0, 5.0]


def test_a_local_endpoint_is_polled_faster(aws, waiting):
    aws.local = True
    aws.record.side_effect = [*[record(status="IN_PROGRESS")] * 60, record()]
    waiting(PROVISION, record())
    assert waiting.slept[0] == 0.1
    # A pause is about a tenth of what has passed, and never longer than AWS's.
    assert waiting.slept[24] == pytest.approx(sum(waiting.slept[:24]) / 10, rel=0.2)
    assert max(waiting.slept) == 5.0


def test_a_local_endpoint_is_asked_for_events_at_times_and_in_the_end(aws, waiting):
    aws.local = True
    running = record(status="IN_PROGRESS")
    aws.record.side_effect = [running] * 7 + [record()]
    last = event("Queue", "CREATE_COMPLETE")
    aws.events.side_effect = [iter(()), iter(()), iter([last])]
    waiting(PROVISION, record())
    assert waiting.reported == [last]
    assert len(waiting.slept) == 7


def test_events_come_once_in_order_and_only_those_of_this_operation(aws, waiting):
    before = event("Queue", "CREATE_COMPLETE", at=-60)
    one, two = event("Queue", "UPDATE_IN_PROGRESS"), event("Queue", "UPDATE_COMPLETE", at=2)
    aws.record.side_effect = [record(status="IN_PROGRESS"), record()]
    stacks(aws, demo=[two, one, before])
    waiting(PROVISION, record())
    assert waiting.reported == [one, two]


def test_whole_seconds_are_not_older_than_the_operation(aws, waiting):
    early = event("Queue", "CREATE_IN_PROGRESS", time=START.replace(microsecond=0))
    stacks(aws, demo=[early])
    waiting(PROVISION, record())
    assert waiting.reported == [early]


def test_the_peers_events_are_read_in_the_peer(aws, waiting):
    begun = event("Foundation", "CREATE_IN_PROGRESS", **STACK_SET)
    peer = event("Key", "CREATE_COMPLETE", at=2, region="us-west-2")
    aws.stack_instances.return_value = (
        StackInstance(region="us-west-2", stack_id=PEER_STACK, status="OUTDATED"),
    )
    after = event("Table", "CREATE_IN_PROGRESS", at=3)
    stacks(aws, demo=[after, begun], peer=[peer])
    waiting(PROVISION, record())
    assert waiting.reported == [begun, peer, after]
    assert aws.events.call_args_list[-1].kwargs["region"] == "us-west-2"


def test_a_stack_set_that_has_ended_is_not_asked_again(aws):
    begun = event("Foundation", "CREATE_IN_PROGRESS", **STACK_SET)
    ended = event("Foundation", "CREATE_COMPLETE", at=2, **STACK_SET)
    reading = StackEvents(aws, suffix="demo", stack="demo", since=START)
    stacks(aws, demo=[begun])
    reading.fresh()
    reading.fresh()
    assert aws.stack_instances.call_count == 2
    stacks(aws, demo=[ended, begun])
    reading.fresh()
    reading.fresh()
    assert aws.stack_instances.call_count == 3


def test_a_missing_permission_ends_the_progress_not_the_launch(aws, waiting):
    aws.events.side_effect = SetupError("these credentials may not call DescribeStackEvents")
    aws.record.side_effect = [record(status="IN_PROGRESS"), record()]
    assert waiting(PROVISION, record()).status == "AVAILABLE"
    assert waiting.blocked == "these credentials may not call DescribeStackEvents"
    assert aws.events.call_count == 1


def test_a_stack_that_is_not_there_yet_blocks_nothing(aws, waiting):
    aws.stack.return_value = None
    aws.events.side_effect = NotFoundError("not found")
    assert waiting(PROVISION, record()).status == "AVAILABLE"
    assert waiting.blocked == ""
    assert aws.events.call_args.args == ("SC-222222222222-pp-1",)


def test_a_failure_names_the_first_resource_region_and_reason(aws, waiting):
    failed = record(status="FAILED", errors=("Queue: cut off",))
    aws.record.return_value = failed
    stacks(
        aws,
        demo=[
            event("SC-stack", "ROLLBACK_FAILED", at=1, type="AWS::CloudFormation::Stack"),
            event("Table", "CREATE_FAILED", at=3, reason="Resource creation cancelled"),
            event("Role", "DELETE_FAILED", at=9, reason="later"),
            event("Queue", "CREATE_FAILED", at=4, reason="no such key"),
        ],
    )
    with pytest.raises(LaunchError) as caught:
        waiting(PROVISION, failed)
    error = caught.value
    assert error.what == ("the launch of 'demo' failed: Queue (AWS::SSM::Parameter) in us-east-1")
    assert error.why == "no such key"
    assert "dr-catalog terminate --suffix demo" in error.hint


def test_a_failure_in_the_peer_is_told_by_the_peer(aws, waiting):
    aws.record.return_value = record(status="FAILED", errors=("Foundation: cut at 850",))
    aws.stack_instances.return_value = (StackInstance(region="us-west-2", stack_id=PEER_STACK),)
    at = START + timedelta(seconds=3)
    stacks(
        aws,
        demo=[event("Foundation", "CREATE_FAILED", time=at, reason="cut", **STACK_SET)],
        peer=[event("Key", "CREATE_FAILED", time=at, region="us-west-2", reason="all of it")],
    )
    with pytest.raises(LaunchError, match=r"Key .* in us-west-2") as caught:
        waiting(PROVISION, record())
    assert caught.value.why == "all of it"


@pytest.mark.parametrize(
    ("layer", "physical_id", "named"),
    [
        ("", "", "dr-foundation-demo"),
        ("", "dr-foundation-demo:1", "dr-foundation-demo"),
        ("kms", "", "dr-layer-kms-foundation-demo"),
    ],
)
def test_a_stack_set_that_is_gone_already_is_told_by_its_stacks(
    aws, waiting, layer, physical_id, named
):
    aws.record.return_value = record(status="FAILED")
    aws.stacks_since.side_effect = lambda *, prefix, since, region: (
        (PEER_STACK,) if (prefix, region) == (f"StackSet-{named}-", "us-west-2") else ()
    )
    gone = {**STACK_SET, "physical_id": physical_id}
    stacks(
        aws,
        demo=[event("Foundation", "CREATE_FAILED", reason="cut", **gone)],
        peer=[event("Key", "CREATE_FAILED", region="us-west-2", reason="all of it")],
    )
    with pytest.raises(LaunchError, match=r"Key .* in us-west-2") as caught:
        waiting(replace(PROVISION, layer=layer), record())
    assert caught.value.why == "all of it"


def test_a_witness_that_onboarding_did_not_admit_says_who_can(aws, waiting):
    aws.record.return_value = record(status="FAILED")
    why = (
        "User: arn:aws:sts::222222222222:assumed-role/dr-catalog-stackset-execution/AWSCloudFormation "
        "is not authorized to perform: logs:CreateLogGroup"
    )
    stacks(aws, demo=[event("Witness", "CREATE_FAILED", reason=why, **STACK_SET)])
    with pytest.raises(LaunchError) as caught:
        waiting(PROVISION, record())
    assert "onboard account 222222222222 again" in caught.value.hint
    assert "witness" in caught.value.hint


def test_a_stack_set_that_failed_by_itself_is_told_by_itself(aws, waiting):
    aws.record.return_value = record(status="FAILED")
    aws.stacks_since.side_effect = SetupError("these credentials may not call ListStacks")
    stacks(aws, demo=[event("Foundation", "CREATE_FAILED", reason="no such role", **STACK_SET)])
    with pytest.raises(LaunchError, match="Foundation") as caught:
        waiting(PROVISION, record())
    assert caught.value.why == "no such role"


def test_without_events_the_records_reason_is_told(aws, waiting):
    aws.record.return_value = record(status="FAILED", errors=("no such role",))
    with pytest.raises(LaunchError) as caught:
        waiting(PROVISION, record())
    assert caught.value.why == "no such role"


def test_a_tainted_product_is_no_success_whatever_the_record_says(aws, waiting):
    aws.launch.return_value = launch(status="TAINTED", message="rolled back")
    with pytest.raises(LaunchError) as caught:
        waiting(PROVISION, record(kind=UPDATE))
    assert caught.value.why == "rolled back"


def test_a_termination_needs_no_product_afterwards(aws, waiting):
    aws.launch.return_value = None
    done = record(kind=TERMINATE)
    aws.record.return_value = done
    assert waiting(TERMINATION, done).status == "TERMINATED"
    aws.record.return_value = record(kind=TERMINATE, status="FAILED", errors=("guarded",))
    with pytest.raises(LaunchError, match="termination") as caught:
        waiting(TERMINATION, done)
    assert caught.value.why == "guarded"


def test_a_followed_operation_must_end_with_the_values_that_were_asked_for(aws, waiting):
    step = Follow(operation="launch", record="rec-1", expected={"Size": "large"}, **COMMON)
    aws.stack.return_value = stack(parameters={"Size": "large"})
    assert waiting(step, record()).status == "AVAILABLE"
    aws.stack.return_value = stack(parameters={"Size": "small"})
    with pytest.raises(LaunchError, match="other settings") as caught:
        waiting(step, record())
    assert caught.value.why == "Size is small"
    assert "dr-catalog upgrade --suffix demo --set Size=large" in caught.value.hint
