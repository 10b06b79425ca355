"""The whole story on the embedded AWS: promote, onboard, launch, use, guard, fail over and back, terminate.

    make demo

Two people appear, each with their own credentials: the platform engineer, whose pipeline has an account
of its own and one for each of its three stages, and the tenant in another account under the role
``dr-tenant``. What they type is printed after ``$`` and
run as it stands; everything between is read back from each service through boto3. Nothing leaves
this machine: it is a local simulation.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from demo_recovery import recover

from dr_catalog import names
from dr_catalog.provisioning.checks import Check, Launch, inspect
from dr_catalog.provisioning.checks.left import keys, left
from dr_catalog.provisioning.endpoint import call

ROOT = Path(__file__).resolve().parents[1]
PIPELINE, PROD, TENANT, SUFFIX = "555555555555", "444444444444", "222222222222", "demo"
REGION, PEER = "us-east-1", "us-west-2"
ZONE = "dr.example.com"
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
    pipeline, prod = identity(PIPELINE), identity(PROD)
    step("The platform engineer's commit goes through dev and staging to prod, in three accounts")
    root = commit()
    run("pipeline", "run", "--skip", "test", "--approve", "staging", env=pipeline, cwd=root)
    run("pipeline", "status", env=pipeline)
    say("\nThe same run once more goes on beside what follows:")
    again = meanwhile("pipeline", "run", "--skip", "test", env=pipeline, cwd=root)

    step(f"Tenant account {TENANT} is onboarded to prod")
    run("onboard", "--account", TENANT, "--stage", "prod", env=prod)
    run("tenants", "--stage", "prod", env=prod)

    zone = hosted_zone()
    tenant = sign_in(port, "dr-tenant")
    session = boto3.Session(
        tenant["AWS_ACCESS_KEY_ID"], tenant["AWS_SECRET_ACCESS_KEY"], tenant["AWS_SESSION_TOKEN"]
    )
    step("The tenant looks at what is offered and launches by suffix; a zone gives the API a name")
    run("products", env=tenant)
    run(
        *("launch", "warm-standby", "--suffix", SUFFIX),
        *("--set", f"ZoneId={zone}", "--set", f"ZoneName={ZONE}"),
        env=tenant,
    )
    launch = Launch(
        session=session,
        account=TENANT,
        suffix=SUFFIX,
        region=REGION,
        peer_region=PEER,
        endpoints=addresses(tenant),
    )

    step("Every layer, read back from its own service in both regions")
    checks = inspect(launch)
    table(checks)
    expect(all(check.ok for check in checks), "everything is as it must be in both regions")

    step("Data crosses: written in one region, read in the other")
    transaction(launch)
    document(launch)
    recovery_point(launch)

    step("One name for both regions, which no probe moves; a failover will")
    answering, api = answers(launch, zone), launch.told("route53", REGION)["domain-name"]
    expect(answering() == REGION, f"{api} is answered by {answering()}")

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
    recover(
        launch,
        run=functools.partial(run, env=in_the_peer(tenant)),
        expect=expect,
        until=until,
        answering=answers(launch, zone),
    )

    step("The tenant turns protection off, so that the demo may end, and terminates")
    run(
        *("upgrade", "--suffix", SUFFIX),
        *("--set", "DeletionProtection=false", "--set", "OnTermination=purge"),
        env=tenant,
    )
    run("status", "--suffix", SUFFIX, env=tenant)
    run("terminate", "--suffix", SUFFIX, "--yes", env=tenant)
    for region in (REGION, PEER):
        found = left(launch, region)
        expect(not found, f"{region}: nothing is left that carries the suffix{said(found)}")
        states = ", ".join(sorted(set(keys(launch, region)))) or "gone"
        expect(True, f"{region}: the customer key is {states}, as KMS demands")


def hosted_zone() -> str:
    """The public zone that the tenant account has; its id."""
    route53 = boto3.client("route53", **credentials(identity(TENANT)))
    made = route53.create_hosted_zone(Name=ZONE, CallerReference="demo")["HostedZone"]
    found: str = made["Id"].rpartition("/")[2]
    return found


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
    ready = call(launch.session, endpoint=launch.endpoints[PEER], region=PEER, path="ready")
    checks = {check: told["ok"] for check, told in ready.body["checks"].items()}
    expect(
        all(checks.values()) and {"ledger", "lag"} <= checks.keys(),
        f"GET /ready in {PEER}: {ready.body['role']}, {', '.join(checks)} all well",
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


def recovery_point(launch: Launch) -> None:
    """What the hourly rule does, done once by hand: back the database up, copy it to the peer."""
    here, there = (launch.client("backup", region) for region in (REGION, PEER))
    vault = names.VAULT.of(suffix=SUFFIX)
    role = f"arn:aws:iam::{TENANT}:role/{names.BACKUP_ROLE.of(suffix=SUFFIX, region=REGION)}"
    job = here.start_backup_job(
        BackupVaultName=vault,
        ResourceArn=launch.told("aurora", REGION)["cluster-arn"],
        IamRoleArn=role,
        Lifecycle={"DeleteAfterDays": 7},
    )
    made = here.describe_backup_job(BackupJobId=job["BackupJobId"])
    expect(made["State"] == "COMPLETED", f"a backup of the database in {REGION}: {made['State']}")
    copy = here.start_copy_job(
        RecoveryPointArn=made["RecoveryPointArn"],
        SourceBackupVaultName=vault,
        DestinationBackupVaultArn=launch.told("backup", PEER)["vault-arn"],
        IamRoleArn=role,
        Lifecycle={"DeleteAfterDays": 35},
    )
    state = here.describe_copy_job(CopyJobId=copy["CopyJobId"])["CopyJob"]["State"]
    (point,) = there.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    expect(
        state == "COMPLETED" and PEER in point["EncryptionKeyArn"],
        f"its copy is in {PEER}'s vault under {point['EncryptionKeyArn']}",
    )


def answers(launch: Launch, zone: str) -> Callable[[], str]:
    """Asks Route 53 to which region the API's name leads."""
    route53 = launch.client("route53", REGION)
    api = launch.told("route53", REGION)["domain-name"]
    targets = {
        launch.told("route53", each)["regional-domain-name"]: each for each in (REGION, PEER)
    }

    def answering() -> str:
        answer = route53.test_dns_answer(HostedZoneId=zone, RecordName=api, RecordType="A")
        return targets[answer["RecordData"][0].rstrip(".")]

    return answering


