"""What Aurora refuses of a primary, and what is left when the embedded AWS is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import aurora_estate as estate
from .stack_runner import Runner


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"MasterUsername": None, "MasterUserPassword": None}, "MasterUsername must be provided"),
        ({"MasterUsername": "admin"}, "reserved word"),
        ({"MasterUserPassword": "with space"}, "not a valid password"),
        ({"EngineVersion": "16.11"}, "Value for engineVersion should match"),
        ({"ManageMasterUserPassword": True, "MasterUserPassword": None}, "can't manage the master"),
        ({"StorageEncrypted": False}, "storageEncrypted should match"),
        ({"KmsKeyId": "alias/none"}, "does not exist, is not enabled"),
        ({"Engine": "aurora-mysql"}, "aurora-postgresql alone"),
        ({"EnableCloudwatchLogsExports": ["audit"]}, "log types 'audit'"),
        ({"ServerlessV2ScalingConfiguration": {"MinCapacity": 4, "MaxCapacity": 2}}, "capacity"),
        ({"ServerlessV2ScalingConfiguration": None}, "Serverless v2 scaling configuration"),
        ({"EnableGlobalWriteForwarding": True}, "unsupported property EnableGlobalWriteForwarding"),
        ({"Invented": True}, "unsupported property Invented"),
        ({"GlobalClusterIdentifier": "none"}, "Global cluster none not found"),
        ({"DBSubnetGroupName": "none"}, "DB subnet group 'none' does not exist"),
        ({"VpcSecurityGroupIds": ["sg-none"]}, "groupId= sg-none"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_primary_that_aurora_refuses(
    runner: Callable[..., Runner], properties: dict[str, Any], told: str
) -> None:
    home = runner(account="444444444402", region=estate.HOME)
    result = home.create("home", estate.primary(**properties))
    assert result.status == "ROLLBACK_COMPLETE"
    assert told in result.reasons[-1]
    home.delete("home")


def test_a_burstable_instance_is_refused_of_a_global_database(
    runner: Callable[..., Runner],
) -> None:
    home = runner(account="444444444402", region=estate.HOME)
    resources = estate.primary()
    resources["Instance"] = estate.instance(DBInstanceClass="db.t3.medium")
    result = home.create("home", resources)
    assert result.status == "ROLLBACK_COMPLETE"
    assert "db.t3.medium is not supported for Aurora global databases" in result.reasons[-1]
    home.delete("home")


def test_a_cluster_whose_template_asks_for_a_snapshot_stays(
    runner: Callable[..., Runner], client: Callable[..., Any]
) -> None:
    home = runner(account="444444444403", region=estate.HOME)
    resources = estate.primary()
    del resources["Instance"]
    del resources["Cluster"]["DeletionPolicy"]
    assert home.create("home", resources).status == "CREATE_COMPLETE"
    result = home.delete("home")
    assert result.status == "DELETE_FAILED"
    assert any("takes no snapshot of dr-aurora-dev" in reason for reason in result.reasons)
    rds = client("rds", account=home.account, region=estate.HOME)
    assert len(rds.describe_db_clusters()["DBClusters"]) == 1


KILLED = """
from embedded_aws.aurora.postgres import Server
server = Server(master="steward")
server.initialise()
server.start()
print(server.folder, flush=True)
input()
"""


def test_no_server_outlives_a_killed_process() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    folder = process.stdout.readline().strip()
    assert runs(folder)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    process.stdout.close()
    process.stdin.close()
    end = time.monotonic() + 5
    while runs(folder):
        assert time.monotonic() < end, "the server is still there"
        time.sleep(0.02)
    # The next server removes it, and one of another test may be at it already.
    shutil.rmtree(Path(folder).parent, ignore_errors=True)


def runs(folder: str) -> bool:
    listed = subprocess.run(["ps", "axwwo", "args"], capture_output=True, text=True, check=True)
    return f"{folder}/data" in listed.stdout
