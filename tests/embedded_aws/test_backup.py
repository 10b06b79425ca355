"""AWS Backup: what vaults, jobs and copies do, what is refused, and the stacks of the backup layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.permissions.requirements import Step, calls

from ..layers.operations import PEER, REGION, SUFFIX, templates
from .aurora_estate import network
from .stack_runner import Result, Runner

VAULT, TABLE = "dr-vault-dev", "dr-transactions-dev"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "backup.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@dataclass(frozen=True)
class Estate:
    """An account with a key and a vault in both regions, and a table and a role to back it up."""

    account: str
    client: Callable[..., Any]
    key: str
    peer_key: str

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/backup"

    @property
    def table(self) -> str:
        return f"arn:aws:dynamodb:{REGION}:{self.account}:table/{TABLE}"

    def api(self, service: str = "backup", region: str = REGION) -> Any:
        return self.client(service, account=self.account, region=region)

    def vault(self, region: str) -> str:
        return f"arn:aws:backup:{region}:{self.account}:backup-vault:{VAULT}"

    def start(self, **changes: Any) -> dict[str, Any]:
        """Back the table up; the job as it is described."""
        given = {"BackupVaultName": VAULT, "ResourceArn": self.table, "IamRoleArn": self.role}
        started = self.api().start_backup_job(**{**given, **changes})
        job: dict[str, Any] = self.api().describe_backup_job(BackupJobId=started["BackupJobId"])
        return job

    def copy(self, **changes: Any) -> dict[str, Any]:
        """Copy a recovery point into the peer's vault; the job as it is described."""
        given = {
            "SourceBackupVaultName": VAULT,
            "DestinationBackupVaultArn": self.vault(PEER),
            "IamRoleArn": self.role,
        }
        started = self.api().start_copy_job(**{**given, **changes})
        answer = self.api().describe_copy_job(CopyJobId=started["CopyJobId"])
        job: dict[str, Any] = answer["CopyJob"]
        return job

    def points(self, region: str = REGION) -> list[dict[str, Any]]:
        answer = self.api(region=region).list_recovery_points_by_backup_vault(BackupVaultName=VAULT)
        points: list[dict[str, Any]] = answer["RecoveryPoints"]
        return points

    def counted(self, metric: str) -> float:
        """The sum of a metric of the vault."""
        (found,) = self.api("cloudwatch").get_metric_data(
            StartTime=0,
            EndTime=4102444800,
            MetricDataQueries=[
                {
                    "Id": "m",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/Backup",
                            "MetricName": metric,
                            "Dimensions": [{"Name": "BackupVaultName", "Value": VAULT}],
                        },
                        "Period": 3600,
                        "Stat": "Sum",
                    },
                }
            ],
        )["MetricDataResults"]
        return float(sum(found["Values"]))


@pytest.fixture
def estate(account: str, client: Callable[..., Any]) -> Estate:
    return new_estate(account, client)


@pytest.fixture(scope="module")
def shared(new_account: Callable[[], str], client: Callable[..., Any]) -> Estate:
    """An estate for what is refused, which changes nothing."""
    return new_estate(new_account(), client)


def new_estate(account: str, client: Callable[..., Any]) -> Estate:
    keys = []
    for region in (REGION, PEER):
        kms = client("kms", account=account, region=region)
        keys.append(kms.create_key()["KeyMetadata"]["Arn"])
        client("backup", account=account, region=region).create_backup_vault(
            BackupVaultName=VAULT, EncryptionKeyArn=keys[-1], BackupVaultTags={"team": "a"}
        )
    made = Estate(account, client, *keys)
    made.api().update_region_settings(ResourceTypeManagementPreference={"DynamoDB": True})
    made.api("dynamodb").create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "dr:suffix", "Value": "dev"}],
    )
    other = json.loads(json.dumps(TRUST).replace("backup.", "lambda."))
    add_role(made.api("iam"), "backup")
    add_role(made.api("iam"), "other", trust=other)
    return made


