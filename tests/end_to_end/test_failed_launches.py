"""Launches that can't be: bad input, and an obstacle at each of the five steps of the order.

One suffix for all, one launch after the other: what fails leaves nothing in either region but the stack
that says why, touches nothing that was there, and the next launch under the same suffix begins anew.
The last one comes up, and its purge is cut off half-way.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from dr_catalog import names

from .conftest import PEER, REGION, TENANT, Identity
from .estate import Estate, estate

SUFFIX, ZONE = "faulty", "faulty.example"
PURGE = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")
# ACM leaves the record that proves who owns the name: it is the same for every certificate of it.
PROOF = re.compile(rf"us-\w+-\d route53 record _\w+\.{SUFFIX}\.{re.escape(ZONE)}\. CNAME ")


@dataclass(frozen=True)
class Obstacle:
    """Something that a step of a launch meets.

    Args:
        put: Puts it there.
        take: Takes it away.
        told: What the launch must say: resource, region, and what is wrong.
    """

    put: Callable[[], Any]
    take: Callable[[], Any]
    told: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """The tenant's account, seen by its administrator, with the zone in it."""

    tenant: Identity
    admin: Identity
    zone_id: str

    def estate(self) -> Estate:
        """What there is, besides what ACM leaves."""
        return frozenset(each for each in estate(self.admin) if not PROOF.fullmatch(each))

    def launch(self, **given: str) -> Any:
        """Launch it, into the zone unless ``given`` says otherwise."""
        values = {"ZoneId": self.zone_id, "ZoneName": ZONE, **given}
        words = [word for each in values.items() for word in ("--set", "=".join(each))]
        return self.tenant.run("launch", "warm-standby", "--suffix", SUFFIX, *PURGE, *words)

    def terminate(self) -> Any:
        """Terminate it."""
        return self.tenant.run("terminate", "--suffix", SUFFIX, "--yes")

    def obstacles(self) -> list[Obstacle]:
        """One for each of the five steps."""
        logs, dynamodb = self.admin.client("logs"), self.admin.client("dynamodb")
        vaults, functions = self.admin.client("backup", PEER), self.admin.client("lambda", PEER)
        log, vault = names.FLOW_LOGS.of(suffix=SUFFIX), names.VAULT.of(suffix=SUFFIX)
        table, function = names.TABLE.of(suffix=SUFFIX), names.PROCESSOR.of(suffix=SUFFIX)
        return [
            Obstacle(
                lambda: logs.create_log_group(logGroupName=log),
                lambda: logs.delete_log_group(logGroupName=log),
                ("NetworkFlowLog", f"in {REGION}", log, "already exists"),
            ),
            Obstacle(
                lambda: vaults.create_backup_vault(
                    BackupVaultName=vault,
                    EncryptionKeyArn=self.admin.client("kms", PEER).create_key()["KeyMetadata"][
                        "Arn"
                    ],
                ),
                lambda: vaults.delete_backup_vault(BackupVaultName=vault),
                (f"In {PEER} there is already: the backup vault {vault}", "nothing has been done"),
            ),
            Obstacle(
                lambda: dynamodb.create_table(
                    TableName=table,
                    BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[{"AttributeName": "own", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "own", "KeyType": "HASH"}],
                ),
                lambda: dynamodb.delete_table(TableName=table),
                ("(AWS::DynamoDB::GlobalTable)", f"in {REGION}", f"already exists: {table}"),
            ),
            Obstacle(
                lambda: functions.create_function(
                    FunctionName=function,
                    Role=f"arn:aws:iam::{TENANT}:role/dr-tenant",
                    Runtime="python3.13",
                    Handler="index.handler",
                    Code={"ZipFile": _archive()},
                ),
                lambda: functions.delete_function(FunctionName=function),
                ("TransactionsProcessor", f"in {PEER}", function, "already exists"),
            ),
            Obstacle(
                lambda: self._record("CREATE"),
                lambda: self._record("DELETE"),
                (
                    "DnsLaunchRecord",
                    f"in {REGION}",
                    "cannot be created as a non-failover set exists",
                ),
            ),
        ]

    def _record(self, action: str) -> None:
        record = {
            "Name": f"{SUFFIX}.{ZONE}",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        }
        self.admin.client("route53").change_resource_record_sets(
            HostedZoneId=self.zone_id,
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
        )


