"""How far secondaries are behind, as CloudWatch has it: in the secondary's region, when it is asked.

On AWS a datapoint comes each minute; here one is measured whenever somebody reads metric data of
``AWS/RDS``. It says how old the last commit is that the secondary has replayed while there are more to
replay, and how long the regions have been apart while they are; nothing where no instance follows: AWS
does not document that a headless secondary publishes them.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

from __future__ import annotations

import functools
import json
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch

from ..extension import Response, require
from ..regions import state
from . import databases
from .databases import Key

METRICS = ("AuroraGlobalDBReplicationLag", "AuroraGlobalDBRPOLag")
_NAMESPACE = "AWS/RDS"
_LAG = """
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 END
FROM pg_stat_wal_receiver WHERE status = 'streaming'
"""

_READS = ("_get_metric_data", "_get_metric_statistics")
_points = require(cloudwatch, "_metric_bucket")
_dimensions_key = require(cloudwatch, "_dims_key")
_AGE = 1.0
"""Seconds that a datapoint is old, so that it lies before the end of what is asked."""


def install() -> None:
    """Once, before the server starts."""
    for name in _READS:
        setattr(cloudwatch, name, functools.partial(_measured, require(cloudwatch, name)))


def _measured(read: Any, params: Any, data: Any, *form: bool) -> Response:
    """GetMetricData or GetMetricStatistics."""
    if f'"{_NAMESPACE}"' in json.dumps(data, default=str):
        _measure()
    answer: Response = read(params, data, *form)
    return answer


def _measure() -> None:
    account, region = get_account_id(), get_region()
    for record in databases.global_clusters():
        leader = databases.writer(record)
        for member in record["GlobalClusterMembers"]:
            key = Key.of(member["DBClusterArn"])
            if leader is None or key == leader or (key.account, key.region) != (account, region):
                continue
            lag = _lag(key, leader)
            if lag is not None:
                dimensions = {"DBClusterIdentifier": key.name, "SourceRegion": leader.region}
                point = {
                    "Timestamp": time.time() - _AGE,
                    "Value": lag,
                    "Unit": "Milliseconds",
                    "Dimensions": dimensions,
                }
                for name in METRICS:
                    _points((_NAMESPACE, name, _dimensions_key(dimensions))).append(dict(point))


def _lag(key: Key, leader: Key) -> float | None:
    """Milliseconds; None where it can't be told."""
    if not databases.available(key):
        return None
    if state.held(leader.region, key.region):
        return (time.time() - state.since(leader.region, key.region)) * 1000
    rows = databases.servers[key].query(_LAG)
    return float(rows[0][0]) if rows and rows[0][0] is not None else None