def add_role(iam: Any, name: str, *, trust: Any = TRUST, policy: Any = ALL) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """The code and the message with which a call is refused."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return "{Code}: {Message}".format(**error.value.response["Error"])


def test_a_vault_answers_what_it_was_told(estate: Estate) -> None:
    backup = estate.api()
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    backup.put_backup_vault_access_policy(BackupVaultName=VAULT, Policy=policy)
    backup.put_backup_vault_lock_configuration(
        BackupVaultName=VAULT, MinRetentionDays=7, MaxRetentionDays=365, ChangeableForDays=3
    )
    found = backup.describe_backup_vault(BackupVaultName=VAULT)
    assert (found["BackupVaultArn"], found["EncryptionKeyArn"]) == (
        estate.vault(REGION),
        estate.key,
    )
    assert (found["MinRetentionDays"], found["MaxRetentionDays"]) == (7, 365)
    assert found["Locked"]
    assert (found["LockDate"] - found["CreationDate"]).days in (2, 3)
    answer = backup.get_backup_vault_access_policy(BackupVaultName=VAULT)
    assert answer["Policy"] == policy
    backup.tag_resource(ResourceArn=estate.vault(REGION), Tags={"a": "1"})
    backup.untag_resource(ResourceArn=estate.vault(REGION), TagKeyList=["team"])
    assert backup.list_tags(ResourceArn=estate.vault(REGION))["Tags"] == {"a": "1"}
    peer = estate.api(region=PEER).describe_backup_vault(BackupVaultName=VAULT)
    assert (peer["EncryptionKeyArn"], peer["Locked"]) == (estate.peer_key, False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"EncryptionKeyArn": "{key}0"}, "InvalidParameterValueException: The key"),
        ({"EncryptionKeyArn": "{peer_key}"}, "EncryptionKeyArn must be the ARN of a key of"),
        ({"EncryptionKeyArn": ""}, "has no key aws/backup"),
        ({"BackupVaultName": "a.b"}, "Invalid backup vault name a.b"),
        ({"BackupVaultName": VAULT}, "AlreadyExistsException"),
    ],
)
def test_vaults_that_are_refused(shared: Estate, change: dict[str, str], message: str) -> None:
    given = {"BackupVaultName": "other", "EncryptionKeyArn": shared.key}
    keys = {"key": shared.key, "peer_key": shared.peer_key}
    wanted = {**given, **{name: value.format(**keys) for name, value in change.items()}}
    assert message in refused(shared.api().create_backup_vault, **wanted)


def test_a_disabled_key_encrypts_no_vault(estate: Estate) -> None:
    estate.api("kms").disable_key(KeyId=estate.key)
    create = estate.api().create_backup_vault
    message = refused(create, BackupVaultName="other", EncryptionKeyArn=estate.key)
    assert "is Disabled" in message


def test_a_job_leaves_a_recovery_point(estate: Estate) -> None:
    job = estate.start(Lifecycle={"DeleteAfterDays": 7}, RecoveryPointTags={"a": "1"})
    assert (job["State"], job["ResourceType"], job["IamRoleArn"]) == (
        "COMPLETED",
        "DynamoDB",
        estate.role,
    )
    backup = estate.api()
    (listed,) = estate.points()
    point = backup.describe_recovery_point(
        BackupVaultName=VAULT, RecoveryPointArn=job["RecoveryPointArn"]
    )
    assert listed["RecoveryPointArn"] == point["RecoveryPointArn"] == job["RecoveryPointArn"]
    assert point["ResourceArn"] == estate.table
    assert point["EncryptionKeyArn"] == estate.key
    assert point["Lifecycle"] == {"DeleteAfterDays": 7}
    kept = point["CalculatedLifecycle"]["DeleteAt"] - point["CreationDate"]
    assert (kept.days, point["Status"], point["IsEncrypted"]) == (7, "COMPLETED", True)
    tags = backup.list_tags(ResourceArn=point["RecoveryPointArn"])["Tags"]
    assert tags == {"a": "1", "dr:suffix": "dev"}
    assert estate.counted("NumberOfBackupJobsCompleted") == 1
    assert estate.points(PEER) == []

    again = estate.start(IdempotencyToken="t")
    assert estate.start(IdempotencyToken="t")["BackupJobId"] == again["BackupJobId"]
    jobs = backup.list_backup_jobs(ByBackupVaultName=VAULT, ByState="COMPLETED")["BackupJobs"]
    assert [each["BackupJobId"] for each in jobs] == [again["BackupJobId"], job["BackupJobId"]]
    assert backup.list_backup_jobs(ByState="FAILED")["BackupJobs"] == []
    first = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, MaxResults=1)
    rest = backup.list_recovery_points_by_backup_vault(
        BackupVaultName=VAULT, MaxResults=1, NextToken=first["NextToken"]
    )
    assert "NextToken" not in rest
    assert rest["RecoveryPoints"][0]["RecoveryPointArn"] == job["RecoveryPointArn"]


def test_a_vault_with_recovery_points_is_not_deleted(estate: Estate) -> None:
    backup, point = estate.api(), estate.start()["RecoveryPointArn"]
    assert refused(backup.delete_backup_vault, BackupVaultName=VAULT) == (
        "InvalidRequestException: Backup vault cannot be deleted because it contains recovery points."
    )
    disassociate = backup.disassociate_recovery_point
    message = refused(disassociate, BackupVaultName=VAULT, RecoveryPointArn=point)
    assert "Only continuous recovery points can be disassociated" in message
    backup.delete_recovery_point(BackupVaultName=VAULT, RecoveryPointArn=point)
    backup.delete_backup_vault(BackupVaultName=VAULT)
    message = refused(backup.describe_backup_vault, BackupVaultName=VAULT)
    assert message.startswith("ResourceNotFoundException")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"BackupVaultName": "none"}, "ResourceNotFoundException: Failed reading Backup vault"),
        ({"ResourceArn": "{table}x"}, "ResourceNotFoundException: The table"),
        ({"ResourceArn": "arn:aws:dynamodb:eu-west-1:1:table/t"}, "ResourceNotFoundException"),
        ({"ResourceArn": "arn:aws:rds:{region}:{account}:cluster:c"}, "ResourceNotFoundException"),
        ({"ResourceArn": "arn:aws:s3:{region}:{account}:b"}, "takes no recovery points of"),
        ({"IamRoleArn": "{role}x"}, "cannot be assumed by AWS Backup"),
        ({"IamRoleArn": "arn:aws:iam::{account}:role/other"}, "cannot be assumed by AWS Backup"),
        ({"Lifecycle": {"DeleteAfterDays": 10, "MoveToColdStorageAfterDays": 1}}, "less than 90"),
        ({"StartWindowMinutes": 30}, "StartWindowMinutes must be at least 60"),
        ({"BackupOptions": {"WindowsVSS": "enabled"}}, "has no BackupOptions"),
    ],
)
def test_jobs_that_are_refused(shared: Estate, change: dict[str, Any], message: str) -> None:
    values = {
        "account": shared.account,
        "region": REGION,
        "role": shared.role,
        "table": shared.table,
    }
    filled = {
        name: value.format(**values) if isinstance(value, str) else value
        for name, value in change.items()
    }
    before = shared.points()
    assert message in refused(shared.start, **filled)
    assert shared.points() == before


def test_a_lock_holds_recovery_points(estate: Estate) -> None:
    backup = estate.api()
    early = estate.start()["RecoveryPointArn"]
    lock = {"MinRetentionDays": 7, "MaxRetentionDays": 35}
    backup.put_backup_vault_lock_configuration(BackupVaultName=VAULT, **lock)
    for lifecycle, reason in (
        ({"DeleteAfterDays": 6}, "below the vault lock's minimum of 7"),
        ({"DeleteAfterDays": 36}, "above the vault lock's maximum of 35"),
        ({}, "A retention for ever is above"),
    ):
        job = estate.start(Lifecycle=lifecycle)
        assert job["State"] == "FAILED"
        assert reason in job["StatusMessage"]
        assert "RecoveryPointArn" not in job
    assert estate.counted("NumberOfBackupJobsFailed") == 3
    late = estate.start(Lifecycle={"DeleteAfterDays": 7})["RecoveryPointArn"]
    for point in (early, late):
        message = refused(
            backup.delete_recovery_point, BackupVaultName=VAULT, RecoveryPointArn=point
        )
        assert message.startswith("InvalidRequestException: The recovery point")
        assert "keeps it for 7 days" in message
    change = backup.update_recovery_point_lifecycle
    named = {"BackupVaultName": VAULT, "RecoveryPointArn": late}
    assert "below" in refused(change, **named, Lifecycle={"DeleteAfterDays": 1})
    assert change(**named, Lifecycle={"DeleteAfterDays": 8})["Lifecycle"]["DeleteAfterDays"] == 8
    backup.delete_backup_vault_lock_configuration(BackupVaultName=VAULT)
    backup.delete_recovery_point(BackupVaultName=VAULT, RecoveryPointArn=early)
    assert [each["RecoveryPointArn"] for each in estate.points()] == [late]


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ({"MinRetentionDays": 0}, "MinRetentionDays must be between"),
        ({"MinRetentionDays": 9, "MaxRetentionDays": 8}, "must not be greater"),
        ({"MinRetentionDays": 1, "ChangeableForDays": 2}, "ChangeableForDays must be between 3"),
        ({}, "needs MinRetentionDays or MaxRetentionDays"),
    ],
)
def test_locks_that_are_refused(shared: Estate, lock: dict[str, int], message: str) -> None:
    put = shared.api().put_backup_vault_lock_configuration
    assert message in refused(put, BackupVaultName=VAULT, **lock)


def test_a_copy_lies_in_the_other_region_under_its_key(estate: Estate) -> None:
    point = estate.start(RecoveryPointTags={"a": "1"})["RecoveryPointArn"]
    job = estate.copy(RecoveryPointArn=point, Lifecycle={"DeleteAfterDays": 35})
    assert (job["State"], job["SourceRecoveryPointArn"]) == ("COMPLETED", point)
    peer, (copy,) = estate.api(region=PEER), estate.points(PEER)
    assert copy["RecoveryPointArn"] == job["DestinationRecoveryPointArn"] != point
    assert copy["RecoveryPointArn"].split(":")[3] == PEER
    assert (copy["EncryptionKeyArn"], copy["ResourceArn"]) == (estate.peer_key, estate.table)
    assert copy["SourceBackupVaultArn"] == estate.vault(REGION)
    assert copy["Lifecycle"] == {"DeleteAfterDays": 35}
    tags = peer.list_tags(ResourceArn=copy["RecoveryPointArn"])["Tags"]
    assert tags == {"a": "1", "dr:suffix": "dev"}
    assert [each["RecoveryPointArn"] for each in estate.points()] == [point]
    assert peer.describe_backup_vault(BackupVaultName=VAULT)["NumberOfRecoveryPoints"] == 1
    assert estate.counted("NumberOfCopyJobsCompleted") == 1
    jobs = estate.api().list_copy_jobs(ByDestinationVaultArn=estate.vault(PEER))["CopyJobs"]
    assert [each["CopyJobId"] for each in jobs] == [job["CopyJobId"]]
    assert peer.list_copy_jobs()["CopyJobs"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RecoveryPointArn": "arn:aws:backup:r:a:recovery-point:x"}, "ResourceNotFoundException"),
        ({"SourceBackupVaultName": "none"}, "ResourceNotFoundException"),
        ({"DestinationBackupVaultArn": "{here}"}, "into the vault it lies in"),
        ({"DestinationBackupVaultArn": "arn:aws:s3:::b"}, "Invalid ARN of a backup vault"),
        (
            {"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:1:backup-vault:v"},
            "within an account alone",
        ),
        ({"IamRoleArn": "arn:aws:iam::{account}:role/none"}, "cannot be assumed by AWS Backup"),
    ],
)
def test_copies_that_are_refused(shared: Estate, change: dict[str, str], message: str) -> None:
    point = shared.start()["RecoveryPointArn"]
    values = {"account": shared.account, "here": shared.vault(REGION)}
    filled = {name: value.format(**values) for name, value in change.items()}
    assert message in refused(shared.copy, **{"RecoveryPointArn": point, **filled})
    assert shared.api().list_copy_jobs()["CopyJobs"] == []


def test_settings_are_changed_one_by_one(account: str, client: Callable[..., Any]) -> None:
    backup = client("backup", account=account, region=REGION)

    def settings(region: str = REGION) -> dict[str, Any]:
        found = client("backup", account=account, region=region).describe_region_settings()
        return {name: value for name, value in found.items() if name != "ResponseMetadata"}

    fresh = settings()
    assert fresh == {
        "ResourceTypeOptInPreference": {"Aurora": True, "DynamoDB": True, "S3": False},
        "ResourceTypeManagementPreference": {"DynamoDB": False},
    }
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True})
    backup.update_region_settings(ResourceTypeOptInPreference={"Aurora": False})
    backup.update_region_settings(ResourceTypeManagementPreference={"DynamoDB": True})
    assert settings() == {
        "ResourceTypeOptInPreference": {"Aurora": False, "DynamoDB": True, "S3": True},
        "ResourceTypeManagementPreference": {"DynamoDB": True},
    }
    assert settings(PEER) == fresh
    for given in (
        {"ResourceTypeOptInPreference": {"EBS": True}},
        {"ResourceTypeManagementPreference": {"S3": True}},
    ):
        message = refused(backup.update_region_settings, **given)
        assert message.startswith("InvalidParameterValueException: Element present in resource")


def test_a_type_that_is_not_opted_in_is_not_backed_up(estate: Estate) -> None:
    update = estate.api().update_region_settings
    update(ResourceTypeOptInPreference={"DynamoDB": False})
    with pytest.raises(ClientError, match="type DynamoDB is not opted in"):
        estate.start()
    assert estate.api().list_backup_jobs()["BackupJobs"] == estate.points() == []
    update(ResourceTypeOptInPreference={"DynamoDB": True})
    assert estate.start()["State"] == "COMPLETED"


def test_a_tables_point_crosses_regions_by_advanced_features_alone(estate: Estate) -> None:
    update = estate.api().update_region_settings
    update(ResourceTypeManagementPreference={"DynamoDB": False})
    plain = estate.start()["RecoveryPointArn"]
    reason = (
        f"Copy job from {REGION} to {PEER} cannot be initiated for DynamoDB resources. "
        "Feature is not supported for provided resource type."
    )
    job = estate.copy(RecoveryPointArn=plain)
    assert (job["State"], job["StatusMessage"]) == ("FAILED", reason)
    update(ResourceTypeManagementPreference={"DynamoDB": True})
    advanced = estate.start()["RecoveryPointArn"]
    assert estate.copy(RecoveryPointArn=advanced)["State"] == "COMPLETED"
    assert estate.copy(RecoveryPointArn=plain)["StatusMessage"] == reason  # it is as it was taken
    update(ResourceTypeManagementPreference={"DynamoDB": False})
    assert estate.copy(RecoveryPointArn=advanced)["State"] == "FAILED"
    assert len(estate.points(PEER)) == 1


def test_a_copy_does_not_get_to_a_region_that_is_cut_off(
    estate: Estate, control: Callable[..., Any]
) -> None:
    point = estate.start()["RecoveryPointArn"]
    control("regions", region=PEER, mode="cut-off")
    try:
        job = estate.copy(RecoveryPointArn=point)
    finally:
        control("regions", region=PEER, mode="here")
    assert (job["State"], job["StatusMessage"]) == ("FAILED", f"The copy does not get to {PEER}")
    assert estate.points(PEER) == []


def test_a_role_that_may_not_fails_its_jobs(estate: Estate) -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    iam = estate.api("iam")
    add_role(iam, "tables", policy={"Version": "2012-10-17", "Statement": statement})
    role = f"arn:aws:iam::{estate.account}:role/tables"
    job = estate.start(IamRoleArn=role)
    assert job["State"] == "COMPLETED"
    copy = estate.copy(RecoveryPointArn=job["RecoveryPointArn"], IamRoleArn=role)
    assert copy["State"] == "FAILED"
    assert "backup:CopyFromBackupVault" in copy["StatusMessage"]
    iam.put_role_policy(
        RoleName="tables",
        PolicyName="p",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {**statement, "Action": "dynamodb:Describe*"}}
        ),
    )
    job = estate.start(IamRoleArn=role)
    assert job["State"] == "FAILED"
    assert "dynamodb:ListTagsOfResource" in job["StatusMessage"]


def test_a_cluster_is_backed_up_under_its_own_key(
    estate: Estate, runner: Callable[..., Runner]
) -> None:
    properties = {
        "DBClusterIdentifier": "dr-ledger-dev",
        "Engine": "aurora-postgresql",
        "DBSubnetGroupName": {"Ref": "Subnets"},
        "MasterUsername": "steward",
        "MasterUserPassword": "secret-of-the-test",
        "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "StorageEncrypted": True,
    }
    plain = {k: v for k, v in properties.items() if k not in ("KmsKeyId", "StorageEncrypted")}
    resources = {
        **network(),
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": properties},
        "Plain": {
            "Type": "AWS::RDS::DBCluster",
            "Properties": {**plain, "DBClusterIdentifier": "plain"},
        },
    }
    key = {"Outputs": {"Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}}}
    made = runner(account=estate.account, region=REGION).create("c", resources, Template=key)
    assert made.status == "CREATE_COMPLETE", made.reasons
    cluster = f"arn:aws:rds:{REGION}:{estate.account}:cluster:"
    job = estate.start(ResourceArn=f"{cluster}dr-ledger-dev")
    assert (job["State"], job["ResourceType"]) == ("COMPLETED", "Aurora")
    point = job["RecoveryPointArn"]
    assert point.startswith(
        f"arn:aws:rds:{REGION}:{estate.account}:cluster-snapshot:awsbackup:job-"
    )
    assert job["EncryptionKeyArn"] == made.outputs["Key"]
    estate.copy(RecoveryPointArn=point)
    (copy,) = estate.points(PEER)
    assert copy["RecoveryPointArn"].startswith(
        f"arn:aws:rds:{PEER}:{estate.account}:cluster-snapshot:awsbackup:copyjob-"
    )
    assert copy["EncryptionKeyArn"] == estate.peer_key

    job = estate.start(ResourceArn=f"{cluster}plain")
    assert not job["IsEncrypted"]
    estate.copy(RecoveryPointArn=job["RecoveryPointArn"])
    assert not estate.points(PEER)[0]["IsEncrypted"]


def test_a_continuous_point_is_let_go(account: str) -> None:
    """In this process: no job makes one, since AWS makes them by schedule alone."""
    from ministack.core.responses import request_scope

    from embedded_aws.backup import points, state

    with request_scope(account, REGION):
        state.vaults[VAULT] = {"BackupVaultName": VAULT, "Lock": {}}
        arn = state.arn("recovery-point", "continuous:cluster-a-b")
        state.points[arn] = {"RecoveryPointArn": arn, "BackupVaultName": VAULT, "CreationDate": 0}
        points.OPERATIONS["DisassociateRecoveryPoint"](
            {"BackupVaultName": VAULT, "RecoveryPointArn": arn}
        )
        assert list(state.points) == []


def rule(**changes: Any) -> dict[str, Any]:
    return {"RuleName": "hourly", "TargetBackupVaultName": VAULT, **changes}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"TargetBackupVaultName": "none"}, "Failed reading Backup vault"),
        ({"ScheduleExpression": "hourly"}, "CronExpression is not valid"),
        ({"ScheduleExpression": "cron(0 * * *)"}, "CronExpression is not valid"),
        ({"StartWindowMinutes": 60, "CompletionWindowMinutes": 90}, "Invalid completion window"),
        ({"EnableContinuousBackup": True}, "kept for 1 to 35 days"),
        ({"Lifecycle": {"DeleteAfterDays": 0}}, "DeleteAfterDays must be between"),
        ({"CopyActions": [{"DestinationBackupVaultArn": "x"}]}, "Invalid ARN of a backup vault"),
        ({"ScanActions": [{"ScanMode": "FULL_SCAN"}]}, "has no ScanActions"),
    ],
)
def test_rules_that_are_refused(shared: Estate, change: dict[str, Any], message: str) -> None:
    plan = {"BackupPlanName": "p", "Rules": [rule(**change)]}
    assert message in refused(shared.api().create_backup_plan, BackupPlan=plan)
    assert shared.api().list_backup_plans()["BackupPlansList"] == []


def test_a_plan_has_versions_and_selections(estate: Estate) -> None:
    backup = estate.api()
    plan = {"BackupPlanName": "p", "Rules": [rule()]}
    made = backup.create_backup_plan(BackupPlan=plan)
    plan_id = made["BackupPlanId"]
    assert "AlreadyExists" in refused(backup.create_backup_plan, BackupPlan=plan)
    chosen = {"SelectionName": "s", "IamRoleArn": estate.role, "Resources": ["*"]}
    select = backup.create_backup_selection
    for change, message in (
        ({"IamRoleArn": f"{estate.role}x"}, "cannot be assumed by AWS Backup"),
        ({"IamRoleArn": estate.role.replace("backup", "other")}, "cannot be assumed"),
        ({"Resources": []}, "Either 'ListOfTags' or 'Resources' section must be non-empty."),
    ):
        wrong = {**chosen, **change}
        assert message in refused(select, BackupPlanId=plan_id, BackupSelection=wrong)
    deny = {"Effect": "Deny", "Action": "tag:*", "Resource": "*"}
    add_role(estate.api("iam"), "blind", policy={"Version": "2012-10-17", "Statement": deny})
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "a", "ConditionValue": "1"}
    blind = {**chosen, "IamRoleArn": estate.role.replace("backup", "blind"), "ListOfTags": [tag]}
    message = refused(select, BackupPlanId=plan_id, BackupSelection=blind)
    assert "is not authorized to call tag:GetResources" in message

    selection = select(BackupPlanId=plan_id, BackupSelection=chosen)["SelectionId"]
    named = {"BackupPlanId": plan_id, "SelectionId": selection}
    assert backup.get_backup_selection(**named)["BackupSelection"] == chosen
    (listed,) = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"]) == (selection, "s")
    assert "selections must be deleted prior to backup plan deletion" in refused(
        backup.delete_backup_plan, BackupPlanId=plan_id
    )
    plan["Rules"].append(rule(RuleName="daily"))  # type: ignore[attr-defined]
    changed = backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan=plan)
    assert changed["VersionId"] != made["VersionId"]
    rules = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"]["Rules"]
    assert [(each["RuleName"], each["StartWindowMinutes"]) for each in rules] == [
        ("hourly", 480),
        ("daily", 480),
    ]
    backup.delete_backup_selection(**named)
    backup.delete_backup_plan(BackupPlanId=plan_id)
    assert backup.list_backup_plans()["BackupPlansList"] == []


def test_restore_tests_that_are_refused(estate: Estate) -> None:
    backup = estate.api()
    chosen = {
        "Algorithm": "LATEST_WITHIN_WINDOW",
        "IncludeVaults": ["*"],
        "RecoveryPointTypes": ["SNAPSHOT"],
    }
    plan = {
        "RestoreTestingPlanName": "weekly",
        "RecoveryPointSelection": chosen,
        "ScheduleExpression": "cron(0 4 ? * SUN *)",
    }
    create = backup.create_restore_testing_plan
    for change, message in (
        ({"RestoreTestingPlanName": "a-b"}, "Invalid restore testing plan name"),
        ({"StartWindowHours": 169}, "StartWindowHours must be between"),
        ({"RecoveryPointSelection": {**chosen, "IncludeVaults": []}}, "IncludeVaults must name"),
        ({"RecoveryPointSelection": {**chosen, "Algorithm": "ANY"}}, "Algorithm must be one of"),
    ):
        assert message in refused(create, RestoreTestingPlan={**plan, **change})
    create(RestoreTestingPlan=plan)
    found = backup.get_restore_testing_plan(RestoreTestingPlanName="weekly")["RestoreTestingPlan"]
    assert (found["StartWindowHours"], found["ScheduleExpressionTimezone"]) == (24, "Etc/UTC")
    selection = {
        "RestoreTestingSelectionName": "tables",
        "ProtectedResourceType": "DynamoDB",
        "ProtectedResourceArns": ["*"],
        "IamRoleArn": estate.role,
    }
    select = backup.create_restore_testing_selection
    for change, message in (
        ({"IamRoleArn": f"{estate.role}x"}, "cannot be assumed by AWS Backup"),
        ({"ProtectedResourceType": "Lambda"}, "ProtectedResourceType must be one of"),
        ({"ProtectedResourceArns": []}, "Give ProtectedResourceArns or"),
    ):
        wrong = {**selection, **change}
        assert message in refused(
            select, RestoreTestingPlanName="weekly", RestoreTestingSelection=wrong
        )
    select(RestoreTestingPlanName="weekly", RestoreTestingSelection=selection)
    delete = backup.delete_restore_testing_plan
    assert "must be deleted prior" in refused(delete, RestoreTestingPlanName="weekly")
    (listed,) = backup.list_restore_testing_selections(RestoreTestingPlanName="weekly")[
        "RestoreTestingSelections"
    ]
    assert listed["RestoreTestingSelectionName"] == "tables"


OF_BACKUP = ("Vault", "Backup", "Testing", "Failures", "MonitoringTopic")
COPY_ALARM = "MonitoringCopyFailed49EF1E9A"


@dataclass(frozen=True)
class Layer:
    """The stacks of the backup layer in both regions."""

    estate: Estate
    key_id: str
    runner: Callable[..., Runner]

    def resources(self, role: str) -> dict[str, Any]:
        template = templates()["neutral", role]
        return {
            name: resource
            for name, resource in json.loads(json.dumps(template["Resources"])).items()
            if name.startswith(OF_BACKUP) or name == COPY_ALARM
        }

    def options(self, role: str, lock: str = "governance") -> dict[str, Any]:
        template = templates()["neutral", role]
        values = {
            "EnvironmentSuffix": SUFFIX,
            "PeerRegion": REGION if role == "peer" else PEER,
            "KeyId": self.key_id,
            "LaunchEndpoint": "https://a.example.com/live/",
            "FailoverMode": "approve",
            "WitnessRegion": "",
            "VaultLock": lock,
            "ZoneId": "",
            "ZoneName": "",
            "PeerWeight": "0",
            "PeerDomain": "d.example.com",
            "PeerDomainZone": "none",
        }
        return {
            "Template": {name: template[name] for name in ("Parameters", "Conditions")},
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in values.items()
                if name in template["Parameters"]
            ],
            "Tags": [{"Key": "stack", "Value": role}],
        }

    def run(self, role: str) -> Runner:
        region = PEER if role == "peer" else REGION
        return self.runner(account=self.estate.account, region=region)

    def create(self, role: str, **options: Any) -> Result:
        made = self.run(role).create(role, self.resources(role), **self.options(role, **options))
        assert made.status == "CREATE_COMPLETE", made.reasons
        return made


@pytest.fixture
def layer(estate: Estate, runner: Callable[..., Runner]) -> Layer:
    key_id = estate.api("kms").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    estate.api("kms").replicate_key(KeyId=key_id, ReplicaRegion=PEER)
    return Layer(estate, key_id, runner)


def test_the_layer_comes_up_in_both_regions_and_goes(layer: Layer) -> None:
    layer.create("peer")
    layer.create("launch", lock="none")
    account, vault = layer.estate.account, f"dr-vault-{SUFFIX}"
    here, there = layer.estate.api(), layer.estate.api(region=PEER)
    key = f"arn:aws:kms:{PEER}:{account}:key/{layer.key_id}"
    found = there.describe_backup_vault(BackupVaultName=vault)
    assert (found["EncryptionKeyArn"], found["Locked"]) == (key, True)
    assert (found["MinRetentionDays"], found["MaxRetentionDays"]) == (7, 365)
    assert "LockDate" not in found
    assert not here.describe_backup_vault(BackupVaultName=vault)["Locked"]
    tags = there.list_tags(ResourceArn=found["BackupVaultArn"])["Tags"]
    assert tags == {"dr:suffix": SUFFIX, "stack": "peer"}
    policy = json.loads(there.get_backup_vault_access_policy(BackupVaultName=vault)["Policy"])
    assert policy["Statement"][0]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [
        f"arn:aws:iam::{account}:role/{name}"
        for name in (f"dr-delete-guard-{SUFFIX}-*", f"dr-guard-backup-{SUFFIX}-*")
    ]

    (listed,) = here.list_backup_plans()["BackupPlansList"]
    plan = here.get_backup_plan(BackupPlanId=listed["BackupPlanId"])
    assert plan["BackupPlan"]["BackupPlanName"] == f"dr-backup-{SUFFIX}"
    assert here.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"]["dr:suffix"] == SUFFIX
    told = [
        {name: value for name, value in each.items() if name not in UNTOLD}
        for each in plan["BackupPlan"]["Rules"]
    ]
    common = {
        "TargetBackupVaultName": vault,
        "StartWindowMinutes": 60,
        "CompletionWindowMinutes": 180,
        "RecoveryPointTags": {"dr:suffix": SUFFIX},
    }
    target = f"arn:aws:backup:{PEER}:{account}:backup-vault:{vault}"
    copied = {"DestinationBackupVaultArn": target, "Lifecycle": {"DeleteAfterDays": 35}}
    assert told == [
        {
            **common,
            "RuleName": "hourly",
            "ScheduleExpression": "cron(0 0/1 * * ? *)",
            "EnableContinuousBackup": False,
            "Lifecycle": {"DeleteAfterDays": 7},
            "CopyActions": [copied],
        },
        {
            **common,
            "RuleName": "continuous",
            "ScheduleExpression": "cron(30 3 * * ? *)",
            "EnableContinuousBackup": True,
            "Lifecycle": {"DeleteAfterDays": 35},
        },
    ]
    (chosen,) = here.list_backup_selections(BackupPlanId=plan["BackupPlanId"])[
        "BackupSelectionsList"
    ]
    selection = here.get_backup_selection(
        BackupPlanId=plan["BackupPlanId"], SelectionId=chosen["SelectionId"]
    )["BackupSelection"]
    switch = {"ConditionKey": "aws:ResourceTag/dr:backup", "ConditionValue": "off"}
    suffix = {"ConditionKey": "aws:ResourceTag/dr:suffix", "ConditionValue": SUFFIX}
    assert selection == {
        "SelectionName": "tagged",
        "IamRoleArn": f"arn:aws:iam::{account}:role/dr-backup-{SUFFIX}-{REGION}",
        "Resources": [
            "arn:aws:dynamodb:*:*:table/*",
            "arn:aws:rds:*:*:cluster:*",
            "arn:aws:s3:::*",
        ],
        "Conditions": {"StringEquals": [suffix], "StringNotEquals": [switch]},
    }

    (tested,) = there.list_restore_testing_plans()["RestoreTestingPlans"]
    name = tested["RestoreTestingPlanName"]
    restored = there.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]
    assert (name, restored["StartWindowHours"]) == ("dr_restore_test_dev_1", 4)
    assert restored["ScheduleExpression"] == "cron(0 4 ? * SUN *)"
    assert restored["RecoveryPointSelection"] == {
        "Algorithm": "LATEST_WITHIN_WINDOW",
        "ExcludeVaults": [],
        "IncludeVaults": [target],
        "RecoveryPointTypes": ["SNAPSHOT"],
        "SelectionWindowDays": 7,
    }
    overrides = {
        kind: there.get_restore_testing_selection(
            RestoreTestingPlanName=name, RestoreTestingSelectionName=f"newest_{kind}"
        )["RestoreTestingSelection"]["RestoreMetadataOverrides"]
        for kind in ("dynamodb", "aurora")
    }
    assert overrides == {
        "dynamodb": {"encryptionType": "KMS", "kmsMasterKeyArn": key},
        "aurora": {
            "dbSubnetGroupName": f"dr-aurora-{SUFFIX}",
            "vpcSecurityGroupIds": '["sg-1"]',
        },
    }

    for role in ("launch", "peer"):
        assert layer.run(role).delete(role).status == "DELETE_COMPLETE"
    for backup in (here, there):
        assert backup.list_backup_plans()["BackupPlansList"] == []
        assert backup.list_restore_testing_plans()["RestoreTestingPlans"] == []
        backup.describe_backup_vault(BackupVaultName=vault)  # its deletion policy keeps it


UNTOLD = ("RuleId", "ScheduleExpressionTimezone")


def test_a_failed_copy_is_told_to_the_topic_and_the_alarm(layer: Layer) -> None:
    layer.create("launch", lock="none")
    estate = layer.estate
    (topic,) = estate.api("sns").list_topics()["Topics"]
    queue = estate.api("sqs").create_queue(QueueName="told")["QueueUrl"]
    attributes = estate.api("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    estate.api("sns").subscribe(
        TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"]
    )
    vault = f"dr-vault-{SUFFIX}"
    role = f"arn:aws:iam::{estate.account}:role/dr-backup-{SUFFIX}-{REGION}"
    job = estate.start(BackupVaultName=vault, IamRoleArn=role)
    assert job["State"] == "COMPLETED", job["StatusMessage"]
    there = f"arn:aws:backup:{PEER}:{estate.account}:backup-vault:{vault}"
    copy = estate.copy(
        RecoveryPointArn=job["RecoveryPointArn"],
        SourceBackupVaultName=vault,
        DestinationBackupVaultArn=there,
        IamRoleArn=role,
    )
    assert (copy["State"], copy["StatusMessage"]) == (
        "FAILED",
        f"The destination backup vault {there} does not exist",
    )
    told = [json.loads(each) for each in messages(estate.api("sqs"), queue)]
    events = [each["detail"] for each in told if each.get("source") == "aws.backup"]
    assert [(each["copyJobId"], each["state"]) for each in events] == [
        (copy["CopyJobId"], "FAILED")
    ]
    assert events[0]["iamRoleArn"] == role
    assert events[0]["destinationBackupVaultArn"] == there
    alarms = [each["AlarmName"] for each in told if each.get("NewStateValue") == "ALARM"]
    assert len(alarms) == 1
    assert "copy-failed" in alarms[0]

    for name, kind, field, endings in (
        ("backup-failed", "Backup Job State Change", "state", ("ABORTED", "EXPIRED", "PARTIAL")),
        ("backup-failed", "Copy Job State Change", "state", ("FAILED",)),
        ("recovery-point-failed", "Recovery Point State Change", "status", ("EXPIRED", "PARTIAL")),
    ):
        detail = {"iamRoleArn": role, "backupVaultName": vault}
        for ending in (*endings, "COMPLETED"):
            event = {**ENVELOPE, "detail-type": kind, "detail": {**detail, field: ending}}
            matches = estate.api("events").test_event_pattern(
                EventPattern=pattern(estate, name), Event=json.dumps(event)
            )["Result"]
            assert matches == (ending in endings), (name, ending)

    layer.create("peer", lock="none")  # the role may write to the peer's vault
    done = estate.copy(
        RecoveryPointArn=job["RecoveryPointArn"],
        SourceBackupVaultName=vault,
        DestinationBackupVaultArn=there,
        IamRoleArn=role,
    )
    assert done["State"] == "COMPLETED", done["StatusMessage"]
    assert list(messages(estate.api("sqs"), queue)) == []


ENVELOPE = {
    "id": "1",
    "source": "aws.backup",
    "account": "1",
    "time": "2026-01-01T00:00:00Z",
    "region": REGION,
    "resources": [],
}


def pattern(estate: Estate, name: str) -> str:
    """The pattern of the layer's rule with this in its name."""
    (found,) = [each for each in estate.api("events").list_rules()["Rules"] if name in each["Name"]]
    described: str = estate.api("events").describe_rule(Name=found["Name"])["EventPattern"]
    return described


