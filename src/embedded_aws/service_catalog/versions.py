"""A product's versions as its resource lists them: which are new, which stay what they are.

A version is known by its template's URL and its name. One that keeps both keeps its id, its guidance
and its activity; a change of either makes another id.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-servicecatalog-cloudformationproduct.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from . import stacks, state
from .errors import InvalidParametersError, LimitExceededError
from .products import ARTIFACTS_MAX
from .state import Artifact, Caller


def made(
    caller: Caller, listed: list[Mapping[str, Any]], *, keep: Iterable[Artifact] = ()
) -> list[Artifact]:
    """The versions of a product, in the order the resource lists them.

    Args:
        caller: The product's owner, who reads the templates.
        listed: ``ProvisioningArtifactParameters``.
        keep: The versions there were.

    Raises:
        InvalidParametersError: There is none, one is listed twice, or ``Info`` names no template.
        LimitExceededError: They are more than 100.
        StackError: A template is missing or CloudFormation does not take it.
    """
    if not listed:
        raise InvalidParametersError("A product must have at least one provisioning artifact")
    if len(listed) > ARTIFACTS_MAX:
        raise LimitExceededError(
            f"You have reached the maximum number of provisioning artifacts ({ARTIFACTS_MAX}) "
            "for a product"
        )
    present = {(artifact["url"], artifact["name"]): artifact for artifact in keep}
    artifacts: dict[tuple[str, str], Artifact] = {}
    for settings in listed:
        key = (_url(settings), settings.get("Name", ""))
        if key in artifacts:
            raise InvalidParametersError(
                f"Provisioning artifact {key[1]} with template {key[0]} is listed twice"
            )
        artifact = present.get(key) or _new(caller, *key, settings)
        artifacts[key] = {**artifact, "description": settings.get("Description", "")}
    return list(artifacts.values())


def _new(caller: Caller, url: str, name: str, settings: Mapping[str, Any]) -> Artifact:
    template = stacks.load_template(
        url,
        account=caller.account,
        region=caller.region,
        validate=str(settings.get("DisableTemplateValidation", False)).lower() != "true",
    )
    return {
        "id": state.new_id("pa"),
        "name": name,
        "description": "",
        "created": state.now(),
        "active": True,
        "guidance": "DEFAULT",
        "url": url,
        "template": template,
    }


def _url(settings: Mapping[str, Any]) -> str:
    info = settings["Info"]
    if isinstance(info, str):
        info = json.loads(info)
    if set(info) != {"LoadTemplateFromURL"}:
        raise InvalidParametersError("Info must name the template as LoadTemplateFromURL")
    return str(info["LoadTemplateFromURL"])
