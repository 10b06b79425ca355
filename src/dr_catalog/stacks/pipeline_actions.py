"""The pipeline's builds as data: which there are, in which order, and as whom each works elsewhere.

    Pipeline -> checks, then those of each stage -> the pipeline stack (projects, roles, actions)
                                                 -> the access stacks (whom a stage's roles trust)

Both stacks read this one list, so that what an action may assume and who may be assumed by it can't
differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import names
from ..definitions import Pipeline, Stage
from ..definitions.reader import read

SOURCE, VERIFIED = "source", "verified"
"""Artifacts: the commit as it came, and as every stage gets it, with the synthesised templates."""
STEPS = ("assets", "portfolio", "guidance", "digests")
CHANGES = "CHANGES"
"""The variable that tells an approval what it lets on."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A role of a stage's account that an action works as."""

    account: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Build:
    """One action that runs a build specification.

    Args:
        name: The action's name in its stage of the pipeline.
        stage: The stage it works for; empty for a check.
        spec: The file ``pipeline/buildspecs/<spec>.yaml``.
        environment: Environment variables.
        enters: As whom it works in stages' accounts.
        reads: The artifact it begins with.
        writes: The artifact it leaves; empty for none.
        minutes: After so many it is ended.
        large: Whether it needs more than two processors.
    """

    name: str
    stage: str = ""
    spec: str
    environment: Mapping[str, str] = field(default_factory=dict)
    enters: tuple[Entry, ...] = ()
    reads: str = VERIFIED
    writes: str = ""
    minutes: int = 30
    large: bool = False

    def role(self, pipeline: Pipeline) -> str:
        """The name of its project and of the role it runs under."""
        return names.build_role(pipeline=pipeline.name, stage=self.stage, action=self.name)


def checks(pipeline: Pipeline) -> tuple[Build, ...]:
    """What a commit passes before any stage; tests only where the catalog has some."""
    test = Build(name="test", spec="test", reads=SOURCE, minutes=60, large=True)
    verify = Build(name="verify", spec="verify", reads=SOURCE, writes=VERIFIED)
    has_tests = _spec(pipeline, "test").is_file()
    return (test, verify) if has_tests else (verify,)


def of_stage(pipeline: Pipeline, stage: Stage) -> tuple[Build, ...]:
    """A stage's builds in order; its approval, which is none, follows."""
    published = Entry(account=stage.account, role=names.PUBLISH_ROLE)
    before, after = pipeline.before(stage), pipeline.after(stage)
    # That no version skips a stage is looked up in the stage before.
    looked_up = (Entry(account=before.account, role=names.READER_ROLE),) if before else ()
    found = [
        Build(
            name=step,
            stage=stage.name,
            spec="publish",
            environment={"STAGE": stage.name, "STEP": step},
            enters=(published, *looked_up),
        )
        for step in STEPS
    ]
    if stage.gates.canary:
        found.append(
            Build(
                name="canary",
                stage=stage.name,
                spec="canary",
                environment={"STAGE": stage.name},
                enters=(Entry(account=stage.account, role=names.CANARY_ROLE),),
                # A launch, an upgrade and a termination take up to two hours each.
                minutes=stage.gates.bake + 6 * 60,
            )
        )
    if stage.gates.approval and after:
        found.append(
            Build(
                name="changes",
                stage=stage.name,
                spec="changes",
                environment={"STAGE": stage.name},
                enters=(Entry(account=after.account, role=names.READER_ROLE),),
            )
        )
    return tuple(found)


def builds(pipeline: Pipeline) -> tuple[Build, ...]:
    """Every build of the pipeline, in order."""
    return (
        *checks(pipeline),
        *(build for stage in pipeline.stages for build in of_stage(pipeline, stage)),
    )


def entering(pipeline: Pipeline, entry: Entry) -> tuple[str, ...]:
    """The roles, in the pipeline's account, of the builds that work as this role."""
    return tuple(build.role(pipeline) for build in builds(pipeline) if entry in build.enters)


def specification(pipeline: Pipeline, spec: str) -> str:
    """The text of a build specification, without the lines that only comment it.

    Raises:
        DefinitionError: The file is not there, or is no mapping with phases.
    """
    file = _spec(pipeline, spec)
    read(file).section("phases")
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _spec(pipeline: Pipeline, spec: str) -> Path:
    return pipeline.folder / "buildspecs" / f"{spec}.yaml"
