"""RDS's API, held to what Aurora does: its checks before an action, its servers after it.

ministack keeps the records of clusters, instances and global clusters. Here its actions are wrapped:
what AWS would refuse is refused with AWS's code, and what AWS would run is run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds

from ..extension import Response, require
from . import checks, databases, metrics, outages, promotions, snapshot_checks, snapshots
from .databases import PORT, Key, Record
from .postgres import PostgresError

Params = dict[str, Any]
Action = Callable[[Params], Response]

_actions = require(rds, "_ACTION_MAP")
_clusters = require(rds, "_clusters")
_instances = require(rds, "_instances")
_global_clusters = require(rds, "_global_clusters")
_value = require(rds, "_p")
_values = require(rds, "_parse_member_list")
_error = require(rds, "_error")
_xml = require(rds, "_xml")
_cluster_xml = require(rds, "_cluster_xml")
_global_cluster_xml = require(rds, "_global_cluster_xml")
_resolve_cluster = require(rds, "_resolve_cluster")
_resolve_switch = require(rds, "_resolve_global_writer_switch")
_switch_answer = require(rds, "_global_cluster_writer_switch_response")
_snapshot_xml = require(rds, "_cluster_snapshot_xml")
_make_cluster = _actions["CreateDBCluster"]
_unregister = require(rds, "_unregister_instance_from_clusters")
_reset = require(rds, "reset")
_UNKNOWN_PASSWORD = "as-the-snapshot-has-it"
require(rds, "_get_docker")
require(rds, "_sync_cluster_endpoints")


def install() -> None:
    """Once, before the server starts."""
    for name, wrapper in _WRAPPERS.items():
        _actions[name] = _refusing(functools.partial(wrapper, _actions[name]))
    for name, action in _ADDED.items():
        _actions[name] = _refusing(action)
    rds._get_docker = lambda: None  # no containers: the servers are ours
    rds._sync_cluster_endpoints = lambda cluster: None
    rds._cluster_xml = _described_cluster
    rds._global_cluster_xml = _described_global_cluster
    rds.reset = _reset_all
    outages.install()
    promotions.install()
    metrics.install()


def _refusing(action: Action) -> Action:
    def run(params: Params) -> Response:
        try:
            answer = action(params)
        except checks.RefusedError as refused:
            answer = _error(refused.code, str(refused), 400)
        except PostgresError as failed:
            answer = _error("InternalFailure", str(failed), 500)
        return answer

    return run


def _create_global_cluster(call: Action, params: Params) -> Response:
    if _value(params, "SourceDBClusterIdentifier"):
        raise checks.RefusedError(
            "InvalidParameterValue", "The embedded AWS makes no global cluster from a cluster"
        )
    answer = call(params)
    if answer[0] < 300:
        name = _value(params, "GlobalClusterIdentifier")
        endpoint, _ = databases.open_endpoint((get_account_id(), name), port=PORT)
        _global_clusters[name]["Endpoint"] = endpoint
        return _told("CreateGlobalCluster", "GlobalCluster", _global_clusters[name])
    return answer


def _delete_global_cluster(call: Action, params: Params) -> Response:
    record = _global_clusters.get(_value(params, "GlobalClusterIdentifier"), {})
    answer = call(params)
    if answer[0] < 300:
        databases.close_endpoint(record["Endpoint"])
    return answer


def _create_cluster(call: Action, params: Params) -> Response:
    params = {**params, **checks.cluster(params)}
    answer = call(params)
    if answer[0] < 300:
        record = _clusters[_value(params, "DBClusterIdentifier")]
        key = Key.of(record["DBClusterArn"])
        port = record["Port"]
        record["Endpoint"], record["Port"] = databases.open_endpoint(key, port=port, writes=True)
        record["ReaderEndpoint"], _ = databases.open_endpoint(key, port=port)
        record["EnabledCloudwatchLogsExports"] = _values(params, "EnableCloudwatchLogsExports")
        if databases.source(key) is not None:
            databases.start(key)
        return _told("CreateDBCluster", "DBCluster", record)
    return answer


def _modify_cluster(call: Action, params: Params) -> Response:
    snapshot_checks.settled(_value(params, "DBClusterIdentifier"))
    checks.modification(params)
    record = _clusters.get(_value(params, "DBClusterIdentifier"))
    answer = call(params)
    if answer[0] < 300 and record is not None:
        logs = record["EnabledCloudwatchLogsExports"]
        more, less = (
            _values(params, f"CloudwatchLogsExportConfiguration.{kind}LogTypes")
            for kind in ("Enable", "Disable")
        )
        record["EnabledCloudwatchLogsExports"] = sorted({*logs, *more} - {*less})
        if _value(params, "MasterUserPassword"):
            key = Key.of(record["DBClusterArn"])
            databases.change_password(key, _value(params, "MasterUserPassword"))
    return answer


def _delete_cluster(call: Action, params: Params) -> Response:
    snapshot_checks.settled(_value(params, "DBClusterIdentifier"))
    checks.deletion(params)
    record = _resolve_cluster(_value(params, "DBClusterIdentifier")) or {}
    answer = call(params)
    if answer[0] < 300:
        key = Key.of(record["DBClusterArn"])
        for name in ("Endpoint", "ReaderEndpoint"):
            databases.close_endpoint(record[name])
        databases.stop(key, keep=False)
        snapshots.drop_automated(key.account, key.region, key.name)
    return answer


def _create_instance(call: Action, params: Params) -> Response:
    snapshot_checks.settled(_value(params, "DBClusterIdentifier"))
    checks.instance(params)
    answer = call(params)
    if answer[0] >= 300:
        return answer
    name = _value(params, "DBInstanceIdentifier")
    cluster = _clusters[_value(params, "DBClusterIdentifier")]
    cluster["_shared_endpoint"] = None  # which would be of ministack's own container
    key = Key.of(cluster["DBClusterArn"])
    try:
        databases.start(key)
    except PostgresError:
        del _instances[name]
        _unregister(name)
        raise
    address, port = databases.open_endpoint(key, port=cluster["Port"])
    _instances[name]["Endpoint"] |= {"Address": address, "Port": port}
    _instances[name] |= {
        "StorageEncrypted": cluster["StorageEncrypted"],
        "KmsKeyId": cluster["KmsKeyId"],
    }
    _name_writers(key)
    return answer


def _modify_instance(call: Action, params: Params) -> Response:
    snapshot_checks.settled_instance(_value(params, "DBInstanceIdentifier"))
    checks.instance_modification(params)
    answer = call(params)
    tier = _value(params, "PromotionTier")
    if answer[0] < 300 and tier:
        name = _value(params, "DBInstanceIdentifier")
        _instances[name]["PromotionTier"] = int(tier)
        for member in _clusters[_instances[name]["DBClusterIdentifier"]]["DBClusterMembers"]:
            if member["DBInstanceIdentifier"] == name:
                member["PromotionTier"] = int(tier)
    return answer


def _delete_instance(call: Action, params: Params) -> Response:
    snapshot_checks.settled_instance(_value(params, "DBInstanceIdentifier"))
    record = _instances.get(_value(params, "DBInstanceIdentifier"), {})
    answer = call(params)
    if answer[0] < 300:
        databases.close_endpoint(record["Endpoint"]["Address"])
        cluster = _clusters.get(record["DBClusterIdentifier"])
        if cluster is not None and not cluster["DBClusterMembers"]:
            key = Key.of(cluster["DBClusterArn"])
            if databases.source(key) is None:
                databases.stop(key, keep=True)
            else:
                databases.hang_up(key)
    return answer


def _remove_from_global_cluster(call: Action, params: Params) -> Response:
    snapshot_checks.settled(_value(params, "DbClusterIdentifier"))
    cluster = _resolve_cluster(_value(params, "DbClusterIdentifier"))
    key = Key.of(cluster["DBClusterArn"]) if cluster else None
    followed = key is not None and databases.source(key) is not None
    answer = call(params)
    if answer[0] < 300 and key is not None and followed:
        databases.detach(key)
        _name_writers(key)
    return answer


def _switchover(call: Action, params: Params) -> Response:
    return _switch("SwitchoverGlobalCluster", params, lossless=True)


def _failover(call: Action, params: Params) -> Response:
    lossless = _value(params, "AllowDataLoss") != "true"
    return _switch("FailoverGlobalCluster", params, lossless=lossless)


def _switch(action: str, params: Params, *, lossless: bool) -> Response:
    resolved, error = _resolve_switch(params)
    if error:
        refused: Response = error
        return refused
    record, target, member, before = resolved
    key, leader = Key.of(target["DBClusterArn"]), Key.of(before["DBClusterArn"])
    with databases.lock:
        checks.switch(action, record, key=key, leader=leader, lossless=lossless)
        told = _switch_answer(record, before, member, allow_data_loss=not lossless)
        promotions.begin(
            record, target=key, state=dict(told["FailoverState"]), named=_name_all_writers
        )
    return _told(action, "GlobalCluster", told)


def _name_all_writers(record: Record) -> None:
    for member in record["GlobalClusterMembers"]:
        _name_writers(Key.of(member["DBClusterArn"]))


def _copy_snapshot(params: Params) -> Response:
    source, name, key = snapshot_checks.copy(params)
    copied = snapshots.copy(
        source, name=name, account=get_account_id(), region=get_region(), key=key
    )
    return _snapshot_told("CopyDBClusterSnapshot", copied)


def _delete_snapshot(call: Action, params: Params) -> Response:
    found = snapshot_checks.deletion(_value(params, "DBClusterSnapshotIdentifier"))
    answer = call(params)
    if answer[0] < 300:
        snapshots.drop(found["DBClusterSnapshotArn"])
    return answer


def _restore(params: Params) -> Response:
    """A new cluster with a snapshot's data; its first instance starts its server."""
    found = snapshot_checks.restoration(params)
    wanted = {
        **{name: value for name, value in params.items() if name != "SnapshotIdentifier"},
        "EngineVersion": found["EngineVersion"],
        "MasterUsername": found["MasterUsername"],
        "MasterUserPassword": found["_MasterUserPassword"] or _UNKNOWN_PASSWORD,
        "StorageEncrypted": str(found["StorageEncrypted"]).lower(),
    }
    if found["StorageEncrypted"]:
        wanted["KmsKeyId"] = _value(params, "KmsKeyId") or found["KmsKeyId"]
    answer = _create_cluster(_make_cluster, wanted)
    if answer[0] >= 300:
        return answer
    record = _clusters[_value(params, "DBClusterIdentifier")]
    databases.restored(Key.of(record["DBClusterArn"]), record, found["DBClusterSnapshotArn"])
    return _told("RestoreDBClusterFromSnapshot", "DBCluster", record)


