"""A region whose control plane is away: calls that manage are answered 503, data go on.

See https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/control-planes-and-data-planes.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core.router import extract_region

from ..extension import require
from ..operations.gate import is_data_plane
from ..operations.identify import Request, identify
from ..operations.refusal import error
from . import state

DATA = {
    "cloudwatch": {"GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData"},
    "dynamodb": {
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactWriteItems",
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "kms": {"Decrypt", "Encrypt", "GenerateDataKey"},
    "lambda": {"Invoke"},
    "logs": {"FilterLogEvents", "GetLogEvents", "PutLogEvents"},
    "s3": {
        "AbortMultipartUpload",
        "DeleteObject",
        "DeleteObjects",
        "GetObject",
        "GetObjectTagging",
        "HeadBucket",
        "HeadObject",
        "ListObjectVersions",
        "ListObjectsV2",
        "PutObject",
        "PutObjectTagging",
    },
    "secretsmanager": {"GetSecretValue"},
    "sns": {"Publish"},
    "sqs": {"DeleteMessage", "ReceiveMessage", "SendMessage"},
    "ssm": {"GetParameter", "GetParameters", "GetParametersByPath"},
    "stepfunctions": {
        "DescribeExecution",
        "GetExecutionHistory",
        "ListExecutions",
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
        "StartExecution",
        "StopExecution",
    },
    "sts": {"AssumeRole", "GetCallerIdentity"},
}
"""The operations that go on; of IAM and Route 53, which are in no region, all do."""
_GLOBAL = ("iam", "route53")


def install() -> None:
    """Once, before the server starts, in front of the gate of ``operations``."""
    gate = require(app, "_handle_special_data_plane_request")
    app._handle_special_data_plane_request = functools.partial(_refusing, gate)


async def _refusing(
    gate: Callable[..., Any],
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    request_id: str,
    *,
    raw_path: str | None = None,
    **rest: Any,
) -> Any:
    region = extract_region(headers, query_params)
    if state.outage(region).mode == state.CONTROL_PLANE and not is_data_plane(
        headers.get("host", ""), path
    ):
        operation = identify(Request(method, raw_path or path, headers, body, query_params))
        if operation.service not in _GLOBAL and operation.name not in DATA.get(
            operation.service, ()
        ):
            told = f"{operation.service}:{operation.name} in {region} is unavailable"
            status, answer_headers, answer = error(
                operation, code="ServiceUnavailable", message=told, status=503
            )
            return status, {**answer_headers, "x-amzn-requestid": request_id}, answer
    return await gate(
        method, path, headers, body, query_params, request_id, raw_path=raw_path, **rest
    )
