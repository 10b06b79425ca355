"""A global database by CloudFormation in two regions: real rows, logins and failovers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pg8000.exceptions import DatabaseError

from . import aurora_estate as estate
from .aurora_estate import ROLE, Estate
from .stack_runner import Runner


def test_what_the_template_says_is_what_rds_answers(up: Estate) -> None:
    for region, runs in ((estate.HOME, True), (estate.PEER, False)):
        found = up.cluster(region)
        assert found["GlobalClusterIdentifier"] == estate.GLOBAL
        assert found["KmsKeyId"].startswith(f"arn:aws:kms:{region}:{up.account}:key/")
        assert found["DBClusterParameterGroup"] == found["DBSubnetGroup"] == "dr-aurora-dev"
        assert found["EngineVersion"] == estate.VERSION
        assert found["StorageEncrypted"]
        assert found["IAMDatabaseAuthenticationEnabled"]
        assert found["EnabledCloudwatchLogsExports"] == ["postgresql"]
        assert found["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 8.0}
        assert len(found["VpcSecurityGroups"]) == 1
        assert [each["IsClusterWriter"] for each in found["DBClusterMembers"]] == [runs]
        [instance] = up.rds(region).describe_db_instances()["DBInstances"]
        assert (instance["DBInstanceClass"], instance["PromotionTier"]) == ("db.serverless", 0)
    assert up.global_cluster()["Endpoint"] == up.outputs[estate.HOME]["Global"]
    assert [each["IsWriter"] for each in up.global_cluster()["GlobalClusterMembers"]] == [
        True,
        False,
    ]


def test_a_row_written_here_is_read_there(up: Estate) -> None:
    up.run("INSERT INTO payment VALUES ('p-1', 1250)", at="Writer")
    rows = up.soon("SELECT id, cents FROM payment", at="Reader", region=estate.PEER)
    assert rows == [["p-1", 1250]]


def test_a_secondary_takes_no_writes(up: Estate) -> None:
    with pytest.raises(DatabaseError, match="read-only transaction"):
        up.run("INSERT INTO payment VALUES ('p-2', 1)", at="Reader", region=estate.PEER)
    assert up.closed(at="Writer", region=estate.PEER)


def test_a_token_is_a_password(up: Estate) -> None:
    host = up.outputs[estate.HOME]["Global"]
    shown = estate.token(host, up.port, user=ROLE, account=up.account)
    with estate.connected(host, up.port, user=ROLE, password=shown) as connection:
        assert connection.run("SELECT current_user") == [[ROLE]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": estate.MASTER},
        {"region": estate.PEER},
        {"account": "444444444499"},
        {"host": "127.0.0.1"},
        {"port": 5433},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_token_made_for_another_is_refused(up: Estate, wrong: dict[str, Any]) -> None:
    host = up.outputs[estate.HOME]["Global"]
    right = {"host": host, "port": up.port, "user": ROLE, "account": up.account}
    made = {**right, **wrong}
    shown = estate.token(made.pop("host"), made.pop("port"), **made)
    with (
        pytest.raises(DatabaseError, match="PAM authentication failed"),
        estate.connected(host, up.port, user=ROLE, password=shown),
    ):
        pass


def test_a_token_of_sixteen_minutes_ago_is_refused(
    up: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datetime

    import botocore.auth

    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=16)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: long_ago)
    host = up.outputs[estate.HOME]["Global"]
    shown = estate.token(host, up.port, user=ROLE, account=up.account)
    with (
        pytest.raises(DatabaseError, match="PAM authentication failed"),
        estate.connected(host, up.port, user=ROLE, password=shown),
    ):
        pass


def test_what_is_no_token_no_password_or_no_tls_is_refused(up: Estate) -> None:
    host = up.outputs[estate.HOME]["Writer"]
    for user, password, tls, message in (
        (ROLE, "guess", True, "PAM authentication failed"),
        (estate.MASTER, "guess", True, "password authentication failed"),
        (estate.MASTER, up.password, False, "no encryption"),
        ("rdsadmin", "guess", True, "no pg_hba.conf entry"),
    ):
        with (
            pytest.raises(DatabaseError, match=message),
            estate.connected(host, up.port, user=user, password=password, tls=tls),
        ):
            pass


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The code and the words with which a call is refused."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return f"{error.value.response['Error']['Code']}: {error.value.response['Error']['Message']}"


def test_what_has_members_or_is_protected_is_not_deleted(up: Estate) -> None:
    rds = up.rds(estate.HOME)
    told = refused(rds.delete_global_cluster, GlobalClusterIdentifier=estate.GLOBAL)
    assert told.startswith("InvalidGlobalClusterStateFault")
    rds.modify_db_cluster(DBClusterIdentifier="dr-aurora-dev", DeletionProtection=True)
    try:
        told = refused(
            rds.delete_db_cluster, DBClusterIdentifier="dr-aurora-dev", SkipFinalSnapshot=True
        )
        assert "DeletionProtection" in told
    finally:
        rds.modify_db_cluster(DBClusterIdentifier="dr-aurora-dev", DeletionProtection=False)


def test_the_global_endpoint_follows_a_switchover_and_a_failover(up: Estate) -> None:
    """Planned and without loss to the peer, unplanned and back; then as it was."""
    there, here = (up.cluster(each)["DBClusterArn"] for each in (estate.PEER, estate.HOME))
    up.run("INSERT INTO payment VALUES ('before', 1)")
    target = {"GlobalClusterIdentifier": estate.GLOBAL, "TargetDbClusterIdentifier": there}
    told = refused(up.rds(estate.PEER).switchover_global_cluster, **target)
    assert f"in {estate.HOME}, not in {estate.PEER}" in told
    up.rds(estate.HOME).switchover_global_cluster(**target)
    up.settled()
    assert [each["IsWriter"] for each in up.global_cluster()["GlobalClusterMembers"]] == [
        False,
        True,
    ]
    assert up.run("SELECT count(*) FROM payment WHERE id = 'before'") == [[1]]
    up.run("INSERT INTO payment VALUES ('over there', 2)")
    up.run("INSERT INTO payment VALUES ('directly', 3)", at="Writer", region=estate.PEER)
    query = "SELECT id FROM payment WHERE id = 'directly'"
    assert up.soon(query, at="Reader", region=estate.HOME) == [["directly"]]
    back = {"GlobalClusterIdentifier": estate.GLOBAL, "TargetDbClusterIdentifier": here}
    up.rds(estate.HOME).failover_global_cluster(**back, AllowDataLoss=True)
    up.settled()
    assert [each["IsWriter"] for each in up.global_cluster()["GlobalClusterMembers"]] == [
        True,
        False,
    ]
    up.run("INSERT INTO payment VALUES ('back', 4)", at="Writer")
    query = "SELECT id FROM payment WHERE id = 'back'"
    assert up.soon(query, at="Reader", region=estate.PEER) == [["back"]]


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"MasterUsername": estate.MASTER}, "Cannot specify user name"),
        ({"DatabaseName": "other"}, "Cannot specify database name"),
        ({"KmsKeyId": None, "StorageEncrypted": None}, "KmsKeyId of eu-west-1 must be given"),
        ({"EngineVersion": "16.11"}, "Value for engineVersion should match"),
        ({"ManageMasterUserPassword": True}, "can't manage the master user password"),
        ({"StorageEncrypted": False}, "storageEncrypted should match"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_secondary_that_aurora_refuses(
    up: Estate, runner: Callable[..., Runner], properties: dict[str, Any], told: str
) -> None:
    third = runner(account=up.account, region="eu-west-1")
    result = third.create("third", estate.secondary(**properties))
    assert result.status == "ROLLBACK_COMPLETE"
    assert told in result.reasons[-1]
    third.delete("third")


def test_settings_change_in_place(up: Estate) -> None:
    properties = {
        "EnableCloudwatchLogsExports": [],
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 8, "MaxCapacity": 16},
        "BackupRetentionPeriod": 14,
    }
    resources = estate.secondary(**properties)
    resources["Instance"] = estate.instance(PromotionTier=2)
    assert up.peer.update("peer", resources).status == "UPDATE_COMPLETE"
    found = up.cluster(estate.PEER)
    assert found["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 8.0, "MaxCapacity": 16.0}
    assert (found["EnabledCloudwatchLogsExports"], found["BackupRetentionPeriod"]) == ([], 14)
    assert [each["PromotionTier"] for each in found["DBClusterMembers"]] == [2]
