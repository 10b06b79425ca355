"""The pipeline's own stacks: access in every stage's account, then what runs in the pipeline's.

    templates, accounts -> plan: each stack is there, differs or is missing -> run, in that order

A stage that the file drops keeps its access stack, `dr-catalog-access`, until someone deletes it there.
The pipeline comes last: its first execution begins as soon as it is there. A local simulation has no
CodePipeline; there the access stacks are all, and ``dr-catalog pipeline run`` does what it would.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import names
from ..definitions import Pipeline
from ..translation import translated
from .accounts import Accounts
from .stack import STABLE, Store, deploy, describe, template_of


@dataclass(frozen=True, kw_only=True)
class StackStep:
    """One stack and what it takes.

    Args:
        stack: The stack's name.
        source: The template's name in the assembly.
        change: ``create``, ``update``, or empty where it is what it is to be.
    """

    account: str
    region: str
    stack: str
    source: str
    change: str


@dataclass(frozen=True, kw_only=True)
class PipelineDeployment:
    """Brings the accounts of a pipeline to what ``pipeline/pipeline.yaml`` says.

    Args:
        pipeline: The definition.
        templates: The app's templates, by name.
        accounts: Where the clients come from; they must get into every account.
    """

    pipeline: Pipeline
    templates: Mapping[str, str]
    accounts: Accounts

    @property
    def local(self) -> bool:
        """Whether AWS_ENDPOINT_URL names a local simulation."""
        return bool(os.environ.get("AWS_ENDPOINT_URL"))

    def plan(self) -> tuple[StackStep, ...]:
        """What each stack takes; nothing is changed.

        Raises:
            SetupError: An account can't be entered.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return tuple(self._step(*place) for place in self._places())

    def run(self, step: StackStep) -> None:
        """Do one step of the plan, and wait for its end.

        Raises:
            PublishError: The stack failed; a rerun resumes.
        """
        if not step.change:
            return
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            deploy(
                self._cloudformation(step.account, step.region),
                name=step.stack,
                template=self.templates[step.source],
                store=self._store() if step.source == "Pipeline" else None,
            )

    def _places(self) -> list[tuple[str, str, str, str]]:
        """Account, region, stack and template, in order."""
        pipeline = self.pipeline
        places = [
            (stage.account, stage.regions[0], names.ACCESS_STACK, f"StageAccess-{stage.name}")
            for stage in pipeline.stages
        ]
        if not self.local:
            for stack, source in (
                (names.PIPELINE_STORE_STACK, "PipelineStore"),
                (names.PIPELINE_STACK, "Pipeline"),
            ):
                places.append(
                    (pipeline.account, pipeline.region, stack.of(suffix=pipeline.name), source)
                )
        return places

    def _step(self, account: str, region: str, stack: str, source: str) -> StackStep:
        return StackStep(
            account=account,
            region=region,
            stack=stack,
            source=source,
            change=_change(self._cloudformation(account, region), stack, self.templates[source]),
        )

    def _cloudformation(self, account: str, region: str) -> Any:
        return self.accounts.client("cloudformation", account=account, region=region)

    def _store(self) -> Store:
        """The bucket that the stack before has made: with many stages, the template is too long."""
        account, region = self.pipeline.account, self.pipeline.region
        return Store(
            s3=self.accounts.client("s3", account=account, region=region),
            bucket=names.ARTIFACT_BUCKET.of(
                suffix=self.pipeline.name, account=account, region=region
            ),
        )


def _change(cloudformation: Any, name: str, template: str) -> str:
    stack = describe(cloudformation, name)
    if stack is None or stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        return "create"
    same = stack["StackStatus"] in STABLE and template_of(cloudformation, name) == json.loads(
        template
    )
    return "" if same else "update"
