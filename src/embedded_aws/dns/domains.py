"""API Gateway's regional custom domains, held to what the service refuses, and requests to them.

A domain gets a name of API Gateway's own, ``d-....execute-api.<region>.amazonaws.com``, which DNS records
lead to. A request whose ``Host`` is the custom domain reaches the API of the region that DNS answers
with; without a record in any zone, of the only region that has the domain.

See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html
"""

from __future__ import annotations

import functools
import json
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import get_region
from ministack.services import apigateway_v1

from ..extension import Response, require
from . import certificates
from .refusal import RefusedError, refusing

Data = dict[str, Any]
Domain = dict[str, Any]
Scope = tuple[str, str, str]
"""Account, region and name of a custom domain."""

POLICY, ENDPOINT, ROOT = "TLS_1_2", ["REGIONAL"], "(none)"
KNOWN = (
    "domainName",
    "endpointConfiguration",
    "regionalCertificateArn",
    "securityPolicy",
    "tags",
)
ZONES = {
    "af-south-1": "Z2DHW2332DAMTN",
    "ap-east-1": "Z3FD1VL90ND7K5",
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-northeast-3": "Z22ILHG95FLSZ2",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-south-1": "Z3BT4WSQ9TDYZV",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "me-south-1": "Z20ZBPC0SS8806",
    "sa-east-1": "ZCMLWB8V5SYIT",
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
}
"""API Gateway's hosted zones: https://docs.aws.amazon.com/general/latest/gr/apigateway.html."""

_PATCHED = {
    "domain": ("regionalCertificateArn", "securityPolicy"),
    "mapping": ("restapiId", "stage"),
}
_NO_DOMAIN = "Invalid domain name identifier specified"
_NO_MAPPING = "Invalid base path mapping identifier specified"
_ALPHABET = string.ascii_lowercase + string.digits

_domains = require(apigateway_v1, "_domain_names")
_mappings = require(apigateway_v1, "_base_path_mappings")
_apis = require(apigateway_v1, "_rest_apis")
_stages = require(apigateway_v1, "_stages_v1")
_tags = require(apigateway_v1, "_v1_tags")
_error = require(apigateway_v1, "_v1_error")
_response = require(apigateway_v1, "_v1_response")
_page = require(apigateway_v1, "_v1_paginated_response")
_create = require(apigateway_v1, "_create_domain_name")
_create_mapping = require(apigateway_v1, "_create_base_path_mapping")
_delete_mapping = require(apigateway_v1, "_delete_base_path_mapping")
_handle = require(apigateway_v1, "handle_request")
_resolve = require(apigateway_v1, "resolve_base_path_mapping")
for _name in ("_get_domain_name", "_get_domain_names", "_delete_domain_name", "find_domain_scope"):
    require(apigateway_v1, _name)


def install() -> None:
    """Put the operations in place; once, before the server starts."""
    for name, operation in {
        "_create_domain_name": functools.partial(create, _create),
        "_get_domain_name": _get,
        "_get_domain_names": _get_all,
        "_delete_domain_name": _delete,
        "_create_base_path_mapping": functools.partial(map_path, _create_mapping),
        "_delete_base_path_mapping": functools.partial(_unmap_path, _delete_mapping),
    }.items():
        setattr(apigateway_v1, name, refusing(operation, error=_error))
    apigateway_v1.find_domain_scope = find
    apigateway_v1.resolve_base_path_mapping = resolve
    apigateway_v1.handle_request = _handled


def create(call: Callable[[Data], Response], data: Data) -> Response:
    """CreateDomainName."""
    name, region = data.get("domainName", ""), get_region()
    for each, value in data.items():
        if value and each not in KNOWN:
            raise _bad(f"The embedded AWS does not know {each} of a custom domain")
    endpoint = data.get("endpointConfiguration") or {}
    if endpoint.get("types") != ENDPOINT or set(endpoint) != {"types"}:
        raise _bad("The embedded AWS has custom domains of the type REGIONAL alone")
    _check_policy(data.get("securityPolicy", POLICY))
    if region not in ZONES:
        raise _bad(f"The embedded AWS knows no hosted zone of API Gateway in {region}")
    # A region's domain names are one world for all accounts.
    if any((at, each) == (region, name) for (_, at, each), _ in _domains.all_items()):
        raise _bad("The domain name you provided already exists.")
    _check_certificate(data.get("regionalCertificateArn", ""), name)
    answer = call(data)
    if answer[0] >= 300:
        return answer
    label = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    _domains[name] |= {
        "regionalDomainName": f"d-{label}.execute-api.{region}.amazonaws.com",
        "regionalHostedZoneId": ZONES[region],
        "distributionDomainName": "",
        "distributionHostedZoneId": "",
        "domainNameArn": _arn(name),
        "domainNameStatus": "AVAILABLE",
        "tags": {},
    }
    _tags[_arn(name)] = dict(data.get("tags") or {})
    response: Response = _response(_shown(_domains[name]), 201)
    return response


def update(name: str, operations: list[Data]) -> Response:
    """UpdateDomainName."""
    domain = _found(name)
    changes = _changes("domain", operations)
    _check_policy(changes.get("securityPolicy", POLICY))
    if "regionalCertificateArn" in changes:
        _check_certificate(changes["regionalCertificateArn"], name)
    domain |= changes
    response: Response = _response(_shown(domain))
    return response


def map_path(call: Callable[[str, Data], Response], name: str, data: Data) -> Response:
    """CreateBasePathMapping."""
    _found(name)
    path = data.get("basePath") or ROOT
    if path in _mappings.get(name, {}):
        raise RefusedError(
            "ConflictException", "Base path already exists for this domain name", status=409
        )
    _check_api(data.get("restApiId", ""), data.get("stage", ""))
    return call(name, {**data, "basePath": path})