def in_the_peer(person: dict[str, str]) -> dict[str, str]:
    """The same person, whose commands begin with the peer region."""
    return {**person, "AWS_DEFAULT_REGION": PEER}


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


def credentials(environment: dict[str, str]) -> dict[str, str]:
    """The same for a boto3 client."""
    return {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "region_name": environment["AWS_DEFAULT_REGION"],
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


def run(
    *words: str,
    env: dict[str, str] | None = None,
    cwd: Path = ROOT,
    show: bool = True,
    refused: bool = False,
) -> str:
    """Run ``dr-catalog`` with these words; its output is shown as it comes."""
    if show:
        say(f"\n$ dr-catalog {' '.join(words)}")
    done = subprocess.run(
        [str(COMMAND), *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=None if show else subprocess.PIPE,
        text=True,
    )
    if done.returncode != int(refused):
        sys.exit(f"'dr-catalog {' '.join(words)}' ended with exit code {done.returncode}")
    if refused:
        expect(True, "refused, as it must be")
    return done.stdout or ""


def meanwhile(*words: str, env: dict[str, str], cwd: Path) -> Callable[[], str]:
    """Begin ``dr-catalog`` with these words; the answer waits for its end and gives its output."""
    say(f"\n$ dr-catalog {' '.join(words)} &")
    process = subprocess.Popen(
        [str(COMMAND), *words],
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(process.terminate)

    def end() -> str:
        told, _ = process.communicate()
        expect(process.returncode == 0, f"it ended with exit code {process.returncode}")
        return told

    return end


def commit() -> Path:
    """A folder with the commit to promote: this one, or where it is no clone, a commit of all of it."""

    def git(*words: str) -> bool:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True).returncode == 0

    folder = ROOT
    if git("rev-parse", "HEAD"):
        return ROOT
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    outside = shutil.ignore_patterns(".venv", ".embedded-aws")
    shutil.copytree(ROOT, folder, dirs_exist_ok=True, ignore=outside)
    someone = ("-c", "user.name=demo", "-c", "user.email=demo@example.com")
    expect(
        git("init") and git("add", ".") and git(*someone, "commit", "--message", "demo"),
        "this folder is no clone, so all of it is committed to a copy",
    )
    return folder


def said(found: list[str]) -> str:
    """What was found, to be added to a line."""
    return f": {', '.join(found)}" if found else ""


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
