"""A sequence of parts that can't work is refused, by the names of the parts, with what mends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import aws_cdk as cdk
import pytest

from dr_catalog.errors import CompositionError
from dr_catalog.tiers import parameters as given
from dr_catalog.tiers.parts import Part, elsewhere, foundation, launch, launched, pair, workload
from dr_catalog.tiers.parts.composition import asked
from dr_catalog.tiers.warm_standby import FOUNDATION, PRIMARY, WORKLOAD

Parts = Sequence[Part]


def without(parts: Parts, *kinds: type[Part]) -> Parts:
    return [part for part in parts if not isinstance(part, kinds)]


def moved(parts: Parts, kind: type[Part], *, before: type[Part]) -> Parts:
    (part,) = (part for part in parts if type(part) is kind)
    rest = [each for each in parts if each is not part]
    at = next(number for number, each in enumerate(rest) if type(each) is before)
    return [*rest[:at], part, *rest[at:]]


def refused(compose: Callable[..., cdk.Stack], parts: Parts, *, role: str) -> CompositionError:
    with pytest.raises(CompositionError) as caught:
        compose(cdk.App(), role, tier="sample", description="A sample", parts=parts)
    return caught.value


@pytest.mark.parametrize(
    ("parts", "part", "wanted", "why"),
    [
        # Compute without network.
        (without(WORKLOAD, workload.Network), "Reader", "Network", "it stands on a joined network"),
        # Compute without what it reads and writes.
        (without(WORKLOAD, workload.Table), "Api", "Table", "it stands on a transactions table"),
        (without(WORKLOAD, workload.Reader), "Api", "Reader", "it stands on a ledger access"),
        # A replica without the key that encrypts it.
        (without(FOUNDATION, foundation.Key), "Network", "Key", "it stands on a customer key"),
        ([foundation.Documents()], "Documents", "Key", "it stands on a customer key"),
        # Traffic that nothing leads.
        (
            without(WORKLOAD, workload.Control),
            "Recovery",
            "Control",
            "it stands on a control metric",
        ),
    ],
)
def test_what_is_missing_is_named(parts: Parts, part: str, wanted: str, why: str) -> None:
    error = refused(elsewhere, parts, role="workload")
    assert error.what == (
        f"the workload template of sample can't be composed: {part} needs {wanted}, which is not there"
    )
    assert error.why == why
    assert error.hint == f"add {wanted} before {part} in the tier's parts, or leave {part} out"


def test_a_replica_whose_key_the_launch_region_lacks_is_refused() -> None:
    parts = without(PRIMARY, launch.Key, launch.UpdateGuarded, launch.Ranges, launch.Network)
    error = refused(launched, parts, role="primary")
    assert "Foundation needs Key, which is not there" in error.what


def test_a_network_in_the_peer_alone_is_refused() -> None:
    error = refused(launched, without(PRIMARY, launch.Network), role="primary")
    assert "Foundation needs Network, which is not there" in error.what
    assert error.why == "the template that it brings up asks for LaunchVpcId"


def test_a_recovery_that_counts_a_vote_which_nobody_casts_is_refused() -> None:
    parts = [part for part in PRIMARY if not isinstance(part, pair.Witness)]
    error = refused(launched, parts, role="primary")
    assert "Workload needs Witness, which is not there" in error.what
    assert error.why == "the template that it brings up asks for WitnessRegion"


@pytest.mark.parametrize(
    ("late", "early", "reason"),
    [
        (launch.Database, pair.Workload, "it stands on a global database"),
        (pair.Foundation, launch.Table, "it stands on a peer foundation"),
        (launch.Voter, pair.Workload, "it stands on a probe"),
    ],
)
def test_a_secondary_before_its_primary_is_refused(
    late: type[Part], early: type[Part], reason: str
) -> None:
    parts = moved(without(PRIMARY, launch.Api, launch.Domain), early, before=late)
    error = refused(launched, parts, role="primary")
    early_name, late_name = early.__name__, late.__name__
    assert error.what == (
        f"the primary template of sample can't be composed: {early_name} comes before {late_name}"
    )
    assert error.why == f"{early_name} needs {late_name}: {reason}"
    assert error.hint == f"put {late_name} before {early_name} in the tier's parts"


def test_a_parameter_that_no_part_asks_for_is_refused() -> None:
    error = refused(launched, without(PRIMARY, launch.Regions), role="primary")
    assert "FailoverOrWeighted needs Regions, which is not there" in error.what
    assert error.why == "it reads PeerRegion, which no part asks for"


def test_the_launch_offers_what_the_peers_parts_ask_a_tenant_for() -> None:
    (recovers,) = (part for part in PRIMARY if isinstance(part, pair.Workload))
    parts = without(recovers.parts, workload.Recovery)
    assert given.FAILOVER_MODE in recovers.asks
    assert given.FAILOVER_MODE not in replace(recovers, parts=tuple(parts)).asks


def test_a_parameter_is_asked_for_once_and_where_code_lies_comes_first() -> None:
    rows = asked(WORKLOAD)
    assert rows[0] == given.ASSET_BUCKET_PREFIX
    assert len(rows) == len(set(rows)) == 18
