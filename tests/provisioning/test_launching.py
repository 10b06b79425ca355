"""Planning a launch: what is asked, checked against the catalog and what an earlier call left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dr_catalog.errors import LaunchError, NotFoundError, SetupError, UsageError
from dr_catalog.provisioning import Follow, LaunchRequest, Nothing, Provision, plan_launch
from dr_catalog.provisioning.model import TERMINATE, UPDATE, LaunchPath, Terms

from .fakes import OLD, ONE, PRODUCT, SIZE, START, SUFFIX, TERMS, TWO, event, launch, record, stack

DEMO = LaunchRequest(product="warm-standby", suffix="demo")


def test_a_first_launch_takes_the_version_that_guidance_names(aws):
    step = plan_launch(aws, DEMO)
    assert isinstance(step, Provision)
    assert (step.name, step.target, step.version) == ("dr-demo", ONE, "1.0.0")
    assert step.parameters == {"EnvironmentSuffix": "demo"}
    aws.provision.assert_not_called()


def test_without_guidance_the_newest_version_counts_by_number_not_by_age(aws):
    fix = replace(TWO, id="pa-3", name="1.0.1", created=START + timedelta(days=9))
    candidate = replace(TWO, id="pa-4", name="1.1.0-rc.1", created=START + timedelta(days=8))
    versions = (replace(ONE, guidance=""), TWO, fix, candidate)
    aws.product.return_value = replace(PRODUCT, versions=versions)
    assert plan_launch(aws, DEMO).version == "1.1.0"


def test_guidance_names_every_untouched_version_and_the_newest_of_them_counts(aws):
    versions = (OLD, ONE, replace(TWO, guidance="DEFAULT"))
    aws.product.return_value = replace(PRODUCT, versions=versions)
    assert plan_launch(aws, DEMO).version == "1.1.0"


def test_an_explicit_version_is_taken(aws):
    assert plan_launch(aws, replace(DEMO, version="1.1.0")).target == TWO


def test_an_unknown_product_names_those_there_are(aws):
    aws.product.side_effect = NotFoundError("not found")
    with pytest.raises(NotFoundError) as caught:
        plan_launch(aws, replace(DEMO, product="warm-stanby"))
    assert caught.value.why == "you may launch warm-standby"
    assert caught.value.hint == "did you mean 'warm-standby'?"


def test_an_unknown_version_names_those_there_are(aws):
    with pytest.raises(NotFoundError) as caught:
        plan_launch(aws, replace(DEMO, version="1.1.1"))
    assert "0.9.0, 1.0.0, 1.1.0" in caught.value.why
    assert caught.value.hint == "did you mean '1.1.0'?"


def test_a_deprecated_version_is_refused_with_a_better_one(aws):
    with pytest.raises(LaunchError, match="deprecated") as caught:
        plan_launch(aws, replace(DEMO, version=OLD.name))
    assert "--version 1.0.0" in caught.value.hint
    assert caught.value.why == "deprecated, ends 2027-03-31: too slow"


def test_nothing_but_deprecated_versions_is_nothing_to_launch(aws):
    aws.product.return_value = replace(PRODUCT, versions=(OLD,))
    with pytest.raises(LaunchError, match="no version to launch"):
        plan_launch(aws, DEMO)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"Sise": "small"}, "has no parameter 'Sise'"),
        ({"Size": "larg"}, "not one of small, large"),
        ({"EnvironmentSuffix": "other"}, "not a parameter to set"),
    ],
)
def test_a_parameter_is_checked_before_anything_is_launched(aws, parameters, says):
    with pytest.raises(UsageError, match=says):
        plan_launch(aws, replace(DEMO, parameters=parameters))


def test_a_malformed_suffix_needs_no_call(aws):
    with pytest.raises(UsageError):
        plan_launch(aws, replace(DEMO, suffix="Demo"))
    assert aws.mock_calls == []


def test_a_required_parameter_without_value_is_named(aws):
    aws.terms.side_effect = None
    aws.terms.return_value = Terms(
        parameters={"EnvironmentSuffix": SUFFIX, "Size": replace(SIZE, default=None)}
    )
    with pytest.raises(UsageError, match="needs a value for Size") as caught:
        plan_launch(aws, DEMO)
    assert caught.value.hint == "add --set Size=..."


@pytest.mark.parametrize(
    ("tags", "passes"),
    [
        ({}, False),
        ({"data-class": "secret"}, False),
        ({"data-class": "internal"}, True),
    ],
)
def test_a_tag_option_with_several_values_must_be_chosen(aws, tags, passes):
    options = {"data-class": ("internal", "confidential"), "owner": ("platform",)}
    aws.terms.side_effect = None
    aws.terms.return_value = replace(TERMS, tag_options=options)
    request = replace(DEMO, tags=tags)
    if passes:
        assert plan_launch(aws, request).tags == tags
    else:
        with pytest.raises(UsageError) as caught:
            plan_launch(aws, request)
        assert caught.value.hint == "add --tag data-class=internal"


def test_two_portfolios_with_the_product_are_no_choice_of_ours(aws):
    paths = (*PRODUCT.paths, LaunchPath(id="lp-2", name="Others"))
    aws.product.return_value = replace(PRODUCT, paths=paths)
    with pytest.raises(LaunchError, match="several portfolios"):
        plan_launch(aws, DEMO)


# What an earlier call left behind.


def test_a_running_launch_is_followed(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(status="IN_PROGRESS")
    step = plan_launch(aws, replace(DEMO, parameters={"Size": "large"}))
    assert isinstance(step, Follow)
    assert step.record == "rec-1"
    assert step.expected["Size"] == "large"
    assert step.expected["DeletionProtection"] == "true"
    assert "PeerRegion" not in step.expected


def test_a_running_launch_of_another_version_is_not_ours(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(status="IN_PROGRESS")
    with pytest.raises(LaunchError, match="other settings"):
        plan_launch(aws, replace(DEMO, version="1.1.0"))


@pytest.mark.parametrize(("kind", "doing"), [(UPDATE, "changed"), (TERMINATE, "terminated")])
def test_another_running_operation_is_waited_for(aws, kind, doing):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(status="IN_PROGRESS", kind=kind)
    with pytest.raises(LaunchError, match=f"is being {doing}"):
        plan_launch(aws, DEMO)


def test_a_launch_that_is_there_is_nothing_to_do(aws):
    aws.launch.return_value = launch()
    step = plan_launch(aws, replace(DEMO, version="1.0.0", parameters={"Size": "small"}))
    assert isinstance(step, Nothing)
    assert step.version == "1.0.0"


def test_a_launch_that_is_there_counts_whatever_guidance_says_now(aws):
    aws.launch.return_value = launch(version_id=TWO.id)
    aws.stack.return_value = stack(parameters={**stack().parameters, "Cidr": "10.0.0.0/16"})
    step = plan_launch(aws, DEMO)
    assert isinstance(step, Nothing)
    assert step.version == "1.1.0"


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"version": "1.1.0"}, "dr-catalog upgrade --suffix demo --version 1.1.0"),
        ({"parameters": {"Size": "large"}}, "dr-catalog upgrade --suffix demo --set Size=large"),
    ],
)
def test_other_settings_are_an_upgrade(aws, changes, command):
    aws.launch.return_value = launch()
    with pytest.raises(LaunchError) as caught:
        plan_launch(aws, replace(DEMO, **changes))
    assert command in caught.value.hint


def test_a_value_changed_since_differs_from_the_default_that_was_asked_for(aws):
    aws.launch.return_value = launch()
    aws.stack.return_value = stack(parameters={**stack().parameters, "Size": "large"})
    with pytest.raises(LaunchError, match="other settings") as caught:
        plan_launch(aws, DEMO)
    assert caught.value.why == "Size is large"


def test_a_chosen_region_is_part_of_the_hint(aws):
    aws.launch.return_value = launch()
    aws.chosen_region = "us-west-2"
    with pytest.raises(LaunchError) as caught:
        plan_launch(aws, replace(DEMO, version="1.1.0"))
    assert "--suffix demo --region us-west-2 --version 1.1.0" in caught.value.hint


def test_a_suffix_taken_by_another_product_is_refused(aws):
    aws.launch.return_value = launch(product_id="prod-other")
    with pytest.raises(LaunchError, match="taken by another product"):
        plan_launch(aws, DEMO)


def test_a_failed_creation_is_named_with_its_reason(aws):
    aws.launch.return_value = launch(status="ERROR")
    aws.record.return_value = record(status="FAILED", errors=("no such role",))
    with pytest.raises(LaunchError) as caught:
        plan_launch(aws, DEMO)
    assert caught.value.why == "no such role"
    assert "dr-catalog terminate --suffix demo" in caught.value.hint


def test_a_failed_creation_names_the_resource_where_it_can(aws):
    aws.launch.return_value = launch(status="ERROR")
    aws.record.return_value = record(status="FAILED", errors=("Queue: cut",))
    aws.events.side_effect = lambda *_, **__: iter(
        [event("Queue", "CREATE_FAILED", reason="all of it")]
    )
    with pytest.raises(LaunchError) as caught:
        plan_launch(aws, DEMO)
    assert caught.value.why == "Queue (AWS::SSM::Parameter) in us-east-1: all of it"


def test_a_tainted_launch_is_no_success(aws):
    aws.launch.return_value = launch(status="TAINTED")
    aws.record.return_value = record(status="FAILED", kind=UPDATE, errors=("rolled back",))
    with pytest.raises(LaunchError, match="rolled back") as caught:
        plan_launch(aws, DEMO)
    assert caught.value.why == "rolled back"


def test_an_unreadable_stack_does_not_stop_a_rerun(aws):
    aws.launch.return_value = launch()
    aws.stack.side_effect = SetupError("these credentials may not call DescribeStacks")
    assert isinstance(plan_launch(aws, DEMO), Nothing)


def test_the_termination_that_freed_the_name_is_part_of_the_step(aws):
    aws.latest_records.return_value = (
        record(id="rec-9", kind=TERMINATE, created=START + timedelta(hours=2)),
        record(id="rec-8", kind=TERMINATE, launch="dr-other", created=START + timedelta(hours=3)),
        record(id="rec-7", kind=TERMINATE, created=START + timedelta(hours=1)),
    )
    assert plan_launch(aws, DEMO).after_record == "rec-9"


def test_a_hidden_value_can_not_differ(aws):
    aws.launch.return_value = launch()
    aws.stack.return_value = stack(parameters={**stack().parameters, "Size": "****"})
    assert isinstance(plan_launch(aws, replace(DEMO, parameters={"Size": "large"})), Nothing)
