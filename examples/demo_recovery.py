"""The demo's last chapter before the end: the launch region is lost under load, and comes back.

A client writes all the time, as `Load` does; what it was told is compared with what survived. The embedded
AWS takes the region away; nothing else is arranged.
"""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo_people import REGION
from demo_terminal import expect, until

from dr_catalog import failover, names
from dr_catalog.failover.load import Load, losses
from dr_catalog.failover.looks import NAMESPACE, SERVING
from dr_catalog.failover.outage import taken_away
from dr_catalog.provisioning.checks import Launch

WRITES = 20
"""Confirmed writes before the region is lost, and after the failover."""


def recover(
    launch: Launch,
    *,
    run: Callable[..., Any],
    answering: Callable[[], set[str]],
    serving: tuple[str, ...] = (REGION,),
    accepting: tuple[str, ...] = (),
) -> None:
    """Readiness, loss, failover, evidence, failback.

    Args:
        launch: The launched tier.
        run: Runs a command of the operator's.
        answering: The regions that the API's name leads to.
        serving: Those that it leads to while both are well.
        accepting: What the failover is told to take, such as a loss that nobody can measure.
    """
    aws = failover.Aws(region=launch.peer_region, session=launch.session)
    site, suffix = failover.locate(aws, launch.suffix), launch.suffix
    launch.client("sns", site.region).subscribe(
        TopicArn=aws.told(suffix, "monitoring", site.region)["topic-arn"],
        Protocol="email",
        Endpoint="on-call@example.com",
    )
    # So that nobody waits for looks that find nothing: five seconds become half of one.
    control(aws.endpoint, "pace", waits=0.1)
    # The client has ended by then: the failback need not wait for its last requests, nor for callers
    # who remember the peer's address.
    set_waits(launch, site.region, DRAIN_SECONDS=1, LINGER_SECONDS=1)
    for region in site.regions:
        # What the schedule does every minute, done now.
        rule = names.PROBE.of(suffix=suffix)
        control(aws.endpoint, "rules", account=launch.account, region=region, rule=rule)
    served_since(launch, serving, minutes=2)
    until(
        lambda: [each for each in failover.readiness(aws, site) if each.state == "not ready"],
        lambda found: not found,
    )
    run("readiness", "--suffix", suffix)
    lost, back, both = site.launch_region, site.region, len(serving) > 1
    endpoints = {region: launch.endpoints[region] for region in site.regions}
    with taken_away(aws.endpoint, lost) as lose:
        with Load(aws, site, endpoints, mark="demo") as load:
            load.wait_for(WRITES, region=lost)
            lose()
            expect(True, f"{lost} is gone: it answers nothing and runs nothing")
            if both:
                load.wait_for(WRITES, region=back)
                control(aws.endpoint, "health-checks", rounds=3)
                leads(answering, (back,))  # by itself: only the ledger's writer has to move
            run("failover", "--suffix", suffix, "--reason", "outage", "--yes", *accepting)
            load.wait_for(WRITES, region=back)
        promised = float(site.told["rpo-seconds"])
        for each in losses(aws, site, load.confirmed, region=back, endpoint=endpoints[back]):
            lost_ones = f"{len(each.lost)} of them are lost, reaching back {each.seconds:.1f} s"
            expect(
                each.seconds <= promised,
                f"{each.store}: {each.confirmed} writes were confirmed, {lost_ones}",
            )
        expect(True, f"for {load.silence():.1f} s no write was confirmed")
        page = Path(tempfile.gettempdir()) / f"dr-catalog-{suffix}-failover.html"
        run("evidence", "--suffix", suffix, "--html", str(page))
        control(aws.endpoint, "health-checks", rounds=3)  # as many as are due in half a minute
        leads(answering, (back,))
    expect(True, f"{lost} is back, and its database becomes a standby of {back}'s")
    control(aws.endpoint, "health-checks", rounds=3)
    if both:
        settle(launch, aws.endpoint)
    run("failback", "--suffix", suffix, "--yes")
    leads(answering, serving)
    since = [write for write in load.confirmed if write.region == back]
    for each in losses(aws, site, since, region=lost, endpoint=endpoints[lost]):
        expect(
            not each.lost,
            f"{each.store}: all that {back} confirmed, {each.confirmed}, is in {lost}",
        )


def leads(answering: Callable[[], set[str]], regions: tuple[str, ...]) -> None:
    """The API's name comes to lead to these regions."""
    found = until(answering, lambda there: there == set(regions))
    expect(found == set(regions), f"the API's name leads to {', '.join(sorted(found))}")


def settle(launch: Launch, endpoint: str) -> None:
    """What each region's schedule does every minute: the ledger gets what it missed."""
    rule = names.SETTLING.of(suffix=launch.suffix)
    for region in (launch.region, launch.peer_region):
        control(endpoint, "rules", account=launch.account, region=region, rule=rule)


def served_since(launch: Launch, serving: tuple[str, ...], *, minutes: int) -> None:
    """Publish what the control metric's schedule did then: health checks look at whole minutes."""
    told = [(each, int(each in serving)) for each in (launch.region, launch.peer_region)]
    launch.client("cloudwatch", launch.peer_region).put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": SERVING,
                "Dimensions": [
                    {"Name": "Suffix", "Value": launch.suffix},
                    {"Name": "Region", "Value": region},
                ],
                "Value": value,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
            }
            for region, value in told
        ],
    )


def set_waits(launch: Launch, region: str, **seconds: int) -> None:
    """Let the recovery's function wait so long, by the names of its settings."""
    functions, name = launch.client("lambda", region), names.RECOVERY_TASK.of(suffix=launch.suffix)
    known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables = {**known, **{key: str(value) for key, value in seconds.items()}}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def control(endpoint: str, name: str, **asked: object) -> None:
    """Do something to the embedded AWS from outside."""
    request = urllib.request.Request(
        f"{endpoint}/_embedded/{name}", data=json.dumps(asked).encode(), method="POST"
    )
    urllib.request.urlopen(request, timeout=30).close()
