"""Stacks for the tests: create, update and delete one, wait for it, and say why it failed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PAUSE, _PATIENCE = 0.02, 20.0


@dataclass(frozen=True)
class Runner:
    """Runs stacks in one account and region.

    Args:
        api: A CloudFormation client.
        account: Its account.
        region: Its region.
    """

    api: Any
    account: str
    region: str

    def create(self, name: str, resources: Mapping[str, Any], **options: Any) -> Result:
        """Create a stack of these resources; ``options`` go to CreateStack."""
        self.api.create_stack(**self._arguments(name, resources, options))
        return self.settled(name)

    def update(self, name: str, resources: Mapping[str, Any], **options: Any) -> Result:
        """Update the stack to these resources."""
        self.api.update_stack(**self._arguments(name, resources, options))
        return self.settled(name)

    def delete(self, name: str) -> Result:
        """Delete the stack."""
        stack_id = self.api.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.api.delete_stack(StackName=stack_id)
        return self.settled(stack_id)

    def settled(self, name: str) -> Result:
        """The stack once nothing is in progress."""
        end = time.monotonic() + _PATIENCE
        while True:
            stack = self.api.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
            assert time.monotonic() < end, f"{name} is still {stack['StackStatus']}"
            time.sleep(_PAUSE)
        events = self.api.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
        reasons = [
            event.get("ResourceStatusReason", "")
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        ]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        return Result(stack["StackStatus"], stack["StackId"], outputs, reasons)

    def _arguments(
        self, name: str, resources: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        options = dict(options)
        template = {"Resources": resources, **options.pop("Template", {})}
        return {
            "StackName": name,
            "TemplateBody": json.dumps(template),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            **options,
        }


@dataclass(frozen=True)
class Result:
    """What became of a stack; ``reasons`` are those of its failures, newest first."""

    status: str
    stack_id: str
    outputs: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
