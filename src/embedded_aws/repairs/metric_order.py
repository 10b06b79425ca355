"""GetMetricData gives the newest value first unless asked otherwise; ministack always gives the oldest first.

Mended for the JSON protocol, which boto3 speaks.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import cloudwatch

from ..extension import Response, require

_NAME = "_get_metric_data"


def install() -> None:
    """Once, before the server starts."""
    read = require(cloudwatch, _NAME)

    def ordered(params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Response:
        status, headers, body = read(params, data, is_cbor, is_json)
        if status != 200 or not is_json or data.get("ScanBy") == "TimestampAscending":
            return status, headers, body
        answer = json.loads(body)
        for each in answer["MetricDataResults"]:
            each["Timestamps"].reverse()
            each["Values"].reverse()
        return status, headers, json.dumps(answer).encode()

    setattr(cloudwatch, _NAME, ordered)
