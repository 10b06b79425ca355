"""What RDS refuses of an Aurora PostgreSQL cluster, instance or global cluster.

Where RDS's own words are known they are used; elsewhere the code is RDS's and the sentence ours.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html
"""

from __future__ import annotations

import re
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, kms, rds

from ..extension import require
from ..regions import state
from . import databases
from .databases import Key, Record

Params = dict[str, Any]

ENGINE = "aurora-postgresql"
LOGS = ("iam-db-auth-error", "instance", "postgresql")
RESERVED = ("admin", "rdsadmin")
MONITORING = (0, 1, 5, 10, 15, 30, 60)
SERVERLESS = "db.serverless"
_PASSWORD = re.compile(r"[!#-.0-?A-~]{8,128}")  # printable, without / @ " and space
_NAME = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*")
_CAPACITY = 256.0
_IN_USE = {
    "DBSubnetGroup": ("InvalidDBSubnetGroupStateFault", "subnet group"),
    "DBClusterParameterGroup": ("InvalidDBParameterGroupState", "DB cluster parameter group"),
}

_value = require(rds, "_p")
_values = require(rds, "_parse_member_list")
_clusters = require(rds, "_clusters")
_instances = require(rds, "_instances")
_subnet_groups = require(rds, "_subnet_groups")
_parameter_groups = require(rds, "_db_cluster_param_groups")
_engine_version = require(rds, "_default_engine_version")
_security_groups = require(ec2, "_security_groups")
_key = require(kms, "_resolve_key")