def update_mapping(name: str, path: str, operations: list[Data]) -> Response:
    """UpdateBasePathMapping."""
    _found(name)
    mapping = _mappings.get(name, {}).get(path)
    if mapping is None:
        raise RefusedError("NotFoundException", _NO_MAPPING, status=404)
    changes = _changes("mapping", operations)
    api = changes.get("restapiId", mapping["restApiId"])
    stage = changes.get("stage", mapping["stage"])
    _check_api(api, stage)
    mapping |= {"restApiId": api, "stage": stage}
    response: Response = _response(mapping)
    return response


def resolve(host: str, path: str) -> tuple[str, str, str] | None:
    """The API, stage and path that a request to a custom domain reaches.

    One that leads nowhere reaches an API that is not there, not the service that another host would.
    """
    found: tuple[str, str, str] | None = _resolve(host, path)
    if found is None and any(name == host.lower() for (_, _, name), _ in _domains.all_items()):
        return "unmapped", "none", path
    return found


def find(host: str) -> Scope | None:
    """The custom domain that a request to ``host`` reaches, in whichever account it is."""
    from . import answers

    found = {
        domain["regionalDomainName"]: scope
        for scope, domain in _domains.all_items()
        if scope[2] == host.lower()
    }
    if not found:
        return None
    answer = answers.anywhere(host, "A")
    if answer.code == "NOERROR":
        return next((found[each] for each in answer.data if each in found), None)
    return next(iter(found.values())) if len(found) == 1 else None


def owner(target: str) -> Scope | None:
    """The custom domain whose regional name this is."""
    target = target.rstrip(".")
    return next(
        (scope for scope, each in _domains.all_items() if each["regionalDomainName"] == target),
        None,
    )


def in_zone(target: str, zone_id: str) -> bool:
    """Whether a name may lie in a zone of API Gateway."""
    region = next((region for region, each in ZONES.items() if each == zone_id), None)
    return region is not None and target.endswith(f".execute-api.{region}.amazonaws.com.")


async def _handled(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    """The service, with the changes of domains and mappings that ministack lacks."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if method == "PATCH" and parts[0] == "domainnames":
        operations = json.loads(body or b"{}").get("patchOperations") or []
        if len(parts) == 2:
            return refusing(update, error=_error)(parts[1], operations)
        if len(parts) == 4 and parts[2] == "basepathmappings":
            return refusing(update_mapping, error=_error)(parts[1], parts[3], operations)
    answer: Response = await _handle(method, path, headers, body, query)
    return answer


def _get(name: str) -> Response:
    response: Response = _response(_shown(_found(name)))
    return response


def _get_all(query: Mapping[str, Any]) -> Response:
    response: Response = _page([_shown(each) for each in _domains.values()], query)
    return response


def _delete(name: str) -> Response:
    _found(name)
    for store, key in ((_domains, name), (_mappings, name), (_tags, _arn(name))):
        store.pop(key, None)
    return 202, {}, b""


def _unmap_path(call: Callable[[str, str], Response], name: str, path: str) -> Response:
    _found(name)
    if path not in _mappings.get(name, {}):
        raise RefusedError("NotFoundException", _NO_MAPPING, status=404)
    return call(name, path)


def _found(name: str) -> Domain:
    domain: Domain | None = _domains.get(name)
    if domain is None:
        raise RefusedError("NotFoundException", _NO_DOMAIN, status=404)
    return domain


def _shown(domain: Domain) -> Domain:
    """A domain as the API tells it, without what it does not have."""
    told = {name: value for name, value in domain.items() if value not in ("", {}, None)}
    tags = _tags.get(_arn(domain["domainName"]))
    return {**told, **({"tags": tags} if tags else {})}


def _changes(kind: str, operations: list[Data]) -> dict[str, str]:
    for each in operations:
        if each.get("op") != "replace" or each.get("path", "").lstrip("/") not in _PATCHED[kind]:
            raise _bad(
                f"The embedded AWS changes {' and '.join(_PATCHED[kind])} of a {kind} alone, "
                f"not {each.get('path')}"
            )
    return {each["path"].lstrip("/"): each["value"] for each in operations}


def _check_policy(policy: str) -> None:
    if policy != POLICY:
        raise _bad(f"The embedded AWS has custom domains with {POLICY} alone, not {policy}")


def _check_certificate(arn: str, name: str) -> None:
    region, parts = get_region(), arn.split(":")
    if len(parts) < 6 or parts[3] != region:
        raise _bad(f"Invalid certificate ARN: {arn}. Certificate must be in '{region}'.")
    certificate = certificates.find(arn)
    if certificate is None:
        raise _bad(f"The certificate {arn} does not exist in {region}.")
    if certificate["Status"] != certificates.ISSUED:
        raise _bad(f"The certificate {arn} is {certificate['Status']} and must be ISSUED.")
    if not certificates.covers(certificate, name):
        raise _bad(f"The certificate {arn} does not cover the domain name {name}.")


def _check_api(api: str, stage: str) -> None:
    if api not in _apis:
        raise _bad(f"Invalid REST API identifier specified: {api}")
    if stage and stage not in (_stages.get(api) or {}):
        raise _bad(f"Invalid stage identifier specified: {stage}")


def _arn(name: str) -> str:
    return f"arn:aws:apigateway:{get_region()}::/domainnames/{name}"


def _bad(message: str) -> RefusedError:
    return RefusedError("BadRequestException", message)
