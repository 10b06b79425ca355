"""``pipeline/pipeline.yaml``: the stages on the way to production, the only place they are defined.

    name, account, region, source    where the pipeline runs, and what starts it
    stages                           in order of promotion; the gates at a stage's end let on to the next

The dataclasses carry the file's own field names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .reader import Form, Section, read

ACCOUNT_FORM = Form(
    r"\d{12}", "an account id of 12 digits in quotes", 'write all 12 digits, such as "111111111111"'
)
REGION_FORM = Form(
    r"[a-z]{2}(-[a-z]+)+-\d", "a region name such as us-east-1", "write the region's code"
)
# Roles carry both names, and a role's name has 64 characters.
_STAGE_FORM = Form(
    r"(?=.{1,20}$)[a-z](-?[a-z0-9])*",
    "a stage name of a-z, 0-9 and hyphens, 20 at most",
    "such as dev",
)
_NAME_FORM = Form(
    r"(?=.{1,20}$)[a-z](-?[a-z0-9])*",
    "a name of a-z, 0-9 and hyphens, 20 at most",
    "such as catalog",
)
_PORTFOLIO_FORM = Form(
    r"[A-Za-z0-9][\w-]*\.yaml", "a .yaml file in the portfolio folder", "such as portfolio.yaml"
)
_BUCKET_FORM = Form(
    r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "a bucket's name without dots", "such as my-source"
)
_KEY_FORM = Form(r"[\w!*'()./-]{1,1020}\.zip", "the key of a .zip file", "such as catalog.zip")
_CONNECTION_FORM = Form(
    r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]+",
    "the ARN of a connection",
    "`aws codeconnections list-connections` tells it",
)
_REPOSITORY_FORM = Form(
    r"[\w.-]+(/[\w.-]+)+", "a repository as owner/name", "as its address ends, such as team/catalog"
)
_BRANCH_FORM = Form(r"[\w./-]{1,255}", "a branch's name", "such as main")
_TOPIC = r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]+):\d{12}:[\w-]{1,256}"
_NOTIFY_FORM = Form(
    rf"[^\s@:]+@[^\s@:]+\.[^\s@:]+|{_TOPIC}",
    "an e-mail address or the ARN of a standard SNS topic",
    "such as platform@example.com",
)
# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionDeclaration.html
LONGEST_APPROVAL: Final = 60 * 24
"""Hours that an approval may wait at most."""
# https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html: a build ends after 36 hours.
LONGEST_BAKE: Final = 24 * 60
"""Minutes that a canary may stay up at most; its build also launches, upgrades and terminates."""


@dataclass(frozen=True)
class S3Source:
    """A zip file of the catalog's folder in a versioned bucket of the pipeline's account and region."""

    bucket: str
    key: str


@dataclass(frozen=True)
class ConnectionSource:
    """A branch of a repository, through a connection of AWS CodeConnections."""

    arn: str
    repository: str
    branch: str


@dataclass(frozen=True)
class Approval:
    """A person's word before the next stage.

    Args:
        timeout_hours: After so many hours without one the approval fails, 1 to 1,440.
    """

    timeout_hours: int


@dataclass(frozen=True)
class Gates:
    """What stands at a stage's end, before the next stage.

    Args:
        canary: Whether the candidate is launched, checked, upgraded to and terminated.
        approval: A person's word; None where none is asked.
        bake: Minutes, 0 to 1,440, that the canary stays up and is looked at before it goes.
    """

    canary: bool = False
    approval: Approval | None = None
    bake: int = 0


@dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        name: Its name, unique in the pipeline.
        account: The account (12 digits) that publishes in this stage, and in no other.
        regions: The pair of two different regions, either of which may launch.
        portfolio: The file in ``portfolio/`` that says what is offered here.
        gates: What lets a commit go on to the next stage.
        witness: A third region, whose probe launches may have vote; None for none.
        notify: Whom to tell of approvals and failures: an e-mail address, which has to confirm; or the
            ARN of a topic that lets the pipeline's role and EventBridge publish.
    """

    name: str
    account: str
    regions: tuple[str, str]
    portfolio: str = "portfolio.yaml"
    gates: Gates = Gates()  # frozen
    notify: str | None = None
    witness: str | None = None


