"""Whether a request gets where it goes: which region and service it asks, and how they are.

The region is the signature's; a bucket's, where S3 is asked for one; an API's or a function URL's, where
its address is called. IAM and Route 53 are in no region and go on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack import app
from ministack.services import apigateway_v1, lambda_svc, s3

from .. import clients
from ..extension import require
from ..operations.identify import boto3_name
from . import state

_GLOBAL = ("iam", "route53")
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/")
_IN_QUERY = "X-Amz-Credential"
_UNSIGNED = ("", "")
_PAUSE = 0.05

_api_address = require(app, "_parse_execute_api_url")
_domain_address = require(app, "_resolve_custom_domain_request")
_url_address = require(app, "_parse_lambda_url")
_bucket_of_host = require(app, "_extract_s3_vhost_bucket")
_apis = require(apigateway_v1, "_rest_apis")
_urls = require(lambda_svc, "_function_urls")
_buckets = require(s3, "_buckets")


async def reaches(scope: Mapping[str, Any]) -> bool:
    """Wait as long as a request takes to get there; whether it does."""
    if not state.any_away():
        return True
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    own = clients.is_own(headers)
    while own and state.gone(clients.caller(headers)):
        await asyncio.sleep(_PAUSE)
    service, regions = _asked(scope, headers)
    seconds = _delay(service, regions)
    await asyncio.sleep(0.0 if own or seconds is None else seconds)
    return seconds is not None


def _delay(service: str, regions: set[str]) -> float | None:
    """Seconds to wait before a request is answered; None when nobody will."""
    seconds = 0.0
    for region in regions:
        outage = state.outage(region)
        if outage.mode == state.GONE or service in outage.services:
            return None
        seconds = max(seconds, outage.seconds)
    return seconds


def _asked(scope: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[str, set[str]]:
    """The service, by boto3's name, and the regions that a request needs."""
    host, path = headers.get("host", ""), unquote(scope["path"])
    address = _api_address(host, path) or _domain_address(host, path)
    if address is not None:
        return "apigateway", _regions(_apis, address[0])
    url = _url_address(host, path)
    if url is not None:
        found = _urls.all_items()
        return "lambda", {region for (_, region, _), each in found if url[0] in str(each)}
    region, service = _signed(headers, scope["query_string"].decode("latin-1"))
    if service in _GLOBAL:
        return service, set()
    if service == "s3" or not service:
        bucket = _bucket_of_host(host) or path.lstrip("/").partition("/")[0]
        own = {
            str(each.get("region") or "us-east-1")
            for (_, name), each in list(_buckets._data.items())
            if name == bucket
        }
        return "s3", own | ({region} if region else set())
    return boto3_name(service), {region}


def _regions(store: Any, key: str) -> set[str]:
    return {region for (_, region, each), _ in store.all_items() if each == key}


def _signed(headers: Mapping[str, str], query: str) -> tuple[str, str]:
    """Region and service of the signature, empty without one."""
    match = _SCOPE.search(headers.get("authorization", ""))
    if match:
        return match[1], match[2]
    credential = parse_qs(query).get(_IN_QUERY, [""])[0].split("/")
    return (credential[2], credential[3]) if len(credential) == 5 else _UNSIGNED
