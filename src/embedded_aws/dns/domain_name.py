"""``AWS::ApiGateway::DomainName``: a regional custom domain.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-domainname.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known, tags

TYPE = "AWS::ApiGateway::DomainName"
TAGS = "Tags"
CHANGEABLE = {
    "RegionalCertificateArn": "regionalCertificateArn",
    "SecurityPolicy": "securityPolicy",
}
PROPERTIES = ("DomainName", "EndpointConfiguration", "Tags", *CHANGEABLE)


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it."""
    known(properties, PROPERTIES)
    endpoint = properties.get("EndpointConfiguration", {})
    known(endpoint, ("Types",))
    wanted = {
        parameter: properties[name] for name, parameter in CHANGEABLE.items() if name in properties
    }
    answer = here("apigateway").create_domain_name(
        domainName=properties["DomainName"],
        endpointConfiguration={"types": endpoint.get("Types", [])},
        tags=_tags(properties),
        **wanted,
    )
    return _made(answer)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """The certificate and the tags change in place; another name is another domain."""
    known(new, PROPERTIES)
    if new["DomainName"] != physical_id:
        return create(logical_id, new, stack_name)
    if old.get("EndpointConfiguration") != new.get("EndpointConfiguration"):
        raise ValueError("The embedded AWS does not change EndpointConfiguration of a domain")
    api = here("apigateway")
    changes = [
        {"op": "replace", "path": f"/{parameter}", "value": new[name]}
        for name, parameter in CHANGEABLE.items()
        if name in new and old.get(name) != new[name]
    ]
    if changes:
        api.update_domain_name(domainName=physical_id, patchOperations=changes)
    found = api.get_domain_name(domainName=physical_id)
    gone = sorted(set(_tags(old)) - set(_tags(new)))
    if gone:
        api.untag_resource(resourceArn=found["domainNameArn"], tagKeys=gone)
    if _tags(new):
        api.tag_resource(resourceArn=found["domainNameArn"], tags=_tags(new))
    return _made(found)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it."""
    try:
        here("apigateway").delete_domain_name(domainName=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags(properties)}


def _made(found: dict[str, Any]) -> Made:
    return found["domainName"], {
        "DomainNameArn": found["domainNameArn"],
        "RegionalDomainName": found["regionalDomainName"],
        "RegionalHostedZoneId": found["regionalHostedZoneId"],
    }
