"""Which server stands behind which cluster, and which endpoint leads where.

A cluster has one server, whatever the number of its instances; it runs while there is an instance, and
that of a secondary always: a headless one's storage follows as well, and nothing leads to it. What is known of clusters and global clusters is read from RDS's own records, at the moment it is
asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from ministack.services import rds

from ..extension import require
from ..regions import state
from . import folder, snapshots
from .forwarder import Forwarder, Target
from .postgres import IAM_ROLE, PostgresError, Server
from .tokens import Door

_clusters = require(rds, "_clusters")
_global_clusters = require(rds, "_global_clusters")
_parameter_groups = require(rds, "_db_cluster_param_groups")

CONNECTED, PENDING = "connected", "pending-resync"
AVAILABLE, PROMOTED, REBUILT = "available", "promoting", "modifying"
"""A cluster's status: as ever, while it becomes the writer, and until it follows a new one."""
FORCED_SINCE = 17  # the first Aurora PostgreSQL whose rds.force_ssl is 1 unless it is set
PORT = 5432
_SUPERUSER = "rds_superuser"

Record = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """A cluster."""

    account: str
    region: str
    name: str

    @staticmethod
    def of(arn: str) -> Key:
        """The cluster of an ARN."""
        _, _, _, region, account, _, name = arn.split(":")
        return Key(account, region, name)

    @property
    def record(self) -> Record | None:
        """What RDS knows of it."""
        found: Record | None = _clusters.get_scoped(self.account, self.region, self.name)
        return found


@dataclass(frozen=True)
class _Endpoint:
    """An address, and what it leads to.

    Args:
        owner: A cluster, or a global cluster as its account and name.
        writes: It leads nowhere while the cluster is a secondary.
    """

    owner: Key | tuple[str, str]
    writes: bool = False

    @property
    def cluster(self) -> Key | None:
        """The cluster it leads to now."""
        if isinstance(self.owner, tuple):
            found = global_cluster(*self.owner)
            return writer(found) if found else None
        record = self.owner.record
        if record is None or (self.writes and source(self.owner) is not None):
            return None
        return self.owner


lock = threading.RLock()
servers: dict[Key, Server] = {}
"""Of each secondary, and of each cluster that has, or had, an instance."""
demoted: set[Key] = set()
"""Clusters that a failover left behind: their data are kept as a snapshot before they follow."""
_unaware: set[Key] = set()
"""Those of them that could not be told, and go on taking writes."""
_endpoints: dict[str, _Endpoint] = {}


def _target(address: str) -> Target | None:
    endpoint = _endpoints.get(address)
    key = endpoint.cluster if endpoint else None
    record = key.record if key else None
    server = servers.get(key) if key else None
    if key is None or record is None or server is None or not available(key):
        return None
    door = Door(
        account=key.account,
        region=key.region,
        hosts=tuple(host for host, each in [*_endpoints.items()] if each.cluster == key),
        port=record["Port"],
        resource_id=record["DbClusterResourceId"],
    )
    return Target(
        socket=server.socket,
        door=door if record["IAMDatabaseAuthenticationEnabled"] else None,
        force_tls=_forces_tls(key, record),
    )


_forwarder = Forwarder(_target)


def open_endpoint(
    owner: Key | tuple[str, str], *, port: int, writes: bool = False
) -> tuple[str, int]:
    """A new endpoint of a cluster, or of a global cluster given as its account and name."""
    address, actual = _forwarder.open(port)
    _endpoints[address] = _Endpoint(owner, writes)
    return address, actual


def close_endpoint(address: str) -> None:
    """Close an endpoint."""
    _forwarder.close(address)
    _endpoints.pop(address, None)


def global_cluster(account: str, name: str) -> Record | None:
    """What RDS knows of a global cluster."""
    found: Record | None = _global_clusters.get_scoped(account, "", name)
    return found


def global_clusters() -> list[Record]:
    """Those of all accounts."""
    return list(_global_clusters._data.values())


def writer(record: Record) -> Key | None:
    """The cluster of a global cluster that takes writes."""
    for member in record.get("GlobalClusterMembers", ()):
        if member["IsWriter"]:
            return Key.of(member["DBClusterArn"])
    return None


def source(key: Key) -> Key | None:
    """The cluster that this one, a secondary, follows; None of any other, or of one that was not told."""
    if key in _unaware:
        return None
    record = key.record or {}
    found = global_cluster(key.account, record.get("GlobalClusterIdentifier") or "")
    leader = writer(found) if found else None
    return None if leader == key else leader


def running(key: Key) -> bool:
    """Whether the cluster has a server that runs."""
    server = servers.get(key)
    return server is not None and server.running


def available(key: Key) -> bool:
    """Whether the cluster has an instance, too, that answers."""
    record = key.record
    return running(key) and record is not None and bool(record["DBClusterMembers"])


def start(key: Key) -> None:
    """Run the cluster's server, made if need be; nothing, if it runs.

    Raises:
        PostgresError: It can't be made or started.
    """
    with lock:
        record = key.record
        if record is None or running(key):
            return
        leader = source(key)
        if leader is None:
            _start_writer(key, record)
        else:
            _follow(key, record, leader)


def start_again(key: Key) -> None:
    """Run a server that stopped with its region, unless it is to be rebuilt."""
    leader = source(key)
    if key in servers and key not in demoted and (leader is None or leader in servers):
        servers[key].start(source=servers[leader] if leader else None)


def _start_writer(key: Key, record: Record) -> None:
    server = servers.get(key)
    if server is not None:
        server.start()
        return
    server = Server(master=record["MasterUsername"])
    try:
        server.initialise()
        server.start()
        _furnish(server, record)
    except Exception:
        server.remove()
        raise
    servers[key] = server