def test_every_state_is_told_where_it_happens(
    estate: Estate, runner: Callable[..., Runner]
) -> None:
    queues = {}
    for region in (REGION, PEER):
        sqs = estate.api("sqs", region)
        queues[region] = sqs.create_queue(QueueName="all")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queues[region], AttributeNames=["QueueArn"])
        subscription = {"Protocol": "sqs", "Endpoint": attributes["Attributes"]["QueueArn"]}
        rule = {
            "EventPattern": {"source": ["aws.backup"]},
            "Targets": [{"Id": "topic", "Arn": {"Ref": "Topic"}}],
        }
        resources = {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": [subscription]}},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
        }
        made = runner(account=estate.account, region=region).create("all", resources)
        assert made.status == "CREATE_COMPLETE", made.reasons
    job = estate.start()
    copy = estate.copy(RecoveryPointArn=job["RecoveryPointArn"])
    told = {
        region: [json.loads(each) for each in messages(estate.api("sqs", region), queue)]
        for region, queue in queues.items()
    }
    ends = [
        (each["detail-type"], each["detail"].get("state") or each["detail"]["status"])
        for each in told[REGION]
    ]
    states = ("CREATED", "RUNNING", "COMPLETED")
    assert sorted(ends) == sorted(
        [
            ("Recovery Point State Change", "COMPLETED"),
            *(("Backup Job State Change", state) for state in states),
            *(("Copy Job State Change", state) for state in states),
        ]
    )
    (event,) = told[PEER]
    assert event["region"] == PEER
    assert event["resources"] == [copy["DestinationRecoveryPointArn"]]
    assert event["detail"]["backupVaultName"] == VAULT
    assert event["detail"]["sourceBackupVaultArn"] == estate.vault(REGION)


