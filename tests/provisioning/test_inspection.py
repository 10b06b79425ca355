"""What is offered, launched and given out."""

from __future__ import annotations

from dataclasses import replace

import pytest

import dr_catalog.provisioning
from dr_catalog.errors import LaunchError, NotFoundError, SetupError
from dr_catalog.provisioning import detail, launched, offered, outputs
from dr_catalog.provisioning.model import StackInstance

from .fakes import PRODUCT, launch, record, stack

FOUNDATION = stack(
    id="arn:f", name="StackSet-f", region="us-west-2", outputs={"KeyArn": "k", "Region": "peer"}
)
WORKLOAD = stack(
    id="arn:w", name="StackSet-w", region="us-west-2", outputs={"Endpoint": "e", "Region": "peer"}
)
PRIMARY = stack(outputs={"Endpoint": "p"})


def two_regions(aws, *peers) -> None:
    by_id = {each.id: each for each in peers}
    aws.launch.return_value = launch()
    aws.stack.side_effect = lambda name, *, region="": by_id.get(name, PRIMARY)
    aws.stack_sets.return_value = tuple(by_id)
    aws.stack_instances.side_effect = lambda name: (
        StackInstance(region="us-west-2", stack_id=name),
        StackInstance(region="us-west-2", stack_id=""),
    )


def test_the_public_names_are_there():
    for name in dr_catalog.provisioning.__all__:
        assert getattr(dr_catalog.provisioning, name).__module__.startswith(
            "dr_catalog.provisioning."
        )


def test_products_come_by_name(aws):
    first = replace(PRODUCT, id="prod-0", name="backup-restore")
    aws.products.return_value = (PRODUCT, first)
    aws.product.side_effect = lambda *, product_id: {"prod-0": first, "prod-1": PRODUCT}[product_id]
    assert offered(aws) == (first, PRODUCT)


def test_calls_grow_with_products_not_with_launches(aws):
    aws.launches.return_value = (
        *(launch(id=f"pp-{n}", name=f"dr-team{n}") for n in range(30)),
        launch(name="someone-elses"),
    )
    rows = launched(aws)
    assert len(rows) == 30
    assert (aws.product.call_count, aws.launches.call_count) == (1, 1)
    aws.record.assert_not_called()
    aws.stack.assert_not_called()


def test_a_row_says_where_it_stands(aws):
    aws.launches.return_value = (launch(name="dr-z"), launch())
    first, _ = launched(aws)
    assert (first.suffix, first.product, first.version, first.newest) == (
        "demo",
        "warm-standby",
        "1.0.0",
        "1.1.0",
    )
    assert (first.region, first.peer_region, first.last_record) == (
        "us-east-1",
        "us-west-2",
        "rec-1",
    )


def test_a_withdrawn_product_still_has_its_row(aws):
    aws.launches.return_value = (launch(product="old-tier", version="1.0.0"),)
    aws.product.side_effect = NotFoundError("not found")
    (row,) = launched(aws)
    assert (row.product, row.version, row.newest) == ("old-tier", "1.0.0", "")


def test_the_detail_holds_both_regions_stacks(aws):
    two_regions(aws, FOUNDATION, WORKLOAD)
    one = detail(aws, "demo")
    assert one.stacks == (PRIMARY, FOUNDATION, WORKLOAD)
    assert (one.reason, one.unread) == ("", "")
    assert one.parameters["Size"] == "small"


@pytest.mark.parametrize("status", ["TAINTED", "ERROR"])
def test_the_detail_says_why_it_failed(aws, status):
    two_regions(aws)
    aws.launch.return_value = launch(status=status)
    aws.record.return_value = record(status="FAILED", errors=("rolled\n back",))
    assert detail(aws, "demo").reason == "rolled back"


def test_the_detail_says_what_it_could_not_read(aws):
    two_regions(aws)
    aws.stack_sets.side_effect = SetupError("these credentials may not call ListStackResources")
    one = detail(aws, "demo")
    assert one.stacks == (PRIMARY,)
    assert one.unread == "these credentials may not call ListStackResources"


def test_outputs_are_keyed_by_region(aws):
    two_regions(aws, FOUNDATION, WORKLOAD)
    assert outputs(aws, "demo") == {
        "us-east-1": {"Endpoint": "p"},
        "us-west-2": {"KeyArn": "k", "Region": "peer", "Endpoint": "e"},
    }


def test_two_values_of_one_name_are_both_kept(aws):
    two_regions(aws, FOUNDATION, replace(WORKLOAD, outputs={"KeyArn": "other"}))
    assert outputs(aws, "demo")["us-west-2"] == {
        "StackSet-f.KeyArn": "k",
        "Region": "peer",
        "StackSet-w.KeyArn": "other",
    }


def test_outputs_of_a_failed_launch_are_no_empty_answer(aws):
    aws.launch.return_value = launch(status="ERROR")
    with pytest.raises(LaunchError, match="failed"):
        outputs(aws, "demo")


def test_outputs_of_a_stack_that_is_not_there_are_no_empty_answer(aws):
    aws.launch.return_value = launch()
    aws.stack.return_value = None
    with pytest.raises(LaunchError, match="can't be read"):
        outputs(aws, "demo")