def _archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass")
    return content.getvalue()


@pytest.fixture(scope="module")
def account(tenant: Identity, person: Callable[[str], Identity]) -> Account:
    """The account, with a zone."""
    admin = person(TENANT)
    route53 = admin.client("route53")
    zone = route53.create_hosted_zone(Name=ZONE, CallerReference="faulty")["HostedZone"]["Id"]
    return Account(tenant, admin, zone.rpartition("/")[2])


@pytest.fixture(scope="module")
def obstacles(account: Account) -> list[Obstacle]:
    """All five, put in the way of the first launch; each test takes one away."""
    found = account.obstacles()
    for each in found:
        each.put()
    return found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"Cidr": "10.1.0.0/16", "PeerCidr": "10.1.16.0/20"},
            "Cidr 10.1.0.0/16 and PeerCidr 10.1.16.0/20 overlap",
        ),
        ({"Cidr": "8.8.0.0/16"}, "Cidr 8.8.0.0/16 is not private"),
        ({"ZoneName": ""}, "ZoneId and ZoneName belong together: give both, or neither"),
        ({"ZoneId": "Z0000000NONE"}, "No hosted zone found with ID: Z0000000NONE"),
        ({"ZoneName": "other.example"}, "is not permitted in zone faulty.example"),
    ],
)
def test_bad_input_is_refused_with_one_message_and_leaves_nothing(
    account: Account, given: dict[str, str], told: str
) -> None:
    before = account.estate()
    try:
        refused = account.launch(**given)
        assert refused.exit_code == 1
        assert refused.stderr.partition("error: ")[2].count(told) == 1
        assert husk(account.estate() - before)
    finally:
        account.terminate()
    assert account.estate() == before


@pytest.mark.parametrize("step", range(5))
def test_an_obstacle_at_a_step_rolls_both_regions_back(
    account: Account, obstacles: list[Obstacle], step: int
) -> None:
    before = account.estate()
    try:
        refused = account.launch()
        assert refused.exit_code == 1
        error = refused.stderr.partition("error: ")[2]
        assert [each for each in obstacles[step].told if each not in error] == []
        (status,) = [each for each in account.tenant.json("status") if each["suffix"] == SUFFIX]
        assert status["status"] == "ERROR"
        after = account.estate()
        assert husk(after - before)
        assert before - after == set()
    finally:
        assert account.terminate().exit_code == 0
    assert account.estate() == before
    obstacles[step].take()


def test_a_purge_cut_off_half_way_goes_on_where_it_was(account: Account) -> None:
    before = account.estate()
    assert account.launch().exit_code == 0
    backup, vault = account.admin.client("backup"), names.VAULT.of(suffix=SUFFIX)
    backup.put_backup_vault_lock_configuration(BackupVaultName=vault, MinRetentionDays=7)
    backup.start_backup_job(
        BackupVaultName=vault,
        ResourceArn=f"arn:aws:dynamodb:{REGION}:{TENANT}:table/{names.TABLE.of(suffix=SUFFIX)}",
        IamRoleArn=f"arn:aws:iam::{TENANT}:role/"
        + names.BACKUP_ROLE.of(suffix=SUFFIX, region=REGION),
        Lifecycle={"DeleteAfterDays": 7},
    )
    account.admin.client("s3").put_object(
        Bucket=names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=REGION), Key="a", Body=b"b"
    )
    whole = account.estate()

    refused = account.terminate()
    assert refused.exit_code == 1
    assert f"in {REGION}" in refused.stderr
    assert vault in refused.stderr
    assert "governance mode until it is taken off" in refused.stderr
    gone = {each.split(maxsplit=1)[1] for each in whole - account.estate()}
    buckets = {
        "s3 Buckets " + names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=region)
        for region in (REGION, PEER)
    }
    assert buckets <= gone
    assert not any("rds" in each or "dynamodb" in each or "lambda" in each for each in gone)

    backup.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    assert account.terminate().exit_code == 0
    assert account.estate() == before


def husk(new: Estate) -> bool:
    """Whether nothing is new but the launch's own stack, which says why it is not there."""
    return [each.split()[1:3] + each.split()[4:] for each in new] in (
        [],
        [["cloudformation", "stack", "ROLLBACK_COMPLETE"]],
    )
