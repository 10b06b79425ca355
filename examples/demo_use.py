"""The chapters that every tier's story has: it is launched, looked at, used, and terminated."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
from demo_people import PEER, REGION, TENANT, Person, credentials, identity, session_of
from demo_terminal import expect, run, said, table, until

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.checks.left import keys, left
from dr_catalog.provisioning.endpoint import call

SUFFIX, ZONE = "demo", "dr.example.com"
LOOKS = 10  # enough for two records of the same weight to answer both


def launched(tier: str, tenant: Person, *settings: str) -> Launch:
    """Launch the tier; what the looks need to know of it."""
    run("launch", tier, "--suffix", SUFFIX, *settings, env=tenant)
    return Launch(
        session=session_of(tenant),
        account=TENANT,
        suffix=SUFFIX,
        region=REGION,
        peer_region=PEER,
        endpoints=addresses(tenant),
    )


def read_back(launch: Launch) -> None:
    """Every layer, asked of its own service in both regions."""
    checks = inspect(launch)
    table(checks)
    expect(all(check.ok for check in checks), "everything is as it must be in both regions")


def ended(launch: Launch, tenant: Person) -> None:
    """Protection off, terminated, and nothing left."""
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


def addresses(tenant: Person) -> dict[str, str]:
    """The API's address in each region that has one, from the launch's outputs."""
    outputs = json.loads(
        run("outputs", "--suffix", SUFFIX, "--output", "json", env=tenant, show=False)
    )
    return {region: told["Endpoint"] for region, told in outputs.items() if "Endpoint" in told}


def transaction(
    launch: Launch, *, key: str = "t-1", writes: str = REGION, reads: str = PEER
) -> None:
    """Post through one region's API, read through another's; repeat; contradict."""

    def post(**body: Any) -> Any:
        return api(
            launch, writes, "transactions", method="POST", body={"transactionId": key, **body}
        )

    first = post(amount="12.50")
    expect(first.status == 201, f"POST /transactions in {writes}: {first.status} {first.body}")
    seen = until(
        lambda: api(launch, reads, f"transactions/{key}"), lambda answer: answer.status == 200
    )
    expect(
        seen.status == 200 and seen.body["amount"] == first.body["amount"],
        f"GET /transactions/{key} in {reads}: {seen.status} {seen.body}",
    )
    repeat, other = post(amount="12.50"), post(amount="13")
    expect(repeat.status == 200, f"the same request again: {repeat.status}, the first result")
    expect(other.status == 409, f"another amount under the same id: {other.status}")


def ready(launch: Launch) -> None:
    """The peer's API says of itself that it could serve."""
    answer = api(launch, PEER, "ready")
    checks = {check: told["ok"] for check, told in answer.body["checks"].items()}
    expect(
        all(checks.values()) and {"ledger", "lag"} <= checks.keys(),
        f"GET /ready in {PEER}: {answer.body['role']}, {', '.join(checks)} all well",
    )


def api(launch: Launch, region: str, path: str, **request: Any) -> Any:
    """What a region's API answers."""
    endpoint = launch.endpoints[region]
    return call(launch.session, endpoint=endpoint, region=region, path=path, **request)


def bucket_of(launch: Launch, region: str) -> str:
    """The bucket of documents in a region."""
    return names.BUCKET.of(suffix=launch.suffix, account=launch.account, region=region)


def document(launch: Launch) -> None:
    """Put a document in the launch region's bucket and find its replica in the peer's."""
    buckets = {region: bucket_of(launch, region) for region in (REGION, PEER)}
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


def answers(launch: Launch, zone: str) -> Callable[[], set[str]]:
    """Asks Route 53, several times, to which regions the API's name leads."""
    route53 = launch.client("route53", REGION)
    name = launch.told("route53", REGION)["domain-name"]
    targets = {
        launch.told("route53", each)["regional-domain-name"]: each for each in (REGION, PEER)
    }

    def answering() -> set[str]:
        asked = [
            route53.test_dns_answer(HostedZoneId=zone, RecordName=name, RecordType="A")
            for _ in range(LOOKS)
        ]
        return {targets[answer["RecordData"][0].rstrip(".")] for answer in asked}

    return answering
