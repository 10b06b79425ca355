"""A global database in two regions, as a template has it, and a way into it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from pg8000.exceptions import DatabaseError
from pg8000.native import Connection

from .stack_runner import Runner

HOME, PEER = "us-east-1", "us-west-2"
DATABASE, MASTER, GLOBAL = "ledger", "steward", "dr-ledger-dev"
VERSION = "17.7"
ROLE = "transactions"


def network() -> dict[str, Any]:
    """A VPC with what a cluster needs around it."""
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.7.0.0/16"}},
        **{
            f"Subnet{number}": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "VpcId": {"Ref": "Vpc"},
                    "CidrBlock": f"10.7.{number}.0/24",
                    "AvailabilityZone": {"Fn::Select": [number, {"Fn::GetAZs": ""}]},
                },
            }
            for number in (0, 1)
        },
        "Door": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "5432", "VpcId": {"Ref": "Vpc"}},
        },
        "Subnets": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {
                "DBSubnetGroupName": "dr-aurora-dev",
                "DBSubnetGroupDescription": "isolated",
                "SubnetIds": [{"Ref": "Subnet0"}, {"Ref": "Subnet1"}],
            },
        },
        "Parameters": {
            "Type": "AWS::RDS::DBClusterParameterGroup",
            "Properties": {
                "DBClusterParameterGroupName": "dr-aurora-dev",
                "Description": "TLS only",
                "Family": "aurora-postgresql17",
                "Parameters": {"rds.force_ssl": "1"},
            },
        },
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}},
        },
    }


def cluster(**properties: Any) -> dict[str, Any]:
    """A member of the global database, with one instance; None takes a property away."""
    merged = {
        "DBClusterIdentifier": "dr-aurora-dev",
        "Engine": "aurora-postgresql",
        "GlobalClusterIdentifier": GLOBAL,
        "DBSubnetGroupName": {"Ref": "Subnets"},
        "DBClusterParameterGroupName": {"Ref": "Parameters"},
        "VpcSecurityGroupIds": [{"Ref": "Door"}],
        "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "StorageEncrypted": True,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 8},
        "BackupRetentionPeriod": 7,
        **properties,
    }
    return {
        "Cluster": {
            "Type": "AWS::RDS::DBCluster",
            "DeletionPolicy": "Delete",
            "Properties": {name: value for name, value in merged.items() if value is not None},
        },
        "Instance": instance(),
    }


def instance(**properties: Any) -> dict[str, Any]:
    """An instance of the cluster."""
    return {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {
            "DBInstanceIdentifier": "dr-aurora-dev-1",
            "DBClusterIdentifier": {"Ref": "Cluster"},
            "Engine": "aurora-postgresql",
            "DBInstanceClass": "db.serverless",
            "PromotionTier": 0,
            **properties,
        },
    }


def primary(**properties: Any) -> dict[str, Any]:
    """The launch region's half."""
    secret = {"Ref": "Secret"}
    resolved = {
        name: {
            "Fn::Sub": ["{{resolve:secretsmanager:${S}:SecretString:" + field + "}}", {"S": secret}]
        }
        for name, field in (("MasterUsername", "username"), ("MasterUserPassword", "password"))
    }
    return {
        **network(),
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": "dr-aurora-dev",
                "GenerateSecretString": {
                    "SecretStringTemplate": json.dumps({"username": MASTER}),
                    "GenerateStringKey": "password",
                    "ExcludeCharacters": '/@" ',
                    "PasswordLength": 40,
                },
                "ReplicaRegions": [{"Region": PEER}],
            },
        },
        "Global": {
            "Type": "AWS::RDS::GlobalCluster",
            "Properties": {
                "GlobalClusterIdentifier": GLOBAL,
                "Engine": "aurora-postgresql",
                "EngineVersion": VERSION,
                "StorageEncrypted": True,
            },
        },
        **cluster(
            **{
                "GlobalClusterIdentifier": {"Ref": "Global"},
                "DatabaseName": DATABASE,
                **resolved,
                **properties,
            }
        ),
    }


def secondary(**properties: Any) -> dict[str, Any]:
    """The peer region's half."""
    return {**network(), **cluster(**properties)}


OUTPUTS: Mapping[str, Any] = {
    "Outputs": {
        "Writer": {"Value": {"Fn::GetAtt": ["Cluster", "Endpoint.Address"]}},
        "Reader": {"Value": {"Fn::GetAtt": ["Cluster", "ReadEndpoint.Address"]}},
        "Port": {"Value": {"Fn::GetAtt": ["Cluster", "Endpoint.Port"]}},
    }
}
GLOBAL_OUTPUTS: Mapping[str, Any] = {
    "Outputs": {
        **OUTPUTS["Outputs"],
        "Global": {"Value": {"Fn::GetAtt": ["Global", "GlobalEndpoint.Address"]}},
    }
}


