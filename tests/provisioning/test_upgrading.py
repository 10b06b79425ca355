"""Planning an upgrade: what stays, what changes, and when there is nothing to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dr_catalog.errors import LaunchError, NotFoundError, SetupError, UsageError
from dr_catalog.provisioning import Follow, Nothing, Update, UpgradeRequest, plan_upgrade
from dr_catalog.provisioning.model import TERMINATE, UPDATE, LaunchPath, Terms

from .fakes import CIDR, ONE, PRODUCT, TERMS, TWO, launch, record, stack

DEMO = UpgradeRequest(suffix="demo")


@pytest.fixture(autouse=True)
def launched(aws):
    aws.launch.return_value = launch()


def test_every_parameter_keeps_its_value_unless_set(aws):
    step = plan_upgrade(aws, replace(DEMO, version="1.1.0", parameters={"Size": "large"}))
    assert isinstance(step, Update)
    assert step.target == TWO
    assert step.parameters == {
        "EnvironmentSuffix": None,
        "DeletionProtection": None,
        "PeerRegion": None,
        "Size": "large",
    }


def test_a_new_parameter_without_default_must_be_set(aws):
    terms = Terms(parameters={**TERMS.parameters, "Cidr": replace(CIDR, default=None)})
    aws.terms.side_effect = lambda **_: terms
    with pytest.raises(UsageError, match="needs a value for Cidr"):
        plan_upgrade(aws, replace(DEMO, version="1.1.0"))
    step = plan_upgrade(aws, replace(DEMO, version="1.1.0", parameters={"Cidr": "10.1.0.0/16"}))
    assert step.parameters["Cidr"] == "10.1.0.0/16"


def test_a_parameter_that_the_new_version_lacks_is_not_sent(aws):
    terms = Terms(parameters={k: v for k, v in TERMS.parameters.items() if k != "Size"})
    aws.terms.side_effect = lambda **_: terms
    assert "Size" not in plan_upgrade(aws, replace(DEMO, version="1.1.0")).parameters


def test_values_alone_leave_the_version_as_it_is(aws):
    aws.product.return_value = replace(PRODUCT, versions=(ONE, replace(TWO, guidance="DEFAULT")))
    step = plan_upgrade(aws, replace(DEMO, parameters={"DeletionProtection": "false"}))
    assert step.target == ONE


def test_neither_version_nor_values_goes_to_the_recommended_version(aws):
    aws.product.return_value = replace(PRODUCT, versions=(ONE, replace(TWO, guidance="DEFAULT")))
    assert plan_upgrade(aws, DEMO).version == "1.1.0"


def test_the_recommended_version_is_never_a_step_back(aws):
    aws.launch.return_value = launch(version_id=TWO.id)
    step = plan_upgrade(aws, DEMO)
    assert isinstance(step, Nothing)
    assert step.version == "1.1.0"


def test_an_explicit_older_version_is_a_step_back_on_purpose(aws):
    aws.launch.return_value = launch(version_id=TWO.id)
    assert plan_upgrade(aws, replace(DEMO, version="1.0.0")).target == ONE


@pytest.mark.parametrize("version", [None, "1.0.0"])
@pytest.mark.parametrize("parameters", [{}, {"Size": "small"}])
def test_the_same_version_and_values_are_nothing_to_do(aws, version, parameters):
    assert isinstance(
        plan_upgrade(aws, replace(DEMO, version=version, parameters=parameters)), Nothing
    )


def test_a_tainted_launch_is_updated_though_it_says_the_same(aws):
    aws.launch.return_value = launch(status="TAINTED")
    assert isinstance(plan_upgrade(aws, replace(DEMO, version="1.0.0")), Update)


def test_a_value_is_checked_against_the_new_version(aws):
    with pytest.raises(UsageError, match="does not match") as caught:
        plan_upgrade(aws, replace(DEMO, version="1.1.0", parameters={"Cidr": "ten"}))
    assert caught.value.why == "a CIDR"


def test_without_the_stack_the_launched_version_says_what_has_a_previous_value(aws):
    aws.stack.side_effect = SetupError("these credentials may not call DescribeStacks")
    step = plan_upgrade(aws, replace(DEMO, version="1.1.0"))
    assert set(step.parameters) == set(TERMS.parameters)


def test_the_path_of_the_launch_is_kept_where_there_are_two(aws):
    paths = (*PRODUCT.paths, LaunchPath(id="lp-2", name="Others"))
    aws.product.return_value = replace(PRODUCT, paths=paths)
    aws.record.return_value = record(path_id="lp-2")
    assert plan_upgrade(aws, replace(DEMO, version="1.1.0")).path_id == "lp-2"


def test_a_running_upgrade_is_followed(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE", last_record="rec-2")
    aws.record.return_value = record(id="rec-2", kind=UPDATE, version_id=TWO.id)
    step = plan_upgrade(aws, replace(DEMO, version="1.1.0", parameters={"Size": "large"}))
    assert isinstance(step, Follow)
    assert (step.record, step.version, step.expected) == ("rec-2", "1.1.0", {"Size": "large"})


@pytest.mark.parametrize(("kind", "version"), [(UPDATE, "1.0.0"), (TERMINATE, "1.1.0")])
def test_another_running_operation_is_waited_for(aws, kind, version):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(kind=kind, version_id=TWO.id)
    with pytest.raises(LaunchError, match="at this moment"):
        plan_upgrade(aws, replace(DEMO, version=version))


def test_a_failed_creation_takes_no_upgrade(aws):
    aws.launch.return_value = launch(status="ERROR")
    with pytest.raises(LaunchError, match="failed"):
        plan_upgrade(aws, DEMO)


def test_a_version_that_is_no_longer_active_takes_no_values_alone(aws):
    aws.launch.return_value = launch(version_id="pa-gone")
    with pytest.raises(LaunchError) as caught:
        plan_upgrade(aws, replace(DEMO, parameters={"Size": "large"}))
    assert caught.value.hint == "add --version 1.0.0"


def test_an_unknown_suffix_names_those_there_are(aws):
    aws.launch.return_value = None
    aws.launches.return_value = (launch(name="dr-dema"), launch(name="other"))
    with pytest.raises(NotFoundError) as caught:
        plan_upgrade(aws, DEMO)
    assert (caught.value.why, caught.value.hint) == ("launched: dema", "did you mean 'dema'?")


def test_a_hidden_value_can_be_replaced(aws):
    aws.stack.return_value = stack(parameters={**stack().parameters, "Size": "****"})
    assert isinstance(plan_upgrade(aws, replace(DEMO, parameters={"Size": "large"})), Update)