def messages(sqs: Any, queue: str) -> Iterator[str]:
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    for each in found.get("Messages", []):
        yield json.loads(each["Body"])["Message"]


def test_a_stack_changes_in_place_and_goes_back(layer: Layer) -> None:
    layer.create("peer", lock="none")
    run, backup = layer.run("peer"), layer.estate.api(region=PEER)
    resources, vault = layer.resources("peer"), f"dr-vault-{SUFFIX}"
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    wrong = json.loads(json.dumps(resources))
    (name,) = [key for key in wrong if wrong[key]["Type"] == "AWS::Backup::RestoreTestingPlan"]
    wrong["Vault6C2F5821"]["Properties"]["BackupVaultTags"] = {"a": "1"}
    wrong["BackupPlan15F381FF"]["Properties"]["BackupPlan"]["BackupPlanName"] = "other"
    wrong[name]["Properties"]["StartWindowHours"] = 500
    failed = run.update("peer", wrong, **layer.options("peer"))
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "StartWindowHours must be between" in " ".join(failed.reasons)
    found = backup.describe_backup_vault(BackupVaultName=vault)
    assert not found["Locked"]
    assert backup.list_tags(ResourceArn=found["BackupVaultArn"])["Tags"]["dr:suffix"] == SUFFIX
    assert backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"][
        "BackupPlanName"
    ] == (f"dr-backup-{SUFFIX}")

    wrong[name]["Properties"]["StartWindowHours"] = 5
    del wrong["Vault6C2F5821"]["Properties"]["AccessPolicy"]
    done = run.update("peer", wrong, **layer.options("peer", lock="compliance"))
    assert done.status == "UPDATE_COMPLETE", done.reasons
    found = backup.describe_backup_vault(BackupVaultName=vault)
    assert found["Locked"]
    assert "LockDate" in found
    assert backup.list_tags(ResourceArn=found["BackupVaultArn"])["Tags"] == {
        "a": "1",
        "stack": "peer",
    }
    assert "has no access policy" in refused(
        backup.get_backup_vault_access_policy, BackupVaultName=vault
    )
    (changed,) = backup.list_backup_plans()["BackupPlansList"]
    assert (changed["BackupPlanId"], changed["BackupPlanName"]) == (plan["BackupPlanId"], "other")
    tested = backup.get_restore_testing_plan(RestoreTestingPlanName="dr_restore_test_dev_1")
    assert tested["RestoreTestingPlan"]["StartWindowHours"] == 5


