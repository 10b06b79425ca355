"""ACM's certificates, which wait until DNS holds their validation records.

A validation record depends on the account and the name alone, so both regions' certificates for a name
share one. ministack issues at once and lets a certificate in use be deleted.

See https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from ministack.core.responses import get_account_id, get_region, now_iso
from ministack.services import acm, apigateway_v1

from ..extension import Response, require
from .refusal import RefusedError, refusing
from .zones import holding, normalised

Data = dict[str, Any]
Certificate = dict[str, Any]
Call = Callable[[Data], Response]

PENDING, ISSUED = "PENDING_VALIDATION", "ISSUED"
KNOWN = ("DomainName", "Options", "SubjectAlternativeNames", "Tags", "ValidationMethod")

_certificates = require(acm, "_certificates")
_request = require(acm, "_request_certificate")
_list = require(acm, "_list_certificates")
_delete = require(acm, "_delete_certificate")
_local = require(acm, "_get_local_certificate")
_shape = require(acm, "_cert_shape")
_error = require(acm, "error_response_json")
_domains = require(apigateway_v1, "_domain_names")
require(acm, "_validation_options")


def install() -> None:
    """Put the operations in place; once, before the server starts."""
    acm._request_certificate = refusing(functools.partial(request, _request), error=_error)
    acm._delete_certificate = refusing(functools.partial(delete, _delete), error=_error)
    acm._list_certificates = _settled_list
    acm._get_local_certificate = find
    acm._cert_shape = _described
    acm._validation_options = _validation


def request(call: Call, data: Data) -> Response:
    """RequestCertificate."""
    for name in data:
        if name not in KNOWN:
            raise RefusedError(
                "InvalidParameterException",
                f"The embedded AWS does not know {name} of a certificate",
            )
    if data.get("ValidationMethod") != "DNS":
        raise RefusedError(
            "InvalidParameterException",
            "The embedded AWS validates certificates by DNS alone: ValidationMethod must be DNS",
        )
    before = set(_certificates)
    answer = call(data)
    for arn in set(_certificates) - before:
        certificate = _certificates[arn]
        certificate["Status"] = PENDING
        certificate["Options"] = data.get("Options") or {}
    return answer


def delete(call: Call, data: Data) -> Response:
    """DeleteCertificate."""
    arn = data.get("CertificateArn", "")
    if _users(arn):
        raise RefusedError(
            "ResourceInUseException", f"Certificate {arn} in account {get_account_id()} is in use."
        )
    return call(data)


def find(arn: str) -> Certificate | None:
    """A certificate of this account and region as it is now."""
    found: Certificate | None = _local(arn)
    if found is not None:
        _settle(found)
    return found


def covers(certificate: Certificate, name: str) -> bool:
    """Whether one of its names is this one, or a wildcard for it."""
    _, _, parent = name.partition(".")
    return any(each in (name, f"*.{parent}") for each in certificate["SubjectAlternativeNames"])


def _settle(certificate: Certificate) -> None:
    """Issue it once DNS holds every validation record."""
    if certificate["Status"] != PENDING:
        return
    for option in certificate["DomainValidationOptions"]:
        if _is_in_dns(option["ResourceRecord"]):
            option["ValidationStatus"] = "SUCCESS"
    if all(o["ValidationStatus"] == "SUCCESS" for o in certificate["DomainValidationOptions"]):
        certificate["Status"], certificate["IssuedAt"] = ISSUED, now_iso()


def _is_in_dns(record: dict[str, str]) -> bool:
    name = normalised(record["Name"])
    return any(
        (each["Name"], each["Type"]) == (name, "CNAME")
        and [normalised(value) for value in each["ResourceRecords"]] == [record["Value"]]
        for zone in holding(name)
        for each in zone.records()
    )


def _settled_list(data: Data) -> Response:
    for certificate in list(_certificates.values()):
        _settle(certificate)
    answer: Response = _list(data)
    return answer


def _validation(domain: str, method: str) -> dict[str, Any]:
    """The record that proves who holds a name; a wildcard's is its parent's."""
    base = domain.removeprefix("*.")
    digest = sha256(f"{get_account_id()}/{base}".encode()).hexdigest()
    return {
        "DomainName": domain,
        "ValidationMethod": method,
        "ValidationStatus": PENDING,
        "ResourceRecord": {
            "Name": f"_{digest[:32]}.{base}.",
            "Type": "CNAME",
            "Value": f"_{digest[32:]}.embedded.acm-validations.aws.",
        },
    }


def _described(certificate: Certificate) -> Certificate:
    shown: Certificate = _shape(certificate)
    shown["InUseBy"] = [*shown["InUseBy"], *_users(certificate["CertificateArn"])]
    if certificate["Status"] == PENDING:
        for name in ("IssuedAt", "NotBefore", "NotAfter"):
            del shown[name]
    return shown


def _users(arn: str) -> list[str]:
    """The custom domains that have the certificate."""
    return [
        f"arn:aws:apigateway:{get_region()}::/domainnames/{name}"
        for name, domain in _domains.items()
        if domain["regionalCertificateArn"] == arn
    ]
