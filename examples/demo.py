"""The whole story on the embedded AWS: publish, onboard, launch, use, upgrade, terminate.

    make demo

Three people appear, each with their own credentials: the platform engineer in the hub account, the
tenant in another account under the role ``dr-tenant``. What they type is printed after ``$`` and
run as it stands; everything between is read back from each service through boto3. Nothing leaves
this machine: it is a local simulation.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

from dr_catalog import names
from dr_catalog.provisioning.checks import Check, Launch, inspect
from dr_catalog.provisioning.endpoint import call

ROOT = Path(__file__).resolve().parents[1]
HUB, TENANT, SUFFIX = "111111111111", "222222222222", "demo"
REGION, PEER = "us-east-1", "us-west-2"
COMMAND = Path(sys.executable).with_name("dr-catalog")
STARTED = time.monotonic()


def main() -> None:
    """Tell the story; a step that fails ends it with exit code 1."""
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
            story(port)
        finally:
            run("local", "down", "--state-dir", state)
    say(f"\nDone in {time.monotonic() - STARTED:.0f} s. This was a local simulation.")


def story(port: str) -> None:
    """Everything between start and stop of the embedded AWS."""
    hub = identity(HUB)
    step("The platform engineer proves the releases and publishes them in stage dev")
    run("verify")
    run("publish", "--stage", "dev", env=hub)

    step(f"... and onboards tenant account {TENANT}")
    run("onboard", "--account", TENANT, "--stage", "dev", env=hub)

    tenant = sign_in(port, "dr-tenant")
    session = boto3.Session(
        tenant["AWS_ACCESS_KEY_ID"], tenant["AWS_SECRET_ACCESS_KEY"], tenant["AWS_SESSION_TOKEN"]
    )
    step("The tenant looks at what is offered and launches by suffix; nothing else to know")
    run("products", env=tenant)
    run("launch", "warm-standby", "--suffix", SUFFIX, "--version", "1.0.0", env=tenant)
    endpoints = addresses(tenant)
    launch = Launch(
        session=session,
        account=TENANT,
        suffix=SUFFIX,
        region=REGION,
        peer_region=PEER,
        endpoints=endpoints,
    )

    step("Every replicated resource, read back from its own service in both regions")
    checks = inspect(launch)
    table(checks)
    expect(all(check.ok for check in checks), "everything is as it must be in both regions")

    step("Data crosses: written in one region, read in the other")
    transaction(launch)
    document(launch)

    step("The tenant upgrades, and turns protection off so that the demo may end")
    run(
        *("upgrade", "--suffix", SUFFIX, "--version", "1.1.0"),
        *("--set", "DeletionProtection=false", "--set", "OnTermination=purge"),
        env=tenant,
    )
    run("status", "--suffix", SUFFIX, env=tenant)
    expect(
        all(check.ok for check in inspect(launch)), "after the upgrade everything is as it must be"
    )
    by_status(launch)

    step("The tenant terminates; nothing may be left")
    run("terminate", "--suffix", SUFFIX, "--yes", env=tenant)
    nothing_left(launch)


def transaction(launch: Launch) -> None:
    """Post through the launch region's API, read through the peer's; repeat; contradict."""

    def post(**body: Any) -> Any:
        return call(
            launch.session,
            endpoint=launch.endpoints[REGION],
            region=REGION,
            path="transactions",
            method="POST",
            body=body,
        )

    first = post(transactionId="t-1", amount="12.50")
    expect(first.status == 201, f"POST /transactions in {REGION}: {first.status} {first.body}")
    seen = until(
        lambda: call(
            launch.session, endpoint=launch.endpoints[PEER], region=PEER, path="transactions/t-1"
        ),
        lambda answer: answer.status == 200,
    )
    expect(
        seen.status == 200 and seen.body["amount"] == first.body["amount"],
        f"GET /transactions/t-1 in {PEER}: {seen.status} {seen.body}",
    )
    repeat, other = (
        post(transactionId="t-1", amount="12.50"),
        post(transactionId="t-1", amount="13"),
    )
    expect(repeat.status == 200, f"the same request again: {repeat.status}, the first result")
    expect(other.status == 409, f"another amount under the same id: {other.status}")


def document(launch: Launch) -> None:
    """Put a document in the launch region's bucket and find its replica in the peer's."""
    buckets = {
        region: names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=region)
        for region in (REGION, PEER)
    }
    launch.client("s3", REGION).put_object(
        Bucket=buckets[REGION], Key="contract.txt", Body=b"signed"
    )
    replica = until(
        lambda: launch.client("s3", PEER).list_objects_v2(Bucket=buckets[PEER]),
        lambda listing: bool(listing.get("Contents")),
    )
    expect(bool(replica.get("Contents")), f"contract.txt put in {REGION} is in {PEER}")
    head = launch.client("s3", PEER).head_object(Bucket=buckets[PEER], Key="contract.txt")
    expect(
        PEER in head["SSEKMSKeyId"] and head["ReplicationStatus"] == "REPLICA",
        f"there it is a {head['ReplicationStatus']} under {head['SSEKMSKeyId']}",
    )


def by_status(launch: Launch) -> None:
    """What 1.1.0 adds: transactions listed by status."""
    listed = call(
        launch.session,
        endpoint=launch.endpoints[PEER],
        region=PEER,
        path="transactions?status=RECEIVED",
    )
    expect(
        listed.status == 200 and len(listed.body["transactions"]) == 1,
        f"new in 1.1.0, GET /transactions?status=RECEIVED in {PEER}: {listed.status}, "
        f"{len(listed.body.get('transactions', []))} transaction",
    )


def nothing_left(launch: Launch) -> None:
    """Ask each service in both regions for anything that carries the suffix."""
    for region in (REGION, PEER):
        left = [
            *(
                bucket["Name"]
                for bucket in launch.client("s3", region).list_buckets()["Buckets"]
                if f"-{SUFFIX}-" in bucket["Name"]
            ),
            *(
                name
                for name in launch.client("dynamodb", region).list_tables()["TableNames"]
                if name.endswith(f"-{SUFFIX}")
            ),
            *(
                function["FunctionName"]
                for function in launch.client("lambda", region).list_functions()["Functions"]
                if function["FunctionName"].endswith(f"-{SUFFIX}")
            ),
            *(
                stack["StackName"]
                for stack in launch.client("cloudformation", region).describe_stacks()["Stacks"]
                if stack["StackName"].startswith(("SC-", "StackSet-"))
            ),
            *(
                parameter["Name"]
                for parameter in launch.client("ssm", region).describe_parameters()["Parameters"]
                if parameter["Name"].startswith(f"/dr/{SUFFIX}/")
            ),
            *(
                group["logGroupName"]
                for group in launch.client("logs", region).describe_log_groups()["logGroups"]
                if group["logGroupName"].endswith(f"-{SUFFIX}")
            ),
        ]
        expect(
            not left, f"{region}: no stack, bucket, table, function, parameter or log group left"
        )
        kms = launch.client("kms", region)
        keys = [
            kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]
        ]
        states = {key["KeyState"] for key in keys if key["KeyManager"] == "CUSTOMER"}
        expect(
            states <= {"PendingDeletion", "PendingReplicaDeletion"},
            f"{region}: the customer key is {', '.join(sorted(states)) or 'gone'}, as KMS demands",
        )


def addresses(tenant: dict[str, str]) -> dict[str, str]:
    """The API's address in each region, from the launch's outputs."""
    outputs = json.loads(
        run("outputs", "--suffix", SUFFIX, "--output", "json", env=tenant, show=False)
    )
    return {region: outputs[region]["Endpoint"] for region in (REGION, PEER)}


def identity(account: str) -> dict[str, str]:
    """The environment of an account's administrator: in the simulation, the key is the account."""
    return {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def sign_in(port: str, role: str) -> dict[str, str]:
    """The environment of someone of the tenant team in their role."""
    exports = run(
        *("local", "env", "--account", "tenant", "--role", role, "--port", port), show=False
    )
    return dict(
        line.removeprefix("export ").split("=", 1)
        for line in exports.splitlines()
        if line.startswith("export ")
    )


def run(*words: str, env: dict[str, str] | None = None, show: bool = True) -> str:
    """Run ``dr-catalog`` with these words; its output is shown as it comes."""
    if show:
        say(f"\n$ dr-catalog {' '.join(words)}")
    done = subprocess.run(
        [str(COMMAND), *words],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=None if show else subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit(f"'dr-catalog {' '.join(words)}' ended with exit code {done.returncode}")
    return done.stdout or ""


def table(checks: list[Check]) -> None:
    """The checks as a table, one row a resource and region."""
    rows = [("layer", "resource", "region", "", "found")] + [
        (check.layer, check.resource, check.region, "ok" if check.ok else "NO", check.found)
        for check in checks
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)))


def until(look: Any, good: Any) -> Any:
    """Look until it is good, for at most ten seconds: replication takes its time."""
    deadline = time.monotonic() + 10
    while not good(answer := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return answer


def expect(holds: bool, words: str) -> None:
    """Say what was found; end the demo when it is not as it must be."""
    say(f"  {'ok' if holds else 'NO'}  {words}")
    if not holds:
        sys.exit("The demo failed: see the line above.")


def step(title: str) -> None:
    """Begin a chapter."""
    say(f"\n=== {title}  [{time.monotonic() - STARTED:.0f} s]")


def say(line: str) -> None:
    """One line, at once, so that it stands in order with what the commands print."""
    print(line, flush=True)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