class RefusedError(Exception):
    """RDS refuses the request."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def cluster(params: Params) -> Params:
    """Check CreateDBCluster.

    Returns:
        Parameters in the form in which RDS keeps them.
    """
    _identifier(params, "DBClusterIdentifier")
    if _value(params, "Engine") != ENGINE:
        raise RefusedError(
            "InvalidParameterValue",
            f"The embedded AWS has servers for {ENGINE} alone, not for {_value(params, 'Engine')}",
        )
    name = _value(params, "GlobalClusterIdentifier")
    found = databases.global_cluster(get_account_id(), name) if name else None
    leader = databases.writer(found) if found else None
    if found is not None:
        _member(params, found, leader)
    if leader is None:
        _master(params)
    version = (found or {}).get("EngineVersion") or _value(params, "EngineVersion")
    _family(params, version or _engine_version(ENGINE))
    _network(params)
    _logs(_values(params, "EnableCloudwatchLogsExports"))
    _capacity(params)
    return _kept(params)


def _member(params: Params, found: Record, leader: Key | None) -> None:
    name = found["GlobalClusterIdentifier"]
    if _value(params, "ManageMasterUserPassword") == "true":
        raise RefusedError(
            "InvalidParameterCombination",
            "You can't manage the master user password with Secrets Manager in an Aurora global "
            "database.",
        )
    if _value(params, "StorageEncrypted") != str(found["StorageEncrypted"]).lower() and (
        leader is None or _value(params, "StorageEncrypted")
    ):
        raise RefusedError(
            "InvalidParameterValue",
            f"Value for storageEncrypted should match setting for global cluster {name}",
        )
    if leader is None:
        return
    for parameter, words in (
        ("MasterUsername", "user name"),
        ("MasterUserPassword", "password"),
        ("DatabaseName", "database name"),
    ):
        if _value(params, parameter):
            raise RefusedError(
                "InvalidParameterCombination",
                f"Cannot specify {words} for cross region replication cluster",
            )
    if found["StorageEncrypted"] and not _value(params, "KmsKeyId"):
        raise RefusedError(
            "InvalidParameterCombination",
            f"The source cluster {leader.name} is encrypted: a KmsKeyId of {get_region()} must be "
            "given",
        )
    if not databases.running(leader):
        raise RefusedError(
            "InvalidDBClusterStateFault",
            f"The primary cluster {leader.name} of {name} has no available instance",
        )


def _master(params: Params) -> None:
    name, password = _value(params, "MasterUsername"), _value(params, "MasterUserPassword")
    if not name:
        raise RefusedError(
            "InvalidParameterValue",
            "The parameter MasterUsername must be provided and must not be blank.",
        )
    if name.lower() in RESERVED:
        raise RefusedError(
            "InvalidParameterValue",
            f"MasterUsername {name} cannot be used as it is a reserved word used by the engine",
        )
    if _value(params, "ManageMasterUserPassword") != "true":
        _password(password)


def _password(password: str) -> None:
    if not _PASSWORD.fullmatch(password):
        raise RefusedError(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password. It has 8 to 128 printable "
            "ASCII characters besides '/', '@', '\"', ' '.",
        )


def _family(params: Params, version: str) -> None:
    name = _value(params, "DBClusterParameterGroupName")
    group = _parameter_groups.get(name)
    family = f"{ENGINE}{version.split('.')[0]}"
    if group is not None and group["DBParameterGroupFamily"] != family:
        raise RefusedError(
            "InvalidParameterCombination",
            f"The Parameter Group {name} with DBParameterGroupFamily "
            f"{group['DBParameterGroupFamily']} can't be used for this instance. Please use a "
            f"Parameter Group with DBParameterGroupFamily {family}",
        )


def _network(params: Params) -> None:
    name = _value(params, "DBSubnetGroupName")
    if name and name not in _subnet_groups:
        raise RefusedError(
            "DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist."
        )
    for group in _values(params, "VpcSecurityGroupIds"):
        if group not in _security_groups:
            raise RefusedError(
                "InvalidParameterValue", f"Invalid security group , groupId= {group}"
            )


def _logs(types: list[str]) -> None:
    wrong = sorted({*types} - {*LOGS})
    if wrong:
        raise RefusedError(
            "InvalidParameterCombination",
            f"You cannot use the log types '{', '.join(wrong)}' with engine version {ENGINE}.",
        )


def _capacity(params: Params) -> None:
    prefix = "ServerlessV2ScalingConfiguration."
    least, most = _value(params, prefix + "MinCapacity"), _value(params, prefix + "MaxCapacity")
    if not (least or most):
        return
    if (
        not (least and most)
        or not 0 <= float(least) <= float(most) <= _CAPACITY
        or float(most) < 1
        or any(float(each) * 2 % 1 for each in (least, most))
    ):
        raise RefusedError(
            "InvalidParameterValue",
            f"Serverless v2 capacity {least or '-'} to {most or '-'} is not valid: 0 to 256 ACU in "
            "steps of 0.5, the maximum at least 1 and not below the minimum",
        )


def _kept(params: Params) -> Params:
    asked = _value(params, "KmsKeyId")
    if not asked:
        return {}
    arn = enabled_key(asked)
    if _value(params, "StorageEncrypted") == "false":
        raise RefusedError("InvalidParameterCombination", "A KmsKeyId asks for StorageEncrypted")
    return {"KmsKeyId": arn, "StorageEncrypted": "true"}


def enabled_key(asked: str) -> str:
    """The ARN of a key that is there and enabled."""
    key = _key(asked)
    if key is None or key["KeyState"] != "Enabled":
        raise RefusedError(
            "KMSKeyNotAccessibleFault",
            f"The specified KMS key [{asked}] does not exist, is not enabled or you do not have "
            "permissions to access it.",
        )
    return str(key["Arn"])


def modification(params: Params) -> None:
    """Check ModifyDBCluster."""
    prefix = "CloudwatchLogsExportConfiguration"
    _logs(_values(params, f"{prefix}.EnableLogTypes"))
    _capacity(params)
    record = _clusters.get(_value(params, "DBClusterIdentifier"))
    if record is None:
        return
    if _value(params, "MasterUserPassword"):
        _password(_value(params, "MasterUserPassword"))
        if databases.source(Key.of(record["DBClusterArn"])) is not None:
            raise RefusedError(
                "InvalidDBClusterStateFault", "The master password of a secondary is its primary's"
            )
    _family(params, record["EngineVersion"])
    _network(params)


def deletion(params: Params) -> None:
    """Check DeleteDBCluster."""
    if _value(params, "SkipFinalSnapshot") != "true":
        raise RefusedError(
            "InvalidParameterCombination",
            "The embedded AWS takes no final snapshot: SkipFinalSnapshot must be true",
        )


def unused(group: str, *, as_: str) -> None:
    """Check the deletion of a group that a cluster may use.

    Args:
        group: The group's name.
        as_: ``DBSubnetGroup`` or ``DBClusterParameterGroup``.
    """
    code, kind = _IN_USE[as_]
    for record in _clusters.values():
        if record[as_] == group:
            raise RefusedError(
                code,
                f"Cannot delete the {kind} '{group}' because at least one database cluster: "
                f"{record['DBClusterIdentifier']} is still using it.",
            )


def instance(params: Params) -> None:
    """Check CreateDBInstance."""
    _identifier(params, "DBInstanceIdentifier")
    record = _clusters.get(_value(params, "DBClusterIdentifier"))
    if record is None:
        name = _value(params, "DBClusterIdentifier")
        raise RefusedError("DBClusterNotFoundFault", f"DBCluster {name} not found.")
    if _value(params, "Engine") != record["Engine"]:
        raise RefusedError(
            "InvalidParameterCombination",
            f"The engine name requested for your DB instance ({_value(params, 'Engine')}) doesn't "
            f"match the engine name of your DB cluster ({record['Engine']}).",
        )
    _size(_value(params, "DBInstanceClass"), record)
    _settings(params)


def instance_modification(params: Params) -> None:
    """Check ModifyDBInstance."""
    found = _instances.get(_value(params, "DBInstanceIdentifier"), {})
    record = _clusters.get(found.get("DBClusterIdentifier", ""))
    if record is not None:
        _size(_value(params, "DBInstanceClass") or found["DBInstanceClass"], record)
        kept = ("MonitoringInterval", "MonitoringRoleArn", "PromotionTier")
        _settings({each: _value(params, each) or str(found[each]) for each in kept})


def _size(size: str, record: Record) -> None:
    if not size.startswith("db."):
        raise RefusedError("InvalidParameterValue", f"Invalid DB Instance class: {size}")
    if size.startswith("db.t") and record.get("GlobalClusterIdentifier"):
        raise RefusedError(
            "InvalidParameterCombination", f"{size} is not supported for Aurora global databases"
        )
    if size == SERVERLESS and not record.get("ServerlessV2ScalingConfiguration"):
        raise RefusedError(
            "InvalidDBClusterStateFault",
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating "
            "a Serverless v2 DB instance.",
        )


def _settings(params: Params) -> None:
    if int(_value(params, "PromotionTier") or 1) not in range(16):
        raise RefusedError("InvalidParameterValue", "PromotionTier is 0 to 15")
    interval = int(_value(params, "MonitoringInterval") or 0)
    if interval not in MONITORING or (interval > 0) != bool(_value(params, "MonitoringRoleArn")):
        raise RefusedError(
            "InvalidParameterCombination",
            f"A MonitoringInterval of {', '.join(str(each) for each in MONITORING)} seconds, and a "
            "MonitoringRoleArn when it is not 0",
        )


def switch(action: str, record: Record, *, key: Key, leader: Key, lossless: bool) -> None:
    """Check SwitchoverGlobalCluster or FailoverGlobalCluster.

    See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
    """
    place = leader.region if lossless else key.region
    if get_region() != place:
        raise RefusedError(
            "InvalidGlobalClusterStateFault", f"Call {action} in {place}, not in {get_region()}"
        )
    if record.get("FailoverState"):
        raise RefusedError(
            "InvalidGlobalClusterStateFault",
            f"Global cluster {record['GlobalClusterIdentifier']} is {record['Status']}",
        )
    if not databases.available(key):
        raise RefusedError(
            "InvalidDBClusterStateFault", f"{key.name} in {key.region} has no available instance"
        )
    if lossless and (not databases.running(leader) or state.held(leader.region, key.region)):
        raise RefusedError(
            "InvalidGlobalClusterStateFault",
            f"{leader.name} in {leader.region} is not available: no switchover without data loss",
        )


def _identifier(params: Params, name: str) -> None:
    value = _value(params, name)
    if not _NAME.fullmatch(value) or len(value) > 63:
        raise RefusedError(
            "InvalidParameterValue",
            f"The parameter {name} is not a valid identifier. Identifiers must begin with a letter; "
            "must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen "
            "or contain two consecutive hyphens.",
        )
