"""The whole story on the embedded AWS: promote, onboard, launch, use, guard, fail over and back, terminate.

    make demo                        the whole story, of warm standby
    make demo TIER=pilot-light       a tier's own, shorter: publish, launch, use, lose a region, terminate

Two people appear, each with their own credentials: the platform engineer, whose pipeline has an account
of its own and one for each of its three stages, and the tenant in another account under the role
``dr-tenant``. What they type is printed after ``$`` and
run as it stands; everything between is read back from each service through boto3. Nothing leaves
this machine: it is a local simulation.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import time

import demo_tier
from demo_catalog import catalog, commit
from demo_people import PIPELINE, PROD, REGION, TENANT, identity, in_the_peer, sign_in
from demo_recovery import leads, recover
from demo_terminal import STARTED, expect, free_port, meanwhile, run, say, step
from demo_use import (
    SUFFIX,
    ZONE,
    answers,
    document,
    ended,
    hosted_zone,
    launched,
    read_back,
    ready,
    recovery_point,
    transaction,
)

from dr_catalog.provisioning.checks import inspect

WHOLE = "warm-standby"
"""The tier whose story is told whole."""


def main(tier: str) -> None:
    """Tell the tier's story; a step that fails ends it with exit code 1."""
    if tier not in {WHOLE, *demo_tier.TALES}:
        sys.exit(
            f"no story is told of '{tier}': name one of {', '.join([WHOLE, *demo_tier.TALES])}"
        )
    say("dr-catalog: disaster recovery tiers as AWS Service Catalog products")
    say("LOCAL SIMULATION: an emulated AWS on 127.0.0.1; no AWS account is touched.")
    say("It shows wiring, order, versions and data paths; not IAM as AWS evaluates it, quotas,")
    say("replication lag over distance, or DNS timing.")
    with tempfile.TemporaryDirectory() as state:
        port = str(free_port())
        step("Start the embedded AWS")
        try:
            run("local", "up", "--port", port, "--state-dir", state)
            os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
            if tier == WHOLE:
                story(port)
            else:
                demo_tier.story(tier, port)
        finally:
            run("local", "down", "--state-dir", state)
    say(f"\nDone in {time.monotonic() - STARTED:.0f} s. This was a local simulation.")


def story(port: str) -> None:
    """Everything between start and stop of the embedded AWS."""
    pipeline, prod, root = identity(PIPELINE), identity(PROD), catalog(WHOLE)
    step("The platform engineer's commit goes through dev and staging to prod, in three accounts")
    commit(root)
    run("pipeline", "run", "--skip", "test", "--approve", "staging", env=pipeline, cwd=root)
    run("pipeline", "status", env=pipeline, cwd=root)
    say("\nThe same run once more goes on beside what follows:")
    again = meanwhile("pipeline", "run", "--skip", "test", env=pipeline, cwd=root)

    step(f"Tenant account {TENANT} is onboarded to prod")
    run("onboard", "--account", TENANT, "--stage", "prod", env=prod, cwd=root)
    run("tenants", "--stage", "prod", env=prod, cwd=root)

    step("The tenant looks at what is offered and launches by suffix; a zone gives the API a name")
    zone, tenant = hosted_zone(), sign_in(port, "dr-tenant")
    run("products", env=tenant)
    launch = launched(WHOLE, tenant, "--set", f"ZoneId={zone}", "--set", f"ZoneName={ZONE}")

    step("Every layer, read back from its own service in both regions")
    read_back(launch)

    step("Data crosses: written in one region, read in the other")
    transaction(launch)
    ready(launch)
    document(launch)
    recovery_point(launch)

    step("One name for both regions, which no probe moves; a failover will")
    answering = answers(launch, zone)
    leads(answering, (REGION,))

    step("What would hurt is refused before anything is touched")
    run("terminate", "--suffix", SUFFIX, "--yes", env=tenant, refused=True)
    run("upgrade", "--suffix", SUFFIX, "--set", "Cidr=10.99.0.0/16", env=tenant, refused=True)
    expect(
        all(check.ok for check in inspect(launch)),
        "everything is still as it must be in both regions",
    )

    step("The second run of the pipeline has found the same bytes in every stage")
    told = again().splitlines()
    expect("nothing to do: every stage has" in told[-1], told[-1])

    step(f"{REGION} is lost under load: the tier fails over, and back once the region is back")
    recover(launch, run=functools.partial(run, env=in_the_peer(tenant)), answering=answering)

    step("The tenant turns protection off, so that the demo may end, and terminates")
    ended(launch, tenant)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else WHOLE)
