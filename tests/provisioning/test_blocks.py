"""Under one suffix: one tier, or layers, each beside those that it needs; all else is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from dr_catalog.errors import LaunchError, NotFoundError, SetupError, UsageError
from dr_catalog.provisioning import (
    Follow,
    LaunchRequest,
    Nothing,
    Provision,
    Terminate,
    UpgradeRequest,
    blocks,
    detail,
    launched,
    outputs,
    plan_launch,
    plan_termination,
    plan_upgrade,
    standing,
    steps,
    timeline,
)
from dr_catalog.provisioning.blocks import LAYERS
from dr_catalog.provisioning.model import PLAN_IN_PROGRESS, TERMINATE
from dr_catalog.releases.template import Template

from .fakes import BLOCKS, NEEDS, PRODUCT, block, launch, record, stack, with_blocks

ROOT = Path(__file__).parents[2]
TIER = launch(product="warm-standby")


def asked(product: str, **more: object) -> LaunchRequest:
    return LaunchRequest(**{"product": product, "suffix": "demo", **more})


def all_of(*but: str):
    return [block(layer) for layer in NEEDS if layer not in but]


# What a product is.


def test_a_layer_is_launched_under_a_name_of_its_own(aws):
    step = plan_launch(with_blocks(aws, block("kms")), asked("vpc"))
    assert isinstance(step, Provision)
    assert (step.name, step.label, step.suffix) == ("dr-demo.vpc", "demo.vpc", "demo")
    assert step.parameters == {"EnvironmentSuffix": "demo"}


def test_two_layers_of_one_suffix_have_two_tokens(aws):
    steps_ = [
        plan_launch(with_blocks(aws, block("kms")), asked(one)) for one in ("vpc", "dynamodb")
    ]
    same = [replace(each, product_id="p", target=steps_[0].target) for each in steps_]
    one, other = (steps._token(aws, each, after_record="") for each in same)
    assert one != other


def test_a_product_named_like_no_layer_is_one_when_its_template_says_so(aws):
    with_blocks(aws, block("kms"))
    aws.product.side_effect = None
    aws.product.return_value = replace(BLOCKS["vpc"], name="network")
    assert plan_launch(aws, asked("network")).name == "dr-demo.network"


def test_a_product_named_like_a_layer_is_a_tier_when_its_template_says_nothing(aws):
    with_blocks(aws)
    aws.read_url.side_effect = lambda _: b"{}"
    assert plan_launch(aws, asked("vpc")).name == "dr-demo"


@pytest.mark.parametrize("unread", [SetupError("may not call"), NotFoundError("no address")])
def test_where_the_template_cant_be_read_the_name_says_what_it_is(aws, unread):
    with_blocks(aws)
    aws.template_url.side_effect = unread
    assert plan_launch(aws, asked("vpc")).name == "dr-demo.vpc"
    assert plan_launch(aws, asked("warm-standby")).name == "dr-demo"


@pytest.mark.parametrize("told", [b"[]", b"no json", b'{"Metadata": []}'])
def test_a_template_that_is_none_is_no_defect(aws, told):
    with_blocks(aws)
    aws.read_url.side_effect = lambda _: told
    assert isinstance(plan_launch(aws, asked("warm-standby")), Provision)


RELEASED = sorted((ROOT / "products").rglob("releases/*/primary.template.json"))


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: "-".join(file.parts[-4:-1:2]))
def test_every_release_says_whether_it_is_a_layer_and_what_it_needs(file):
    product = file.parents[2]
    block = blocks.described(Template.parse("primary", file.read_bytes()))
    assert (block is not None) == (product.parent.name == "layers") == (product.name in LAYERS)
    if block is not None:
        assert set(block.needs) <= {*LAYERS} - {product.name}
        assert ("kms" in block.needs) == (product.name != "kms")


def test_the_layers_are_those_of_the_catalog():
    assert set(LAYERS) == {file.parent.name for file in ROOT.glob("products/layers/*/product.yaml")}


# What may stand together.


@pytest.mark.parametrize(
    ("present", "product", "says", "why"),
    [
        ([launch(product_id="prod-kms")], "warm-standby", "another product", "dr-demo is kms"),
        ([TIER], "kms", "another product", "dr-demo is warm-standby"),
        ([TIER], "compute", "another product", "dr-demo is warm-standby"),
        (all_of(), "warm-standby", "layers of their own", "kms, vpc, dynamodb, aurora, compute"),
        ([block("kms", status="ERROR")], "warm-standby", "layers of their own", "kms"),
    ],
)
def test_what_can_not_stand_together_is_refused_by_name(aws, present, product, says, why):
    with pytest.raises(LaunchError, match=says) as caught:
        plan_launch(with_blocks(aws, *present), asked(product))
    assert why in caught.value.why
    assert "another --suffix" in caught.value.hint
    aws.provision.assert_not_called()


def test_two_tiers_do_not_stand_together(aws):
    with_blocks(aws, TIER)
    tiers = {each.id: each for each in (PRODUCT, replace(PRODUCT, id="prod-9", name="pilot-light"))}
    aws.product.side_effect = lambda *, name="", product_id="": next(
        each for each in tiers.values() if each.id == product_id or each.name == name
    )
    with pytest.raises(
        LaunchError, match="the suffix 'demo' is taken by another product"
    ) as caught:
        plan_launch(aws, asked("pilot-light"))
    assert caught.value.why == "dr-demo is warm-standby"
    aws.provision.assert_not_called()


def test_a_tier_beside_layers_is_told_which_of_them_goes_first(aws):
    with pytest.raises(LaunchError) as caught:
        plan_launch(with_blocks(aws, *all_of()), asked("warm-standby"))
    assert "`dr-catalog terminate --suffix demo --layer compute`" in caught.value.hint


def test_other_suffixes_and_plans_do_not_matter(aws):
    others = (block("kms", suffix="demo2"), block("vpc", status=PLAN_IN_PROGRESS))
    assert isinstance(plan_launch(with_blocks(aws, *others), asked("warm-standby")), Provision)


def test_who_may_not_list_launches_may_launch_a_tier(aws):
    with_blocks(aws)
    error = SetupError("these credentials may not call SearchProvisionedProducts")
    error.__cause__ = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Search")
    aws.launches.side_effect = error
    assert isinstance(plan_launch(aws, asked("warm-standby")), Provision)
    aws.launches.side_effect = SetupError("AWS can't be reached")
    with pytest.raises(SetupError, match="reached"):
        plan_launch(aws, asked("warm-standby"))


def test_missing_neighbours_are_named_with_the_commands_that_launch_them(aws):
    aws.chosen_region = "us-east-1"
    with pytest.raises(LaunchError) as caught:
        plan_launch(with_blocks(aws, block("vpc")), asked("compute"))
    assert caught.value.what == (
        "compute can't be launched under 'demo': aurora and dynamodb are not launched there"
    )
    assert caught.value.why == "compute needs aurora, dynamodb and vpc"
    assert caught.value.hint == (
        "first `dr-catalog launch aurora --suffix demo --region us-east-1`, "
        "then `dr-catalog launch dynamodb --suffix demo --region us-east-1`"
    )
    aws.provision.assert_not_called()


@pytest.mark.parametrize("status", ["ERROR", "UNDER_CHANGE", PLAN_IN_PROGRESS])
def test_a_neighbour_that_is_not_ready_is_no_neighbour(aws, status):
    with pytest.raises(LaunchError, match=f"kms is {status}") as caught:
        plan_launch(with_blocks(aws, block("kms", status=status)), asked("vpc"))
    assert "`dr-catalog status --suffix demo --layer kms`" in caught.value.hint


def test_a_neighbour_whose_update_was_rolled_back_is_there(aws):
    present = block("kms", status="TAINTED")
    assert isinstance(plan_launch(with_blocks(aws, present), asked("vpc")), Provision)


# A rerun.


def test_a_rerun_of_a_layer_finds_it(aws):
    with_blocks(aws, block("kms"), block("vpc", status="UNDER_CHANGE"))
    aws.record.return_value = record(status="IN_PROGRESS")
    step = plan_launch(aws, asked("vpc"))
    assert isinstance(step, Follow)
    assert step.label == "demo.vpc"
    done = plan_launch(aws, asked("kms", parameters={"DeletionProtection": "false"}))
    assert isinstance(done, Nothing)
    assert done.notes == ("'demo.kms' is launched already: kms 1.0.0",)


def test_a_layer_with_other_settings_is_told_the_upgrade(aws):
    with pytest.raises(LaunchError, match="launched already, with other") as caught:
        plan_launch(with_blocks(aws, block("kms")), asked("kms", version="1.1.0"))
    assert "'demo.kms'" in caught.value.what
    assert "upgrade --suffix demo --layer kms --version 1.1.0" in caught.value.hint


# Which of them a command means.


def test_with_one_layer_its_suffix_is_enough(aws):
    with_blocks(aws, block("vpc"))
    assert detail(aws, "demo").status.layer == "vpc"
    assert plan_termination(aws, "demo").label == "demo.vpc"
    assert plan_upgrade(aws, UpgradeRequest(suffix="demo", version="1.1.0")).label == "demo.vpc"
    assert timeline(aws, "demo") == ()


def test_a_search_that_is_behind_is_not_believed(aws):
    with_blocks(aws, block("vpc", status="UNDER_CHANGE"))
    aws.launches.return_value = (block("vpc"),)
    assert detail(aws, "demo").status.status == "UNDER_CHANGE"
    with_blocks(aws)
    aws.launches.return_value = (block("vpc"),)
    for layer in ("", "vpc"):
        with pytest.raises(NotFoundError, match="nothing is launched under the suffix 'demo'"):
            detail(aws, "demo", layer)


@pytest.mark.parametrize(
    "command",
    [
        lambda aws: detail(aws, "demo"),
        lambda aws: plan_upgrade(aws, UpgradeRequest(suffix="demo")),
        lambda aws: timeline(aws, "demo"),
        lambda aws: plan_termination(aws, "demo"),
    ],
)
def test_with_several_a_command_wants_one_of_them(aws, command):
    with pytest.raises(UsageError, match="several layers are launched under 'demo'") as caught:
        command(with_blocks(aws, block("vpc"), block("kms")))
    assert "--layer" in caught.value.hint
    assert set(caught.value.why.replace(":", ",").split(", ")) >= {"kms", "vpc"}


def test_the_layer_that_is_named_is_taken(aws):
    with_blocks(aws, *all_of())
    assert detail(aws, "demo", "aurora").status.product == "aurora"
    step = plan_upgrade(aws, UpgradeRequest(suffix="demo", layer="kms", version="1.1.0"))
    assert (step.launch.id, step.layer) == ("pp-kms", "kms")


def test_a_layer_that_is_not_there_is_asked_back(aws):
    with pytest.raises(NotFoundError, match="no layer 'vpv'") as caught:
        detail(with_blocks(aws, block("kms"), block("vpc")), "demo", "vpv")
    assert (caught.value.why, caught.value.hint) == ("launched: kms, vpc", "did you mean 'vpc'?")


def test_a_tier_has_no_layer_to_name(aws):
    with pytest.raises(UsageError, match="without layers of its own") as caught:
        detail(with_blocks(aws, TIER), "demo", "kms")
    assert caught.value.hint == "leave --layer out"


def test_a_suffix_is_named_once_where_it_is_unknown(aws):
    with pytest.raises(NotFoundError) as caught:
        detail(with_blocks(aws, block("kms"), block("vpc"), launch(name="dr-dev")), "dem")
    assert (caught.value.why, caught.value.hint) == ("launched: demo, dev", "did you mean 'demo'?")


# What it shows.


def test_rows_are_grouped_by_suffix_and_ordered_by_age(aws):
    several = (block("vpc"), launch(name="dr-zoo"), block("kms"), launch(name="dr-api"))
    with_blocks(aws, *several)
    rows = [(row.suffix, row.product, row.layer) for row in launched(aws)]
    assert [row[::2] for row in rows] == [
        ("api", ""),
        ("demo", "kms"),
        ("demo", "vpc"),
        ("zoo", ""),
    ]
    assert [row.layer for row in standing(aws, "demo")] == ["kms", "vpc"]


def test_outputs_of_layers_are_those_of_the_tier_but_for_two_values_of_one_name(aws):
    with_blocks(aws, block("kms"), block("vpc"))
    told = {
        "pp-kms": {"KeyArn": "k", "Region": "r", "Version": "1.0.0"},
        "pp-vpc": {"VpcId": "v", "Region": "r", "Version": "1.1.0"},
    }
    aws.stack.side_effect = lambda name, *, region="": stack(
        outputs=next(values for key, values in told.items() if key in name)
    )
    assert outputs(aws, "demo") == {
        "us-east-1": {
            "KeyArn": "k",
            "VpcId": "v",
            "Region": "r",
            "kms.Version": "1.0.0",
            "vpc.Version": "1.1.0",
        }
    }
    assert outputs(aws, "demo", "vpc")["us-east-1"]["Version"] == "1.1.0"


# Terminations.


def test_a_layer_that_another_needs_is_kept(aws):
    with pytest.raises(LaunchError, match="nothing has been touched") as caught:
        plan_termination(with_blocks(aws, *all_of("compute")), "demo", "vpc")
    assert caught.value.why == "aurora under 'demo' needs it"
    assert caught.value.hint == "first `dr-catalog terminate --suffix demo --layer aurora`"
    with pytest.raises(LaunchError) as caught:
        plan_termination(aws, "demo", "kms")
    assert caught.value.why == "vpc, dynamodb and aurora under 'demo' need it"
    assert "--layer vpc" not in caught.value.hint
    aws.terminate.assert_not_called()


def test_layers_go_users_first(aws):
    left = list(NEEDS)
    gone = []
    while len(left) > 1:
        with_blocks(aws, *(block(layer) for layer in left))
        with pytest.raises(UsageError, match="one at a time") as caught:
            plan_termination(aws, "demo")
        named = caught.value.hint.rpartition(" ")[2].rstrip("`")
        assert isinstance(plan_termination(aws, "demo", named), Terminate)
        left.remove(named)
        gone.append(named)
    assert gone[0] == "compute"
    assert left == ["kms"]
    assert isinstance(plan_termination(with_blocks(aws, block("kms")), "demo"), Terminate)


def test_a_neighbour_that_says_nothing_is_left_to_the_stacks_own_guard(aws):
    with_blocks(aws, block("kms"), block("vpc"))
    aws.stack_template.side_effect = SetupError("may not call GetTemplate")
    assert isinstance(plan_termination(aws, "demo", "kms"), Terminate)


def test_layers_that_need_each_other_are_listed_all_the_same(aws, monkeypatch):
    monkeypatch.setitem(NEEDS, "kms", ("vpc",))
    with pytest.raises(UsageError, match="one at a time"):
        plan_termination(with_blocks(aws, block("kms"), block("vpc")), "demo")


def test_a_layer_that_history_shows_as_terminated_is_nothing_to_do(aws):
    with_blocks(aws, block("kms"))
    aws.latest_records.return_value = (record(kind=TERMINATE, launch="dr-demo.vpc"),)
    step = plan_termination(aws, "demo", "vpc")
    assert isinstance(step, Nothing)
    assert step.notes == ("'demo.vpc' is terminated already",)
    with pytest.raises(NotFoundError):
        plan_termination(aws, "demo", "aurora")
    with_blocks(aws)
    assert plan_termination(aws, "demo").notes == ("'demo' is terminated already",)
    with pytest.raises(NotFoundError):
        plan_termination(aws, "dem")


def test_protection_is_taken_off_the_layer(aws):
    with_blocks(aws, block("kms"))
    aws.stack.side_effect = None
    aws.stack.return_value = stack()
    with pytest.raises(LaunchError, match="is protected") as caught:
        plan_termination(aws, "demo")
    assert "'demo.kms'" in caught.value.what
    assert "--layer kms --set DeletionProtection=false" in caught.value.hint


def test_the_catalogs_tier_stays_what_it_was(aws):
    step = plan_launch(aws, asked("warm-standby"))
    assert (step.name, step.layer, step.label) == ("dr-demo", "", "demo")
    assert PRODUCT.name == step.product
