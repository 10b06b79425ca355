"""``Custom::DrDatabaseSetUp``: what the ledger needs inside the database.

A role that logs in by IAM token and may read and append, the schema ``ledger``, the table of
transactions, and that of a recovery's verifying writes; what an older set-up made, or a snapshot
holds, is upgraded. Every statement may be repeated; a Delete undoes nothing, since the data stay. The
attribute ``WriterEndpoint`` is the global cluster's endpoint, which leads to the writer in any region;
it is ``Host`` for a cluster that is in none.

Properties: ``Host``, ``Port`` and ``Database`` of the writer, ``SecretArn`` (or name) of the master
user's secret (``username``, ``password``), ``User`` (the role to make), ``Schema`` (a number; a higher
one repeats the set-up) and, where there is one, ``GlobalCluster``. The physical id is
``<Host>/<Database>``.

The password is read for the moment and is in no log and no answer.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Any

from connection import Connection, connect, server
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import identifier
from response import Refused, Result, client, serve, text

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between attempts to connect: a new instance may not answer at once."""
IAM_ROLE = "rds_iam"
STATUSES = ("RECEIVED", "PENDING", "COMPLETED", "FAILED")
_TABLE = f"""
CREATE TABLE IF NOT EXISTS ledger.transactions (
    transaction_id text PRIMARY KEY CHECK (length(transaction_id) BETWEEN 1 AND 64),
    amount numeric NOT NULL,
    status text NOT NULL CHECK (status IN ({", ".join(f"'{status}'" for status in STATUSES)})),
    occurred_at timestamptz NOT NULL,
    fingerprint text NOT NULL,
    region text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    epoch integer NOT NULL DEFAULT 1
)
"""
_UPGRADES = (
    # From schema 1; older code, which knows no epoch, writes in the first.
    "ALTER TABLE ledger.transactions ADD COLUMN IF NOT EXISTS epoch integer NOT NULL DEFAULT 1",
    """
    CREATE TABLE IF NOT EXISTS ledger.verifications (
        run text NOT NULL,
        region text NOT NULL,
        epoch integer NOT NULL,
        verified_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (run, region)
    )
    """,
)


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], _: Any) -> Result:
    """Set up on Create and Update; a Delete leaves everything."""
    if event["RequestType"] == "Delete":
        return Result(event["PhysicalResourceId"])
    host, database, user = (text(event, name) for name in ("Host", "Database", "User"))
    try:
        with contextlib.closing(_connection(event, host, database)) as connection:
            for statement in _statements(connection, user):
                connection.run(statement)
    except DatabaseError as error:
        told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        raise Refused(
            f"PostgreSQL refused to set up the database {database} at {host}: SQLSTATE "
            f"{told.get('C', 'unknown')}. Look at the database's log, then repeat."
        ) from None
    return Result(f"{host}/{database}", {"WriterEndpoint": _writer_endpoint(event, host)})


def _writer_endpoint(event: dict[str, Any], host: str) -> str:
    """Of the global cluster; of the cluster itself where it is in none."""
    if "GlobalCluster" not in event["ResourceProperties"]:
        return host
    rds = client("rds", os.environ["AWS_REGION"])
    (found,) = rds.describe_global_clusters(GlobalClusterIdentifier=text(event, "GlobalCluster"))[
        "GlobalClusters"
    ]
    return str(found["Endpoint"])


def _statements(connection: Connection, user: str) -> list[str]:
    role = identifier(user)
    known = connection.run("SELECT 1 FROM pg_roles WHERE rolname = :user", user=user)
    return [
        *([] if known else [f"CREATE ROLE {role} LOGIN"]),
        f"GRANT {IAM_ROLE} TO {role}",
        "CREATE SCHEMA IF NOT EXISTS ledger",
        _TABLE,
        *_UPGRADES,
        f"GRANT USAGE ON SCHEMA ledger TO {role}",
        f"GRANT SELECT, INSERT ON ledger.transactions, ledger.verifications TO {role}",
    ]


def _connection(event: dict[str, Any], host: str, database: str) -> Connection:
    secret = json.loads(
        client("secretsmanager", os.environ["AWS_REGION"]).get_secret_value(
            SecretId=text(event, "SecretArn")
        )["SecretString"]
    )
    for pause in (*PAUSES, None):
        try:
            return connect(
                server(host),
                port=int(text(event, "Port")),
                database=database,
                user=secret["username"],
                password=lambda _: secret["password"],
            )
        except (InterfaceError, OSError):
            if pause is not None:
                time.sleep(pause)
    raise Refused(
        f"The database {database} at {host} does not answer. See whether its instance is available "
        f"and whether the security groups let this function in, then repeat."
    )