def _snapshot_told(action: str, record: Record) -> Response:
    content = f"<DBClusterSnapshot>{_snapshot_xml(record)}</DBClusterSnapshot>"
    answer: Response = _xml(200, f"{action}Response", f"<{action}Result>{content}</{action}Result>")
    return answer


def _delete_subnet_group(call: Action, params: Params) -> Response:
    checks.unused(_value(params, "DBSubnetGroupName"), as_="DBSubnetGroup")
    return call(params)


def _delete_parameter_group(call: Action, params: Params) -> Response:
    checks.unused(_value(params, "DBClusterParameterGroupName"), as_="DBClusterParameterGroup")
    return call(params)


def _told(action: str, kind: str, record: Record) -> Response:
    """The answer to an action: a cluster or a global cluster as it is now."""
    described = _described_cluster if kind == "DBCluster" else _described_global_cluster
    content = f"<{action}Result><{kind}>{described(record)}</{kind}></{action}Result>"
    answer: Response = _xml(200, f"{action}Response", content)
    return answer


def _name_writers(key: Key) -> None:
    """The first instance of a cluster writes, unless the cluster is a secondary."""
    record = key.record
    if record is not None:
        secondary = databases.source(key) is not None
        for number, member in enumerate(record["DBClusterMembers"]):
            member["IsClusterWriter"] = number == 0 and not secondary