def restored(key: Key, record: Record, snapshot: str) -> None:
    """Give a new cluster the data of a snapshot, for its first instance.

    Args:
        snapshot: Its ARN.
    """
    with lock:
        servers[key] = Server(master=record["MasterUsername"])
        servers[key].take_data(snapshots.place(snapshot))


def _follow(key: Key, record: Record, leader: Key) -> None:
    """Make the cluster's server anew as a standby of another."""
    if not running(leader):
        raise PostgresError(f"{leader.name} in {leader.region} has no instance to copy from")
    if key in demoted:
        servers[key].stop(signal="QUIT")
        snapshots.keep(key.account, key.region, record, servers[key])
    stop(key, keep=False)
    server = Server(master=record["MasterUsername"])
    try:
        server.copy(servers[leader])
        server.start(source=servers[leader])
    except Exception:
        server.remove()
        raise
    servers[key] = server


def _furnish(server: Server, record: Record) -> None:
    """What a new Aurora cluster has: RDS's roles, the master user, the first database."""
    master = _name(record["MasterUsername"])
    server.query(
        f"CREATE ROLE {IAM_ROLE}",
        f"CREATE ROLE {_SUPERUSER}",
        f"GRANT pg_monitor, pg_signal_backend TO {_SUPERUSER}",
        f"CREATE ROLE {master} LOGIN CREATEDB CREATEROLE "
        f"PASSWORD {_text(record['_MasterUserPassword'])}",
        f"GRANT {_SUPERUSER} TO {master}",
        f"GRANT {IAM_ROLE} TO {master} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        f"ALTER DATABASE postgres OWNER TO {master}",
    )
    if record.get("DatabaseName"):
        server.query(f"CREATE DATABASE {_name(record['DatabaseName'])} OWNER {master}")


def change_password(key: Key, password: str) -> None:
    """Give the master user another password, where there is a server."""
    record = key.record
    if record is not None and running(key):
        servers[key].query(
            f"ALTER ROLE {_name(record['MasterUsername'])} PASSWORD {_text(password)}"
        )


def stop(key: Key, *, keep: bool) -> None:
    """Stop the cluster's server, if it has one.

    Args:
        keep: Its data stays, for the next start.
    """
    with lock:
        server = servers.get(key)
        if server is not None and keep:
            server.stop()
        elif server is not None:
            server.remove()
            del servers[key]
            demoted.discard(key)
            _unaware.discard(key)


def hang_up(key: Key) -> None:
    """End the connections of clients, as an instance that goes ends them; the server follows on."""
    with lock:
        if running(key):
            servers[key].query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )


def detach(key: Key) -> None:
    """Let a secondary become a cluster of its own, with what it has."""
    with lock:
        if running(key):
            servers[key].promote()
            if not available(key):
                stop(key, keep=True)


def switch(record: Record, target: Key, *, lossless: bool) -> None:
    """Make a secondary the writer of its global cluster; no other member follows it yet.

    Args:
        record: The global cluster; its members still have their old roles.
        target: A secondary that runs.
        lossless: The secondary first gets all that was written.

    Raises:
        PostgresError: The secondary does not get there.
    """
    with lock:
        leader = writer(record)
        if leader is not None and running(leader) and lossless:
            servers[target].follows_in_full(servers[leader])
            stop(leader, keep=True)  # its last words are sent before it ends
        elif leader is not None and running(leader):
            if state.held(leader.region, target.region):
                _unaware.add(leader)
            else:
                servers[leader].stop(signal="QUIT")
        servers[target].promote()
        if leader is not None and leader in servers and not lossless:
            demoted.add(leader)
    for member in record["GlobalClusterMembers"]:
        key = Key.of(member["DBClusterArn"])
        member["IsWriter"] = key == target
        member["SynchronizationStatus"] = CONNECTED if member["IsWriter"] else PENDING
        if key.record is not None and not member["IsWriter"]:
            key.record["Status"] = REBUILT


def go_on(record: Record) -> None:
    """Let the writer that there is go on, after a promotion that failed."""
    with lock:
        leader = writer(record)
        if leader in servers and not running(leader) and not state.gone(leader.region):
            servers[leader].start()


def follow_again(record: Record) -> None:
    """Copy the writer to every member that waits for it and can be reached."""
    leader = writer(record)
    for member in record["GlobalClusterMembers"]:
        key = Key.of(member["DBClusterArn"])
        if (
            leader is None
            or member.get("SynchronizationStatus") != PENDING
            or state.held(leader.region, key.region)
        ):
            continue
        with lock:
            if key.record is not None:
                _follow(key, key.record, leader)
            member["SynchronizationStatus"] = CONNECTED
            if key.record is not None:
                key.record["Status"] = AVAILABLE


def close_all() -> None:
    """Stop and forget everything."""
    with lock:
        for address in [*_endpoints]:
            close_endpoint(address)
        for server in servers.values():
            server.remove()
        servers.clear()
        demoted.clear()
        _unaware.clear()
        snapshots.forget()


def end() -> None:
    """Leave nothing behind, at the end of the process; who holds the lock may wait for what never comes."""
    for server in [*servers.values()]:
        server.stop(signal="QUIT")
    folder.remove()


def _forces_tls(key: Key, record: Record) -> bool:
    group = _parameter_groups.get_scoped(
        key.account, key.region, record["DBClusterParameterGroup"], {}
    )
    value = group.get("Parameters", {}).get("rds.force_ssl", {}).get("ParameterValue")
    if value is None:
        return int(record["EngineVersion"].split(".")[0]) >= FORCED_SINCE
    return bool(value == "1")


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
