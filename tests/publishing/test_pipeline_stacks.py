"""Which stacks the pipeline takes, where, in which order, and what of each is there already."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from dr_catalog.definitions import load_catalog
from dr_catalog.publishing import Accounts, pipeline_stacks
from dr_catalog.publishing.pipeline_stacks import PipelineDeployment, StackStep

ROOT = Path(__file__).parents[2]
TOOLS, DEV, STAGING, PROD = "555555555555", "111111111111", "333333333333", "444444444444"
NAMES = ("StageAccess-dev", "StageAccess-staging", "StageAccess-prod", "PipelineStore", "Pipeline")
TEMPLATES = {name: f'{{"Description": "{name}"}}' for name in NAMES}
GONE = ClientError({"Error": {"Code": "ValidationError", "Message": "x does not exist"}}, "a")


class Estate:
    """Stacks by account and name, as (status, template)."""

    def __init__(self) -> None:
        self.stacks: dict[tuple[str, str], tuple[str, str]] = {}

    def client(self, service: str, *, account: str, region: str) -> Any:
        def found(name: str) -> tuple[str, str]:
            if (account, name) not in self.stacks:
                raise GONE
            return self.stacks[account, name]

        return SimpleNamespace(
            name=f"{service} {account} {region}",
            describe_stacks=lambda StackName: {"Stacks": [{"StackStatus": found(StackName)[0]}]},
            get_template=lambda StackName: {"TemplateBody": found(StackName)[1]},
        )


@pytest.fixture
def estate() -> Estate:
    return Estate()


@pytest.fixture
def deployment(estate: Estate) -> PipelineDeployment:
    return PipelineDeployment(
        pipeline=load_catalog(ROOT).pipeline,
        templates=TEMPLATES,
        accounts=cast(Accounts, estate),
    )


def changes(plan: tuple[StackStep, ...]) -> list[tuple[str, str, str]]:
    return [(step.account, step.stack, step.change) for step in plan]


def test_access_comes_first_and_the_pipeline_last(deployment: PipelineDeployment) -> None:
    assert changes(deployment.plan()) == [
        (DEV, "dr-catalog-access", "create"),
        (STAGING, "dr-catalog-access", "create"),
        (PROD, "dr-catalog-access", "create"),
        (TOOLS, "dr-catalog-pipeline-store", "create"),
        (TOOLS, "dr-catalog-pipeline", "create"),
    ]


def test_a_local_simulation_gets_the_access_alone(
    deployment: PipelineDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert {step.stack for step in deployment.plan()} == {"dr-catalog-access"}


def test_what_is_there_is_left(deployment: PipelineDeployment, estate: Estate) -> None:
    access = "dr-catalog-access"
    estate.stacks = {
        (DEV, access): ("UPDATE_COMPLETE", TEMPLATES["StageAccess-dev"]),
        (STAGING, access): ("CREATE_COMPLETE", "{}"),
        (PROD, access): ("ROLLBACK_COMPLETE", TEMPLATES["StageAccess-prod"]),
        (TOOLS, "dr-catalog-pipeline-store"): (
            "UPDATE_ROLLBACK_FAILED",
            TEMPLATES["PipelineStore"],
        ),
        (TOOLS, "dr-catalog-pipeline"): ("REVIEW_IN_PROGRESS", ""),
    }
    found = [step.change for step in deployment.plan()]
    assert found == ["", "update", "create", "update", "create"]


def test_only_the_pipelines_template_may_go_through_its_bucket(
    deployment: PipelineDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str, str, str]] = []

    def deploy(cloudformation: Any, *, name: str, template: str, store: Any) -> None:
        through = f"{store.s3.name} {store.bucket}" if store else ""
        done.append((cloudformation.name, name, template, through))

    monkeypatch.setattr(pipeline_stacks, "deploy", deploy)
    *_, store, pipeline = deployment.plan()
    for step in (store, pipeline):
        deployment.run(step)
    deployment.run(StackStep(account=DEV, region="a", stack="b", source="c", change=""))
    where = f"cloudformation {TOOLS} us-east-1"
    bucket = f"s3 {TOOLS} us-east-1 dr-catalog-artifacts-{TOOLS}-us-east-1"
    assert done == [
        (where, "dr-catalog-pipeline-store", TEMPLATES["PipelineStore"], ""),
        (where, "dr-catalog-pipeline", TEMPLATES["Pipeline"], bucket),
    ]
