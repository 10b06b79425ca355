"""``pipeline/pipeline.yaml``: the stages on the way to production, the only place they are defined.

The dataclasses carry the file's own field names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .reader import Form, Section, read

ACCOUNT_FORM = Form(
    r"\d{12}", "an account id of 12 digits in quotes", 'write all 12 digits, such as "111111111111"'
)
REGION_FORM = Form(
    r"[a-z]{2}(-[a-z]+)+-\d", "a region name such as us-east-1", "write the region's code"
)
_STAGE_FORM = Form(r"[a-z](-?[a-z0-9])*", "a stage name of a-z, 0-9 and hyphens", "such as dev")


@dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        name: Its name, unique in the pipeline.
        account: The account (12 digits) that publishes in this stage.
        regions: The pair of two different regions, either of which may launch.
    """

    name: str
    account: str
    regions: tuple[str, str]


@dataclass(frozen=True)
class Pipeline:
    """The stages in order of promotion; ``folder`` is where the definition was read."""

    folder: Path
    stages: tuple[Stage, ...]

    def stage(self, name: str) -> Stage | None:
        """The stage of this name, None where there is none."""
        return next((stage for stage in self.stages if stage.name == name), None)


def load_pipeline(path: Path) -> Pipeline:
    """Read the pipeline's definition.

    Args:
        path: The ``pipeline.yaml``, or the folder that holds it.

    Raises:
        DefinitionError: The file is not as it must be; the message names line and field.
    """
    path = path if path.suffix == ".yaml" else path / "pipeline.yaml"
    top = read(path)
    stages = tuple(_stage(entry) for entry in top.sections("stages"))
    top.done()
    if not stages:
        raise top.refuse("stages", "at least one stage", "none", hint="add a stage such as dev")
    for position, stage in enumerate(stages):
        if stage.name in {earlier.name for earlier in stages[:position]}:
            raise top.refuse(
                "stages",
                "each stage once",
                f"'{stage.name}' again",
                position=position,
                hint="rename one of the two",
            )
    return Pipeline(folder=path.parent, stages=stages)


def _stage(section: Section) -> Stage:
    name = section.text("name", _STAGE_FORM)
    account = section.text("account", ACCOUNT_FORM)
    regions = section.texts("regions", REGION_FORM)
    section.done()
    if len(regions) != 2:
        raise section.refuse(
            "regions",
            "a pair of two different regions",
            f"{len(regions)}",
            hint="write both, such as [us-east-1, us-west-2]",
        )
    return Stage(name=name, account=account, regions=(regions[0], regions[1]))