def test_an_update_that_fails_leaves_all_as_it_was(layer: Layer) -> None:
    layer.create("peer", lock="compliance")
    run, backup = layer.run("peer"), layer.estate.api(region=PEER)
    vault = {"BackupVaultName": f"dr-vault-{SUFFIX}"}
    before = backup.describe_backup_vault(**vault)
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    selections = {"BackupPlanId": plan["BackupPlanId"]}
    chosen = backup.list_backup_selections(**selections)["BackupSelectionsList"]
    for name, path, value, message in (
        ("Vault6C2F5821", ["EncryptionKeyArn"], layer.estate.peer_key, "requires replacing"),
        ("Vault6C2F5821", ["LockConfiguration"], {"MinRetentionDays": 0}, "must be between"),
        ("BackupSelection815A0E0E", ["BackupSelection", "IamRoleArn"], "none", "be assumed by"),
        ("TestingAurora50CDABCD", ["ProtectedResourceType"], "RDS", "requires replacing"),
        ("TestingAurora50CDABCD", ["IamRoleArn"], "none", "cannot be assumed by AWS Backup"),
    ):
        resources = layer.resources("peer")
        target = resources[name]["Properties"]
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value
        failed = run.update("peer", resources, **layer.options("peer", lock="compliance"))
        assert failed.status == "UPDATE_ROLLBACK_COMPLETE", (name, failed.reasons)
        assert message in " ".join(failed.reasons)
    assert {**backup.describe_backup_vault(**vault), "ResponseMetadata": None} == {
        **before,
        "ResponseMetadata": None,
    }
    assert backup.list_backup_selections(**selections)["BackupSelectionsList"] == chosen

    resources = layer.resources("peer")
    choice = resources["BackupSelection815A0E0E"]["Properties"]["BackupSelection"]
    choice["Resources"] = ["arn:aws:dynamodb:*:*:table/*"]
    done = run.update("peer", resources, **layer.options("peer", lock="compliance"))
    assert done.status == "UPDATE_COMPLETE", done.reasons
    (listed,) = backup.list_backup_selections(**selections)["BackupSelectionsList"]
    found = backup.get_backup_selection(**selections, SelectionId=listed["SelectionId"])
    assert found["BackupSelection"]["Resources"] == choice["Resources"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"EncryptionKeyArn": "arn:aws:kms:{region}:{account}:key/none"}, "does not exist"),
        ({"LockConfiguration": {"MinRetentionDays": 9, "MaxRetentionDays": 1}}, "not be greater"),
        (
            {"Notifications": {"SNSTopicArn": "t", "BackupVaultEvents": []}},
            "property Notifications",
        ),
    ],
)
def test_a_refused_vault_fails_its_stack(
    shared: Estate, runner: Callable[..., Runner], change: dict[str, Any], message: str
) -> None:
    filled = {
        name: value.format(region=REGION, account=shared.account)
        if isinstance(value, str)
        else value
        for name, value in change.items()
    }
    properties = {"BackupVaultName": "other", "EncryptionKeyArn": shared.key, **filled}
    vault = {"Vault": {"Type": "AWS::Backup::BackupVault", "Properties": properties}}
    name = f"v-{next(iter(change)).lower()}"
    made = runner(account=shared.account, region=REGION).create(name, vault)
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in made.reasons[-1]
    vaults = [
        each["BackupVaultName"] for each in shared.api().list_backup_vaults()["BackupVaultList"]
    ]
    assert vaults == [VAULT]


