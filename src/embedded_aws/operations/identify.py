"""The service and the operation of a request, named as boto3 names them.

The emulator decides which service answers (`router.detect_service`); the name is taken from it, so
that what is checked is what will run. Before that the signature's own service is looked at: one that
is not listed is refused without asking, since the router would read every model to recognise it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack import app
from ministack.core.router import detect_service

from ..extension import require
from . import document, rest

_routing_params = require(app, "_routing_params")
_bucket_of_host = require(app, "_extract_s3_vhost_bucket")
_not_buckets = require(app, "_NON_S3_VHOST_NAMES")

# The signature's service, and the emulator's, where boto3 calls it otherwise.
_BOTO3_NAMES = {"monitoring": "cloudwatch", "states": "stepfunctions"}
_REST_XML = ("cloudfront", "route53", "s3", "s3control")
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/([^/]+)")
_S3_CONTROL = "/v20180820/"


@dataclass(frozen=True)
class Request:
    """A request to the gate; header names are in lower case, ``path`` is percent-encoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """What a request asks for.

    Args:
        service: boto3's name of the service, or the signature's where boto3's is not known.
        name: The operation; empty when the request is none that the service's model knows.
        protocol: ``json``, ``rpc-v2-cbor``, ``query``, ``rest-xml`` or ``rest-json``.
    """

    service: str
    name: str
    protocol: str


def boto3_name(service: str) -> str:
    """boto3's name of a service, by the signature's or the emulator's."""
    return _BOTO3_NAMES.get(service, service)


def identify(request: Request) -> Operation:
    """The operation a request asks for."""
    service = _service(request)
    if match := _RPC_PATH.fullmatch(request.path):
        return Operation(service, match[1], "rpc-v2-cbor")
    if target := request.headers.get("x-amz-target"):
        return Operation(service, target.rpartition(".")[2], "json")
    action = _action(request)
    if action and request.path in ("/", ""):
        return Operation(service, action, "query")
    name = rest.operation(
        service,
        method=request.method,
        path=_s3_path(request) if service == "s3" else request.path,
        query=request.query,
        headers=request.headers,
        preferred=document.listed().get(service, ()),
    )
    return Operation(service, name or "", "rest-xml" if service in _REST_XML else "rest-json")


def _service(request: Request) -> str:
    if request.path.startswith(_S3_CONTROL):
        return "s3control"
    match = _SCOPE.search(request.headers.get("authorization", ""))
    if match:
        signed = boto3_name(match[1])
        if signed not in document.listed():
            return signed
    found = detect_service(request.method, request.path, request.headers, _parameters(request))
    return boto3_name(found)


def _action(request: Request) -> str:
    value = _parameters(request).get("Action", "")
    return str(value[0] if isinstance(value, list) else value)


def _parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = _routing_params(
        request.method, request.path, request.headers, request.body, request.query
    )
    return parameters


def _s3_path(request: Request) -> str:
    """The path with the bucket in it, where the host names the bucket."""
    bucket = _bucket_of_host(request.headers.get("host", ""))
    if bucket and bucket not in _not_buckets:
        return f"/{bucket}{request.path}"
    return request.path