@contextlib.contextmanager
def connected(host: str, port: int, *, user: str, password: str, tls: bool = True) -> Iterator[Any]:
    """A connection to the database, as a function makes it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = Connection(
        user,
        host=host,
        port=port,
        database=DATABASE,
        password=password,
        ssl_context=context if tls else False,
        timeout=10,
    )
    try:
        yield connection
    finally:
        connection.close()


def token(host: str, port: int, *, user: str, account: str, region: str = HOME) -> str:
    """What a function shows for a password."""
    rds = boto3.client(
        "rds", region_name=region, aws_access_key_id=account, aws_secret_access_key="test"
    )
    made: str = rds.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
    return made


def until(rds: Any, name: str, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """A global cluster, once ``test`` holds of it."""
    end = time.monotonic() + 20
    while True:
        found: dict[str, Any] = rds.describe_global_clusters(GlobalClusterIdentifier=name)[
            "GlobalClusters"
        ][0]
        if test(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def settled(found: Mapping[str, Any]) -> bool:
    """Whether no promotion is under way in a global cluster, and every member follows."""
    return "FailoverState" not in found and all(
        each["SynchronizationStatus"] == "connected" for each in found["GlobalClusterMembers"]
    )


@dataclass(frozen=True)
class Estate:
    """A global database that is up, in an account of its own."""

    account: str
    home: Runner
    peer: Runner
    outputs: dict[str, dict[str, str]]
    password: str
    rds: Callable[[str], Any]

    @property
    def port(self) -> int:
        return int(self.outputs[HOME]["Port"])

    def run(self, statement: str, *, at: str = "Global", region: str = HOME) -> Any:
        """Run a statement as the master user."""
        host = self.outputs[region][at]
        with connected(host, self.port, user=MASTER, password=self.password) as connection:
            return connection.run(statement)

    def soon(self, statement: str, *, at: str, region: str) -> Any:
        """The first rows a statement finds, within two seconds."""
        end = time.monotonic() + 2
        while True:
            try:
                rows = self.run(statement, at=at, region=region)
            except DatabaseError:  # the table is not there yet
                rows = []
            if rows or time.monotonic() > end:
                return rows
            time.sleep(0.02)

    def cluster(self, region: str) -> dict[str, Any]:
        """What RDS says of the region's cluster."""
        found: dict[str, Any] = self.rds(region).describe_db_clusters(
            DBClusterIdentifier="dr-aurora-dev"
        )["DBClusters"][0]
        return found

    def closed(self, *, at: str, region: str = HOME) -> bool:
        """Whether an endpoint leads nowhere."""
        with socket.create_connection((self.outputs[region][at], self.port), timeout=5) as end:
            return end.recv(1) == b""

    def settled(self) -> dict[str, Any]:
        """The global cluster, once no promotion is under way."""
        return self.until(lambda found: "FailoverState" not in found)

    def until(self, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The global cluster, once ``test`` holds of it."""
        return until(self.rds(PEER), GLOBAL, test)

    def global_cluster(self) -> dict[str, Any]:
        """What RDS says of the global cluster."""
        return self.until(lambda found: True)


def servers() -> list[str]:
    """The PostgreSQL servers of this session's embedded AWS."""
    lines = subprocess.run(["ps", "axwwo", "ppid,pid,args"], capture_output=True, text=True).stdout
    processes = [line.split(maxsplit=2) for line in lines.splitlines()[1:]]
    own = [pid for parent, pid, args in processes if parent == str(os.getpid())]
    return [
        args for _, _, args in processes if any(f"/embedded-aurora-{pid}-" in args for pid in own)
    ]


@contextlib.contextmanager
def launched(client: Callable[..., Any], runner: Callable[..., Runner]) -> Iterator[Estate]:
    """The global database by its two stacks, with a table and a role, for the time of a block."""
    account, before = "444444444401", len(servers())
    home, peer = (runner(account=account, region=each) for each in (HOME, PEER))
    made = home.create("home", primary(), Template=GLOBAL_OUTPUTS)
    assert made.status == "CREATE_COMPLETE", made.reasons
    followed = peer.create("peer", secondary(), Template=OUTPUTS)
    assert followed.status == "CREATE_COMPLETE", followed.reasons
    secret = client("secretsmanager", account=account, region=PEER)  # the replica
    value = json.loads(secret.get_secret_value(SecretId="dr-aurora-dev")["SecretString"])
    database = Estate(
        account,
        home,
        peer,
        {HOME: made.outputs, PEER: followed.outputs},
        value["password"],
        lambda region: client("rds", account=account, region=region),
    )
    database.run("CREATE TABLE payment (id text PRIMARY KEY, cents bigint NOT NULL)")
    database.run(f"CREATE ROLE {ROLE} LOGIN")
    database.run(f"GRANT rds_iam TO {ROLE}")
    database.run(f"GRANT ALL ON payment TO {ROLE}")
    assert len(servers()) == before + 4  # one a region, each with the shell that watches it
    yield database
    assert peer.delete("peer").status == "DELETE_COMPLETE"
    assert home.delete("home").status == "DELETE_COMPLETE"
    assert len(servers()) == before