def test_what_a_stack_asks_of_its_role() -> None:
    def needed(kind: str, verb: str = "create", **properties: Any) -> dict[str, tuple[str, Any]]:
        step = Step(
            verb=verb,
            resource_type=f"AWS::Backup::{kind}",
            properties=properties,
            account="1",
            region=REGION,
            tagged=True,
        )
        return {call.action: (call.resource, call.context) for call in calls(step)}

    key, role = f"arn:aws:kms:{REGION}:1:key/k", "arn:aws:iam::1:role/r"
    vault = needed(
        "BackupVault", BackupVaultName="v", EncryptionKeyArn=key, BackupVaultTags={"a": "1"}
    )
    assert vault["backup:CreateBackupVault"][0] == f"arn:aws:backup:{REGION}:1:backup-vault:v"
    assert vault["backup:CreateBackupVault"][1]["aws:requesttag/a"] == "1"
    assert vault["backup-storage:MountCapsule"][0] == "*"
    assert vault["kms:CreateGrant"][0] == key
    assert vault["kms:CreateGrant"][1]["kms:grantisforawsresource"] == "true"
    assert "backup:PutBackupVaultLockConfiguration" not in vault
    for made in (
        needed("BackupSelection", BackupPlanId="p", BackupSelection={"IamRoleArn": role}),
        needed("RestoreTestingSelection", RestoreTestingPlanName="p", IamRoleArn=role),
    ):
        resource, context = made["iam:PassRole"]
        assert (resource, context["iam:passedtoservice"]) == (role, "backup.amazonaws.com")
    assert "backup:TagResource" in needed("BackupPlan", BackupPlan={})
    plan = needed("RestoreTestingPlan", RestoreTestingPlanName="p")
    assert plan["backup:CreateRestoreTestingPlan"][0].endswith(":restore-testing-plan:p-*")
