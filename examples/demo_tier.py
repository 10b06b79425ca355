"""A tier's own story, shorter than the whole one: published, launched, used, a region lost, terminated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from demo_catalog import catalog
from demo_people import HUB, PEER, REGION, TENANT, Person, identity, in_the_peer, sign_in
from demo_recovery import leads, recover
from demo_restore import copied, rebuilt, taken_back
from demo_terminal import expect, run, step, until
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

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch


@dataclass(frozen=True)
class Tale:
    """What is told of a tier besides what every tier has in common.

    Args:
        data: The title of the chapter in which data crosses.
        crosses: How it is seen to.
        lost: What becomes of the tier when the launch region is lost, in words.
        recovers: How it comes to that, with the launch, its zone and the tenant.
        end: What has to be done before it can be terminated, with the launch and its zone.
    """

    data: str
    crosses: tuple[Callable[[Launch], None], ...]
    lost: str
    recovers: Callable[[Launch, str, Person], None]
    end: Callable[[Launch, str], None] | None = None


def used_at_home(launch: Launch) -> None:
    """The launch region alone serves; the peer's table has the row all the same."""
    transaction(launch, reads=REGION)
    processor = names.PROCESSOR.of(suffix=launch.suffix)
    # Asked of Lambda, not by a request, which would be refused and raise an alarm.
    held = launch.client("lambda", PEER).get_function_concurrency(FunctionName=processor)
    off = held.get("ReservedConcurrentExecutions")
    expect(off == 0, f"the processor in {PEER} is off: {off} executions at a time")
    replica = launch.client("dynamodb", PEER)
    key = {":id": {"S": "t-1"}}
    found = until(
        lambda: replica.query(
            TableName=names.TABLE.of(suffix=launch.suffix),
            KeyConditionExpression="transactionId = :id",
            ExpressionAttributeValues=key,
        )["Items"],
        lambda items: bool(items),
    )
    expect(bool(found), f"the table's replica in {PEER} has t-1")


def used_in_both(launch: Launch) -> None:
    """Either region takes a transaction, and the other has it."""
    transaction(launch)
    transaction(launch, key="t-2", writes=PEER, reads=REGION)


def failed_over(
    launch: Launch,
    zone: str,
    tenant: Person,
    *,
    serving: tuple[str, ...] = (REGION,),
    accepting: tuple[str, ...] = (),
) -> None:
    """The state machine in the peer recovers the tier; see ``demo_recovery``."""
    answering = answers(launch, zone)
    leads(answering, serving)
    recover(
        launch,
        run=partial(run, env=in_the_peer(tenant)),
        answering=answering,
        serving=serving,
        accepting=accepting,
    )


TALES: Mapping[str, Tale] = {
    "pilot-light": Tale(
        data="Data crosses, and what would serve it in the peer is off",
        crosses=(used_at_home, document, recovery_point),
        lost="a recovery switches the peer on, and off again once the region is back",
        # Nobody knows how far a cluster without an instance is behind: a person accepts it.
        recovers=partial(failed_over, accepting=("--accept-loss",)),
    ),
    "active-active": Tale(
        data="Both regions serve and write",
        crosses=(used_in_both, document, recovery_point),
        lost="the other serves on by itself, and takes the ledger's writer",
        recovers=partial(failed_over, serving=(REGION, PEER)),
    ),
    "backup-restore": Tale(
        data="One region runs; its data is copied to the peer, where nothing runs",
        crosses=(copied,),
        lost="the peer is rebuilt from the copies",
        recovers=rebuilt,
        end=taken_back,
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

    step(f"{REGION} is lost: {tale.lost}")
    tale.recovers(launch, zone, tenant)

    step("The tenant turns protection off, so that the demo may end, and terminates")
    if tale.end:
        tale.end(launch, zone)
    ended(launch, tenant)
