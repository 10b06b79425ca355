"""The chapters of backup & restore: copies are made, the launch region is lost, the peer is rebuilt from them."""

from __future__ import annotations

import os

from demo_people import PEER, REGION, TENANT, Person, in_the_peer
from demo_terminal import expect, run, until
from demo_use import ZONE, api, bucket_of, transaction

from dr_catalog import names
from dr_catalog.failover.outage import taken_away
from dr_catalog.provisioning.checks import Launch
from dr_catalog.provisioning.endpoint import call

_WAIT = {"Delay": 1, "MaxAttempts": 120}


def copied(launch: Launch) -> None:
    """Write, back everything up and copy it to the peer, as the hourly rule does; then write once more."""
    transaction(launch, reads=REGION)
    documents = bucket_of(launch, REGION)
    launch.client("s3", REGION).put_object(Bucket=documents, Key="contract.txt", Body=b"signed")
    backup, vault = launch.client("backup", REGION), names.VAULT.of(suffix=launch.suffix)
    role = f"arn:aws:iam::{TENANT}:role/{names.BACKUP_ROLE.of(suffix=launch.suffix, region=REGION)}"
    for store in (
        launch.told("aurora", REGION)["cluster-arn"],
        f"arn:aws:dynamodb:{REGION}:{TENANT}:table/{names.TABLE.of(suffix=launch.suffix)}",
        f"arn:aws:s3:::{documents}",
    ):
        job = backup.start_backup_job(BackupVaultName=vault, ResourceArn=store, IamRoleArn=role)
        made = backup.describe_backup_job(BackupJobId=job["BackupJobId"])
        copy = backup.start_copy_job(
            RecoveryPointArn=made["RecoveryPointArn"],
            SourceBackupVaultName=vault,
            DestinationBackupVaultArn=launch.told("backup", PEER)["vault-arn"],
            IamRoleArn=role,
        )
        state = backup.describe_copy_job(CopyJobId=copy["CopyJobId"])["CopyJob"]["State"]
        expect(state == "COMPLETED", f"{store} is backed up and copied to {PEER}: {state}")
    transaction(launch, key="t-late", reads=REGION)


def rebuilt(launch: Launch, zone: str, tenant: Person) -> None:
    """Lose the launch region, rebuild the launch in its peer, and find in it what was copied."""
    restore = ("restore", "--suffix", launch.suffix, "--region", PEER, "--yes")
    with taken_away(os.environ["AWS_ENDPOINT_URL"], REGION) as lose:
        lose()
        expect(True, f"{REGION} is gone: it answers nothing and runs nothing")
        run(*restore, env=in_the_peer(tenant))
        found = {key: _read(launch, key) for key in ("t-1", "t-late")}
        expect(found["t-1"] == 200, f"GET /transactions/t-1 in {PEER}: {found['t-1']}")
        expect(
            found["t-late"] == 404, f"t-late came after the copies, and is lost: {found['t-late']}"
        )
        kept = launch.client("s3", PEER).get_object(
            Bucket=bucket_of(launch, PEER), Key="contract.txt"
        )
        expect(kept["Body"].read() == b"signed", f"contract.txt is in {PEER}")
        expect(_leads_to_the_peer(launch, zone), f"the API's name leads to {PEER}")
    expect(True, f"{REGION} is back; the same command tells it that {PEER} writes")
    run(*restore, env=in_the_peer(tenant))
    late = api(
        launch,
        REGION,
        "transactions",
        method="POST",
        body={"transactionId": "t-too-late", "amount": "1"},
    )
    expect(late.status == 503, f"POST /transactions in {REGION}: {late.status}")


def taken_back(launch: Launch, zone: str) -> None:
    """What the product's README says to do by hand, so that the launch is what it was and can end."""
    suffix, stack = launch.suffix, f"dr-restore-{launch.suffix}"
    cloudformation = launch.client("cloudformation", PEER)
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=_WAIT)
    launch.client("ssm", PEER).delete_parameter(Name=f"/dr/{suffix}/restore/run")
    told = launch.told("route53", REGION)
    record = {
        "Name": f"{suffix}.{ZONE}",
        "Type": "A",
        "AliasTarget": {
            "DNSName": told["regional-domain-name"],
            "HostedZoneId": told["regional-hosted-zone-id"],
            "EvaluateTargetHealth": False,
        },
    }
    launch.client("route53", REGION).change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
    )
    launch.client("dynamodb", REGION).delete_item(
        TableName=names.RECOVERY_STATE.of(suffix=suffix), Key={"id": {"S": "writer"}}
    )
    expect(True, f"the restored stack is deleted by hand; {REGION} has the name, and writes again")


def _read(launch: Launch, key: str) -> int:
    """The status with which the rebuilt API answers for a transaction."""
    endpoint = launch.told("compute", PEER)["endpoint"]
    path = f"transactions/{key}"
    return call(launch.session, endpoint=endpoint, region=PEER, path=path).status


def _leads_to_the_peer(launch: Launch, zone: str) -> bool:
    route53, name = launch.client("route53", PEER), f"{launch.suffix}.{ZONE}"
    target = launch.told("route53", PEER)["regional-domain-name"]

    def leads() -> bool:
        answer = route53.test_dns_answer(HostedZoneId=zone, RecordName=name, RecordType="A")
        return bool(answer["RecordData"][0].rstrip(".") == target)

    return bool(until(leads, lambda there: there))
