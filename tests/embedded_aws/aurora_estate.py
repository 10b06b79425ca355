"""A global database in two regions, as a template has it, and a way into it."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from pg8000.native import Connection

HOME, PEER = "us-east-1", "us-west-2"
DATABASE, MASTER, GLOBAL = "ledger", "steward", "dr-ledger-dev"
VERSION = "17.7"


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
