"""``AWS::ApiGateway::BasePathMapping``: which API and stage a custom domain's path leads to.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-basepathmapping.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known
from .domains import ROOT

TYPE = "AWS::ApiGateway::BasePathMapping"
TAGS = ""
CHANGEABLE = {"RestApiId": "restapiId", "Stage": "stage"}
PROPERTIES = ("BasePath", "DomainName", *CHANGEABLE)


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it."""
    known(properties, PROPERTIES)
    stage = {"stage": properties["Stage"]} if properties.get("Stage") else {}
    here("apigateway").create_base_path_mapping(
        domainName=properties["DomainName"],
        basePath=properties.get("BasePath", ""),
        restApiId=properties.get("RestApiId", ""),
        **stage,
    )
    return _made(properties)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """API and stage change in place; another domain or path is another mapping."""
    known(new, PROPERTIES)
    if _made(new)[0] != physical_id:
        return create(logical_id, new, stack_name)
    changes = [
        {"op": "replace", "path": f"/{path}", "value": new.get(name, "")}
        for name, path in CHANGEABLE.items()
        if old.get(name) != new.get(name)
    ]
    if changes:
        here("apigateway").update_base_path_mapping(
            domainName=new["DomainName"],
            basePath=new.get("BasePath") or ROOT,
            patchOperations=changes,
        )
    return _made(new)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it."""
    try:
        here("apigateway").delete_base_path_mapping(
            domainName=properties["DomainName"], basePath=properties.get("BasePath") or ROOT
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise


def _made(properties: Properties) -> Made:
    return f"{properties['DomainName']}|{properties.get('BasePath') or ROOT}", {}