@dataclass(frozen=True)
class Pipeline:
    """The pipeline, with its stages in order of promotion.

    Args:
        name: Its name; roles and projects begin with it.
        account: The account (12 digits) where it runs.
        region: The region where it runs.
        source: What it takes the catalog from, and what starts it.
        folder: Where the definition was read.
    """

    name: str
    account: str
    region: str
    source: S3Source | ConnectionSource
    stages: tuple[Stage, ...]
    folder: Path

    def stage(self, name: str) -> Stage | None:
        """The stage of this name, None where there is none."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def before(self, stage: Stage) -> Stage | None:
        """The stage that a commit comes from, None for the first."""
        position = self.stages.index(stage)
        return self.stages[position - 1] if position else None

    def after(self, stage: Stage) -> Stage | None:
        """The stage that a commit goes on to, None for the last."""
        return next(iter(self.stages[self.stages.index(stage) + 1 :]), None)


def load_pipeline(path: Path) -> Pipeline:
    """Read the pipeline's definition.

    Args:
        path: The ``pipeline.yaml``, or the folder that holds it.

    Raises:
        DefinitionError: The file is not as it must be; the message names line and field.
    """
    path = path if path.suffix == ".yaml" else path / "pipeline.yaml"
    top = read(path)
    name = top.text("name", _NAME_FORM)
    account = top.text("account", ACCOUNT_FORM)
    region = top.text("region", REGION_FORM)
    source = _source(top.section("source"))
    sections = top.sections("stages")
    stages = tuple(_stage(entry, region) for entry in sections)
    top.done()
    if not stages:
        raise top.refuse("stages", "at least one stage", "none", hint="add a stage such as dev")
    _check_order(stages, top, sections)
    return Pipeline(
        name=name, account=account, region=region, source=source, stages=stages, folder=path.parent
    )


def _check_order(stages: Sequence[Stage], top: Section, sections: Sequence[Section]) -> None:
    """Refuse what each stage alone can't tell."""
    for position, (stage, section) in enumerate(zip(stages, sections, strict=True)):
        for earlier in stages[:position]:
            if stage.name == earlier.name:
                raise top.refuse(
                    "stages",
                    "each stage once",
                    f"'{stage.name}' again",
                    position=position,
                    hint="rename one of the two",
                )
            if stage.account == earlier.account:
                raise section.refuse(
                    "account",
                    "an account of the stage's own",
                    f"that of stage '{earlier.name}'",
                    hint="name another account: one can hold one stage's portfolio",
                )
    if stages[-1].gates.approval:
        raise sections[-1].refuse(
            "gates",
            "no approval in the last stage",
            "one",
            hint="put it into the stage before: an approval lets on to the next stage",
        )


def _source(section: Section) -> S3Source | ConnectionSource:
    s3, connection = section.optional_section("s3"), section.optional_section("connection")
    section.done()
    if (s3 is None) == (connection is None):
        raise section.refuse(
            "connection",
            "exactly one of s3 and connection",
            "none" if s3 is None else "both",
            hint="such as s3: {bucket: my-source, key: catalog.zip}",
        )
    if s3 is not None:
        source: S3Source | ConnectionSource = S3Source(
            bucket=s3.text("bucket", _BUCKET_FORM), key=s3.text("key", _KEY_FORM)
        )
        s3.done()
        return source
    assert connection is not None
    source = ConnectionSource(
        arn=connection.text("arn", _CONNECTION_FORM),
        repository=connection.text("repository", _REPOSITORY_FORM),
        branch=connection.text("branch", _BRANCH_FORM),
    )
    connection.done()
    return source


def _stage(section: Section, region: str) -> Stage:
    name = section.text("name", _STAGE_FORM)
    account = section.text("account", ACCOUNT_FORM)
    regions = section.texts("regions", REGION_FORM)
    portfolio = section.optional_text("portfolio", _PORTFOLIO_FORM) or Stage.portfolio
    gates = _gates(section.optional_section("gates"))
    notify = section.optional_text("notify", _NOTIFY_FORM)
    witness = section.optional_text("witness", REGION_FORM)
    section.done()
    if len(regions) != 2:
        raise section.refuse(
            "regions",
            "a pair of two different regions",
            f"{len(regions)}",
            hint="write both, such as [us-east-1, us-west-2]",
        )
    if witness in regions:
        raise section.refuse(
            "witness",
            "a region outside the pair",
            f"{witness}",
            hint="write a third region, such as eu-west-1, or take it out",
        )
    topic = re.fullmatch(_TOPIC, notify or "")
    if topic and topic["region"] != region:
        raise section.refuse(
            "notify",
            f"a topic in the pipeline's region {region}",
            f"one in {topic['region']}",
            hint="CodePipeline tells topics of its own region alone",
        )
    if gates.approval and notify is None:
        raise section.refuse(
            "notify",
            "whom to tell of approvals",
            "nothing",
            hint="add an e-mail address, such as 'notify: platform@example.com'",
        )
    return Stage(
        name=name,
        account=account,
        regions=(regions[0], regions[1]),
        portfolio=portfolio,
        gates=gates,
        notify=notify,
        witness=witness,
    )


def _gates(section: Section | None) -> Gates:
    if section is None:
        return Gates()
    canary = section.flag("canary", default=False)
    bake = _within(section, "bake", 0, LONGEST_BAKE, "minutes", default=0)
    asked = section.optional_section("approval")
    section.done()
    approval = None
    if asked is not None:
        approval = Approval(
            timeout_hours=_within(asked, "timeout_hours", 1, LONGEST_APPROVAL, "hours")
        )
        asked.done()
    if bake and not canary:
        raise section.refuse(
            "bake", "a canary that bakes", "none", hint="add 'canary: true', or take bake out"
        )
    return Gates(canary=canary, approval=approval, bake=bake)


def _within(
    section: Section, key: str, least: int, most: int, unit: str, *, default: int | None = None
) -> int:
    number = section.number(key, default=default)
    if least <= number <= most:
        return number
    raise section.refuse(
        key, f"{least} to {most} {unit}", f"{number}", hint=f"write {least} to {most}"
    )
