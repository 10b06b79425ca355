"""An API's own name: ``AWS::ApiGateway::DomainName`` and ``BasePathMapping``, and its certificate.

A certificate is issued at once; what would keep it waiting on AWS, a zone that is not there, is
refused.

See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from ministack.core.responses import get_region
from ministack.services import acm, apigateway_v1, route53

from ..extension import require
from .checked import checked
from .context import Properties, known

_certificates = require(acm, "_certificates")
_domains = require(apigateway_v1, "_domain_names")
_mappings = require(apigateway_v1, "_base_path_mappings")
_apis = require(apigateway_v1, "_rest_apis")
_stages = require(apigateway_v1, "_stages_v1")
_zones = require(route53, "_zones")


def _certificate(properties: Properties) -> None:
    if properties.get("ValidationMethod") != "DNS":
        raise ValueError("ValidationMethod must be DNS: no one would answer the e-mail")
    for option in properties.get("DomainValidationOptions", []):
        known(option, ("DomainName", "HostedZoneId"))
        zone = _zones.get(option["HostedZoneId"])
        if zone is None:
            raise ValueError(f"No hosted zone found with ID: {option['HostedZoneId']}")
        if not f".{option['DomainName']}.".endswith(f".{zone['name']}"):
            raise ValueError(
                f"RRSet with DNS name _x.{option['DomainName']}. is not permitted in zone "
                f"{zone['name']}"
            )


def _domain(properties: Properties) -> None:
    if properties["DomainName"] in _domains:
        raise ValueError("The domain name you provided already exists.")
    _endpoint(properties)


def _endpoint(properties: Properties) -> None:
    if properties.get("EndpointConfiguration", {}).get("Types") != ["REGIONAL"]:
        raise ValueError("Only endpoints of type REGIONAL are supported here")
    arn = properties.get("RegionalCertificateArn", "")
    if arn.split(":")[3:4] != [get_region()]:
        raise ValueError(
            f"Invalid certificate ARN: {arn}. Certificate must be in '{get_region()}'."
        )
    certificate = _certificates.get(arn)
    if certificate is None:
        raise ValueError(f"Could not find certificate {arn}")
    names = [certificate["DomainName"], *certificate["SubjectAlternativeNames"]]
    if not any(fnmatchcase(properties["DomainName"], name) for name in names):
        raise ValueError(
            f"The certificate {arn} does not cover the domain name {properties['DomainName']}"
        )


def _mapping(properties: Properties) -> None:
    base = properties.get("BasePath") or "(none)"
    if base in _mappings.get(properties["DomainName"], {}):
        raise ValueError("Base path already exists for this domain name")
    _mapped(properties)


def _mapped(properties: Properties) -> None:
    if properties["DomainName"] not in _domains:
        raise ValueError("Invalid domain name identifier specified")
    if properties.get("RestApiId") not in _apis:
        raise ValueError("Invalid REST API identifier specified")
    if properties.get("Stage") not in _stages.get(properties["RestApiId"], {}):
        raise ValueError("Invalid stage identifier specified")


TYPES = (
    checked(
        "AWS::CertificateManager::Certificate",
        "CertificateTransparencyLoggingPreference",
        "DomainName",
        "DomainValidationOptions",
        "KeyAlgorithm",
        "SubjectAlternativeNames",
        "Tags",
        "ValidationMethod",
        creating=_certificate,
        changing=_certificate,
    ),
    checked(
        "AWS::ApiGateway::DomainName",
        "DomainName",
        "EndpointConfiguration",
        "RegionalCertificateArn",
        "SecurityPolicy",
        "Tags",
        creating=_domain,
        changing=_endpoint,
    ),
    checked(
        "AWS::ApiGateway::BasePathMapping",
        "BasePath",
        "DomainName",
        "RestApiId",
        "Stage",
        creating=_mapping,
        changing=_mapped,
    ),
)
