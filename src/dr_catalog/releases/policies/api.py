"""API Gateway and other ways in over HTTPS."""

from __future__ import annotations

from ..template import Template, as_list, dig
from .rule import Violations, rule

_AUTHORISATION = {
    "AWS::ApiGateway::Method": "AuthorizationType",
    "AWS::ApiGatewayV2::Route": "AuthorizationType",
    "AWS::Lambda::Url": "AuthType",
}


@rule(
    "DR050",
    "A method is authorised",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html",
)
def method_authorised(template: Template) -> Violations:
    for resource in template.resources(*_AUTHORISATION):
        if resource.get(_AUTHORISATION[resource.type]) in (None, "NONE"):
            yield resource.id, f"{_AUTHORISATION[resource.type]} is NONE"


@rule(
    "DR051",
    "A stage throttles all its methods",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html",
)
def stage_throttled(template: Template) -> Violations:
    for stage in template.resources("AWS::ApiGateway::Stage"):
        whole = [
            setting
            for setting in as_list(stage.get("MethodSettings"))
            if (dig(setting, "ResourcePath"), dig(setting, "HttpMethod")) == ("/*", "*")
        ]
        for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
            if not any(dig(setting, limit) is not None for setting in whole):
                yield stage.id, f"MethodSettings give no {limit} for every method"


@rule(
    "DR052",
    "A stage is traced",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-xray.html",
)
def stage_traced(template: Template) -> Violations:
    for stage in template.resources("AWS::ApiGateway::Stage"):
        if stage.get("TracingEnabled") is not True:
            yield stage.id, "TracingEnabled is not true"
