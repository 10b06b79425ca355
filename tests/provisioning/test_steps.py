"""Executing a step: one write, under a token that a rerun derives again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dr_catalog.errors import LaunchError
from dr_catalog.provisioning import Follow, LaunchRequest, execute, plan_launch
from dr_catalog.provisioning.steps import Provision, Terminate, Update

from .fakes import TWO, launch, record

COMMON = {"suffix": "demo", "product": "warm-standby", "version": "1.1.0"}
UPDATE = Update(
    operation="upgrade",
    launch=launch(),
    target=TWO,
    path_id="",
    parameters={"Size": "large", "DeletionProtection": None},
    **COMMON,
)
TERMINATE = Terminate(operation="terminate", launch=launch(), **COMMON)


@pytest.fixture
def provision(aws) -> Provision:
    return plan_launch(aws, LaunchRequest(product="warm-standby", suffix="demo"))


def token_of(call) -> str:
    return next(value for key, value in call.kwargs.items() if key == "token")


def tokens(call) -> list[str]:
    return [token_of(each) for each in call.call_args_list]


def test_a_rerun_sends_the_same_token(aws, provision):
    aws.provision.return_value = record(status="CREATED")
    execute(aws, provision)
    execute(aws, replace(provision))
    first, second = tokens(aws.provision)
    assert first == second
    assert len(first) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"suffix": "other"},
        {"target": TWO},
        {"parameters": {"Size": "large"}},
        {"tags": {"team": "a"}},
        {"path_id": "lp-2"},
        {"after_record": "rec-9"},
    ],
)
def test_whatever_else_is_asked_has_another_token(aws, provision, changes):
    aws.provision.return_value = record(status="CREATED")
    execute(aws, provision)
    execute(aws, replace(provision, **changes))
    first, second = tokens(aws.provision)
    assert first != second


@pytest.mark.parametrize("place", [{"account": "333333333333"}, {"region": "us-west-2"}])
def test_account_and_region_are_part_of_the_token(aws, provision, place):
    aws.provision.return_value = record(status="CREATED")
    execute(aws, provision)
    aws.configure_mock(**place)
    execute(aws, provision)
    first, second = tokens(aws.provision)
    assert first != second


def test_a_token_whose_launch_is_gone_leads_to_the_next(aws, provision):
    gone, fresh = record(id="rec-old", launch_id="pp-old"), record(id="rec-new", status="CREATED")
    aws.provision.side_effect = [gone, fresh, gone, fresh]
    assert execute(aws, provision) == fresh
    assert execute(aws, provision) == fresh
    first, second, *again = tokens(aws.provision)
    assert first != second
    assert again == [first, second]


def test_a_finished_record_of_a_launch_that_is_there_is_the_answer(aws, provision):
    aws.provision.return_value = record()
    aws.launch.return_value = launch()
    assert execute(aws, provision) == record()
    aws.provision.assert_called_once()


def test_it_does_not_go_on_for_ever(aws, provision):
    aws.provision.side_effect = lambda **sent: record(id=sent["token"], launch_id="pp-old")
    with pytest.raises(LaunchError, match="launched and terminated"):
        execute(aws, provision)


def test_an_update_sends_values_and_what_stays(aws):
    execute(aws, UPDATE)
    sent = aws.update.call_args.kwargs
    assert sent["launch_id"] == "pp-1"
    assert sent["parameters"] == {"Size": "large", "DeletionProtection": None}


@pytest.mark.parametrize(("step", "name"), [(UPDATE, "update"), (TERMINATE, "terminate")])
def test_the_last_record_makes_a_new_attempt_a_new_operation(aws, step, name):
    execute(aws, step)
    execute(aws, step)
    execute(aws, replace(step, launch=launch(last_record="rec-2")))
    first, again, after_failure = tokens(getattr(aws, name))
    assert first == again
    assert after_failure != first


def test_following_writes_nothing(aws):
    step = Follow(operation="launch", record="rec-1", **COMMON)
    assert execute(aws, step) == record()
    aws.record.assert_called_once_with("rec-1")
    aws.provision.assert_not_called()
