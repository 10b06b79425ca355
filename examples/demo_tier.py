"""A tier's own story, shorter than the whole one: published, launched, used, a region lost, terminated."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from demo_catalog import catalog
from demo_people import HUB, REGION, TENANT, identity, in_the_peer, sign_in
from demo_recovery import recover
from demo_terminal import expect, run, step
from demo_use import (
    ZONE,
    answers,
    document,
    ended,
    hosted_zone,
    launched,
    read_back,
    recovery_point,
    transaction,
)

from dr_catalog.provisioning.checks import Launch


@dataclass(frozen=True)
class Tale:
    """What is told of a tier besides what every tier has in common.

    Args:
        data: The chapter's title, and how data is seen to cross.
        lost: The chapter's title when the launch region is lost.
    """

    data: str
    crosses: tuple[Callable[[Launch], None], ...]
    lost: str


TALES: Mapping[str, Tale] = {
    "warm-standby": Tale(
        data="Data crosses: written in one region, read in the other",
        crosses=(transaction, document, recovery_point),
        lost="the tier fails over, and back once the region is back",
    ),
}


def story(tier: str, port: str) -> None:
    """Everything between start and stop of the embedded AWS."""
    tale, hub, root = TALES[tier], identity(HUB), catalog(tier)
    step(f"The platform engineer publishes {tier} and onboards tenant account {TENANT}")
    run("publish", "--stage", "dev", env=hub, cwd=root)
    run("onboard", "--account", TENANT, "--stage", "dev", env=hub, cwd=root)

    step("The tenant looks at what is offered and launches by suffix; a zone gives the API a name")
    zone, tenant = hosted_zone(), sign_in(port, "dr-tenant")
    run("products", env=tenant)
    run("describe", tier, env=tenant)
    launch = launched(tier, tenant, "--set", f"ZoneId={zone}", "--set", f"ZoneName={ZONE}")

    step("Every layer, read back from its own service in both regions")
    read_back(launch)

    step(tale.data)
    for crossing in tale.crosses:
        crossing(launch)

    step(f"{REGION} is lost under load: {tale.lost}")
    answering = answers(launch, zone)
    expect(answering() == REGION, f"the API's name leads to {answering()}")
    recover(launch, run=functools.partial(run, env=in_the_peer(tenant)), answering=answering)

    step("The tenant turns protection off, so that the demo may end, and terminates")
    ended(launch, tenant)
