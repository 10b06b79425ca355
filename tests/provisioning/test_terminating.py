"""Planning a termination: protection first, then what runs, then what there is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dr_catalog.errors import LaunchError, NotFoundError, SetupError
from dr_catalog.provisioning import Follow, Nothing, Terminate, plan_termination
from dr_catalog.provisioning.model import TERMINATE, UPDATE

from .fakes import START, launch, record, stack

UNPROTECTED = {"DeletionProtection": "false", "OnTermination": "purge"}


@pytest.fixture(autouse=True)
def launched(aws):
    aws.launch.return_value = launch()
    aws.stack.return_value = stack(parameters=UNPROTECTED)


def test_it_says_what_becomes_of_the_data(aws):
    step = plan_termination(aws, "demo")
    assert isinstance(step, Terminate)
    assert (step.on_termination, step.peer_region) == ("purge", "us-west-2")


def test_protection_refuses_with_the_command_that_takes_it_off(aws):
    aws.stack.return_value = stack()
    with pytest.raises(LaunchError, match="nothing has been touched") as caught:
        plan_termination(aws, "demo")
    command = "`dr-catalog upgrade --suffix demo --set DeletionProtection=false`"
    assert command in caught.value.hint


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_that_takes_no_update_is_left_to_its_own_guard(aws, status):
    aws.launch.return_value = launch(status="ERROR")
    aws.stack.return_value = stack(status=status)
    step = plan_termination(aws, "demo")
    assert isinstance(step, Terminate)
    assert step.on_termination == ""


def test_a_stack_that_may_not_be_read_is_left_to_its_own_guard(aws):
    aws.stack.side_effect = SetupError("these credentials may not call DescribeStacks")
    step = plan_termination(aws, "demo")
    assert isinstance(step, Terminate)
    assert "guard decides" in step.notes[0]


def test_a_running_termination_is_followed(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(id="rec-5", kind=TERMINATE, status="IN_PROGRESS")
    step = plan_termination(aws, "demo")
    assert isinstance(step, Follow)
    assert step.record == "rec-5"


def test_another_running_operation_is_waited_for(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(kind=UPDATE, status="IN_PROGRESS")
    with pytest.raises(LaunchError, match="at this moment"):
        plan_termination(aws, "demo")


def test_what_history_shows_as_terminated_is_nothing_to_do(aws):
    aws.launch.return_value = None
    aws.latest_records.return_value = (record(kind=TERMINATE), record(created=START - timedelta(1)))
    assert isinstance(plan_termination(aws, "demo"), Nothing)


@pytest.mark.parametrize("records", [(), (record(kind=TERMINATE, launch="dr-other"),)])
def test_what_never_was_is_not_found(aws, records):
    aws.launch.return_value = None
    aws.latest_records.return_value = records
    with pytest.raises(NotFoundError):
        plan_termination(aws, "demo")


def test_a_withdrawn_product_can_be_terminated(aws):
    aws.product.side_effect = NotFoundError("not found")
    assert isinstance(plan_termination(aws, "demo"), Terminate)
