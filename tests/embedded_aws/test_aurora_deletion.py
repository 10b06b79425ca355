"""What is deleted after a database: groups once nobody uses them, a secret once it has no replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from . import aurora_estate as estate
from .stack_runner import Runner

NAME = "dr-aurora-dev"


@pytest.fixture
def made(runner: Callable[..., Runner], account: str) -> str:
    """A cluster without an instance, its groups and its secret, by a stack that may go; the account."""
    resources = estate.primary()
    del resources["Instance"]
    result = runner(account=account, region=estate.HOME).create("home", resources)
    assert result.status == "CREATE_COMPLETE", result.reasons
    return account


def test_groups_in_use_are_not_deleted(client: Callable[..., Any], made: str) -> None:
    rds = client("rds", account=made)
    delete_groups = (
        lambda: rds.delete_db_subnet_group(DBSubnetGroupName=NAME),
        lambda: rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=NAME),
    )
    codes = ("InvalidDBSubnetGroupStateFault", "InvalidDBParameterGroupState")
    for delete, code in zip(delete_groups, codes, strict=True):
        with pytest.raises(ClientError, match=f"{NAME} is still using it") as refused:
            delete()
        assert refused.value.response["Error"]["Code"] == code
    assert [each["DBSubnetGroupName"] for each in rds.describe_db_subnet_groups()["DBSubnetGroups"]]

    arn = rds.describe_db_clusters()["DBClusters"][0]["DBClusterArn"]
    rds.remove_from_global_cluster(GlobalClusterIdentifier=estate.GLOBAL, DbClusterIdentifier=arn)
    rds.delete_db_cluster(DBClusterIdentifier=NAME, SkipFinalSnapshot=True)
    codes = ("DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound")
    for delete, code in zip(delete_groups, codes, strict=True):
        delete()
        with pytest.raises(ClientError) as gone:
            delete()
        assert gone.value.response["Error"]["Code"] == code


def test_a_secret_is_deleted_once_its_replica_is(client: Callable[..., Any], made: str) -> None:
    here, there = (
        client("secretsmanager", account=made, region=region)
        for region in (estate.HOME, estate.PEER)
    )
    remove = {"SecretId": NAME, "RemoveReplicaRegions": [estate.PEER]}
    with pytest.raises(here.exceptions.InvalidRequestException, match="still has replica regions"):
        here.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    with pytest.raises(there.exceptions.InvalidRequestException, match="on a replica"):
        there.remove_regions_from_replication(**remove)
    assert there.get_secret_value(SecretId=NAME)

    assert here.remove_regions_from_replication(**remove)["ReplicationStatus"] == []
    assert here.describe_secret(SecretId=NAME).get("ReplicationStatus", []) == []
    with pytest.raises(there.exceptions.ResourceNotFoundException):
        there.get_secret_value(SecretId=NAME)
    with pytest.raises(here.exceptions.InvalidParameterException, match="no replica in: us-west-2"):
        here.remove_regions_from_replication(**remove)
    here.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    for call in (here.get_secret_value, here.describe_secret):
        with pytest.raises(here.exceptions.ResourceNotFoundException):
            call(SecretId=NAME)


def test_a_stack_takes_its_secret_with_every_replica(
    client: Callable[..., Any], runner: Callable[..., Runner], made: str
) -> None:
    home = runner(account=made, region=estate.HOME)
    assert home.delete("home").status == "DELETE_COMPLETE"
    there = client("secretsmanager", account=made, region=estate.PEER)
    with pytest.raises(there.exceptions.ResourceNotFoundException):
        there.get_secret_value(SecretId=NAME)
