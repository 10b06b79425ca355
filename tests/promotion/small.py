"""A pipeline of three stages as its template would declare it, a record in memory, and what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dr_catalog.promotion.record import Record
from dr_catalog.promotion.running import Run, Waiting
from dr_catalog.promotion.template import Action, read

PUBLISH = """
version: 0.2
phases:
  install:
    commands: [exit 9]
  build:
    commands:
      - echo "$STAGE $STEP as $AWS_ACCESS_KEY_ID" >> "$LOG"
      - grep -qs "^$STAGE $STEP$" "$LOG.done" && echo "$STAGE nothing to do" || echo "$STAGE written"
      - echo "$STAGE $STEP" >> "$LOG.done"
"""
VERIFY = """
version: 0.2
phases:
  build:
    commands: [mkdir assembly, cp text assembly/text, echo litter > litter]
artifacts:
  files: ["**/*"]
  exclude-paths: [litter]
"""
CHANGES = """
version: 0.2
env:
  exported-variables: [CHANGES]
phases:
  build:
    commands: ['export CHANGES="$(cat assembly/text)"']
"""
TEST = """
version: 0.2
phases: {build: {commands: [echo tested >> "$LOG"]}}
"""


def template(**specs: str) -> dict[str, Any]:
    """A template with the builds test, verify, publish and changes, whose specifications may differ."""
    texts = {"test": TEST, "verify": VERIFY, "publish": PUBLISH, "changes": CHANGES, **specs}
    resources: dict[str, Any] = {}

    def build(
        name: str,
        spec: str,
        order: int,
        *,
        reads: str = "verified",
        writes: str = "",
        **variables: str,
    ) -> dict[str, Any]:
        key = f"P{len(resources)}"
        resources[f"{key}Role"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": f"role-{variables.get('STAGE', 'checks')}-{name}"},
        }
        resources[key] = {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Name": name,
                "ServiceRole": {"Fn::GetAtt": [f"{key}Role", "Arn"]},
                "Source": {"Type": "CODEPIPELINE", "BuildSpec": texts[spec]},
                "Environment": {
                    "EnvironmentVariables": [
                        {"Name": name, "Value": value} for name, value in variables.items()
                    ]
                },
            },
        }
        return {
            "Name": name,
            "ActionTypeId": {
                "Category": "Test" if name == "test" else "Build",
                "Provider": "CodeBuild",
            },
            "Configuration": {"ProjectName": {"Ref": key}},
            "InputArtifacts": [{"Name": reads}],
            "OutputArtifacts": [{"Name": writes}] if writes else [],
            "RunOrder": order,
            **({"Namespace": "dev-changes"} if name == "changes" else {}),
        }

    stages = [
        {
            "Name": "Source",
            "Actions": [
                {
                    "Name": "source",
                    "ActionTypeId": {"Category": "Source", "Provider": "S3"},
                    "OutputArtifacts": [{"Name": "source"}],
                }
            ],
        },
        {
            "Name": "Checks",
            "Actions": [
                build("verify", "verify", 2, reads="source", writes="verified"),
                build("test", "test", 1, reads="source"),
            ],
        },
        {
            "Name": "dev",
            "Actions": [
                build("assets", "publish", 1, STAGE="dev", STEP="assets"),
                build("changes", "changes", 2, STAGE="dev"),
                {
                    "Name": "approval",
                    "ActionTypeId": {"Category": "Approval", "Provider": "Manual"},
                    "Configuration": {
                        "CustomData": "On: #{dev-changes.CHANGES}",
                        "NotificationArn": {"Fn::ImportValue": "topic"},
                    },
                    "TimeoutInMinutes": 90,
                    "RunOrder": 3,
                },
            ],
        },
        {"Name": "prod", "Actions": [build("assets", "publish", 1, STAGE="prod", STEP="assets")]},
    ]
    resources["Pipeline"] = {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {"Name": "small", "Stages": stages},
    }
    return {"Resources": resources}


class Ssm:
    """Parameters in memory."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get_parameters(self, *, Names: list[str]) -> Any:
        return {
            "Parameters": [
                {"Name": name, "Value": self.values[name]} for name in Names if name in self.values
            ]
        }

    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> None:
        self.values[Name] = Value


@dataclass
class Told:
    """What a run shows."""

    lines: list[str] = field(default_factory=list)

    def begin(self, action: Action) -> None:
        self.lines.append(f"{action} begins")

    def line(self, text: str) -> None:
        self.lines.append(text)

    def end(self, action: Action, outcome: str, seconds: float) -> None:
        self.lines.append(f"{action} {outcome}")


@dataclass
class Place:
    """A folder with a commit, a log of what commands did, and the pipeline's account."""

    folder: Path
    ssm: Ssm = field(default_factory=Ssm)
    told: Told = field(default_factory=Told)
    asked: list[Waiting] = field(default_factory=list)
    answer: bool | None = True
    runs: int = 0

    @property
    def record(self) -> Record:
        """The pipeline's record."""
        return Record(self.ssm, "small")

    @property
    def log(self) -> list[str]:
        """What the commands wrote."""
        file = self.folder / "log"
        return file.read_text().splitlines() if file.is_file() else []

    def ask(self, waiting: Waiting) -> bool | None:
        self.asked.append(waiting)
        return self.answer

    def run(self, *, skip: tuple[str, ...] = (), commit: str = "c0ffee", **specs: str) -> Run:
        """A run of the template with these specifications."""
        self.runs += 1
        source, work = self.folder / "source", self.folder / f"work{self.runs}"
        source.mkdir(exist_ok=True)
        (source / "text").write_text("one thing")
        work.mkdir()
        environment: Mapping[str, str] = {
            "PATH": "/usr/bin:/bin",
            "LOG": str(self.folder / "log"),
        }
        return Run(
            id=f"run-{self.runs}",
            commit=commit,
            source=source,
            pipeline=read([json.dumps({"Resources": {}}), json.dumps(template(**specs))]),
            promoting=["dev", "prod"],
            skip=skip,
            work=work,
            lock=self.folder / "lock",
            record=self.record,
            environment=environment,
            enter=lambda role: {"AWS_ACCESS_KEY_ID": role},
            ask=self.ask,
            show=self.told,
        )