def _described_cluster(record: Record) -> str:
    logs = "".join(
        f"<member>{each}</member>" for each in record.get("EnabledCloudwatchLogsExports", ())
    )
    return (
        f"{_cluster_xml(record)}<EnabledCloudwatchLogsExports>{logs}</EnabledCloudwatchLogsExports>"
    )


def _described_global_cluster(record: Record) -> str:
    return f"{_global_cluster_xml(record)}<Endpoint>{record.get('Endpoint', '')}</Endpoint>"


def _reset_all() -> None:
    promotions.forget()
    outages.forget()
    databases.close_all()
    _reset()


_ADDED: dict[str, Action] = {
    "CopyDBClusterSnapshot": _copy_snapshot,
    "RestoreDBClusterFromSnapshot": _restore,
}
_WRAPPERS: dict[str, Callable[[Action, Params], Response]] = {
    "CreateDBCluster": _create_cluster,
    "CreateDBInstance": _create_instance,
    "CreateGlobalCluster": _create_global_cluster,
    "DeleteDBCluster": _delete_cluster,
    "DeleteDBClusterParameterGroup": _delete_parameter_group,
    "DeleteDBClusterSnapshot": _delete_snapshot,
    "DeleteDBInstance": _delete_instance,
    "DeleteDBSubnetGroup": _delete_subnet_group,
    "DeleteGlobalCluster": _delete_global_cluster,
    "FailoverGlobalCluster": _failover,
    "ModifyDBCluster": _modify_cluster,
    "ModifyDBInstance": _modify_instance,
    "RemoveFromGlobalCluster": _remove_from_global_cluster,
    "SwitchoverGlobalCluster": _switchover,
}
