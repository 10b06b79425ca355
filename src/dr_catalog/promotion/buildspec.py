"""A CodeBuild build specification, as far as it is run here; what is not known is refused.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ..errors import PipelineError

PHASES = ("install", "pre_build", "build", "post_build")
_KNOWN = {
    "": {"version", "env", "phases", "artifacts"},
    "env": {"variables", "exported-variables"},
    "phases": set(PHASES),
    "artifacts": {"files", "exclude-paths"},
}
_PHASE = {"commands", "finally", "runtime-versions"}


@dataclass(frozen=True)
class Phase:
    """Commands that run until one fails, and those that run in any case."""

    name: str
    commands: tuple[str, ...]
    lastly: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BuildSpec:
    """What a build runs.

    Args:
        phases: In order.
        variables: Environment variables that it sets itself.
        exported: The variables that later actions may use.
        files: Globs of what the output artifact holds; none where it writes none.
        excluded: Globs of what it leaves out.
    """

    phases: tuple[Phase, ...]
    variables: Mapping[str, str]
    exported: tuple[str, ...]
    files: tuple[str, ...]
    excluded: tuple[str, ...]


def parse(text: str, *, project: str) -> BuildSpec:
    """Read a build specification.

    Raises:
        PipelineError: It is no YAML, or says what is not known here.
    """
    try:
        top = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PipelineError(
            f"the build specification of {project} is no YAML", why=str(error)
        ) from error
    env, phases, artifacts = (_section(top, each, project) for each in list(_KNOWN)[1:])
    _check(top, "", project)
    if str(top.get("version")) != "0.2":
        raise PipelineError(
            f"the build specification of {project} is of version {top.get('version')}",
            why="only in version 0.2 do the commands of a build share one shell",
        )
    return BuildSpec(
        phases=tuple(_phase(name, phases[name], project) for name in PHASES if name in phases),
        variables={name: str(value) for name, value in env.get("variables", {}).items()},
        exported=tuple(env.get("exported-variables", ())),
        files=tuple(artifacts.get("files", ())),
        excluded=tuple(artifacts.get("exclude-paths", ())),
    )


def _section(top: Any, name: str, project: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (top.get(name) or {}) if isinstance(top, dict) else {}
    _check(found, name, project)
    return found


def _check(found: Any, name: str, project: str) -> None:
    unknown = sorted(map(str, found.keys() - _KNOWN[name])) if isinstance(found, dict) else [name]
    if unknown:
        where = f"{name}." if name else ""
        raise PipelineError(
            f"the build specification of {project} has {where}{unknown[0]}, "
            "which is not known to a local run",
            hint="on AWS the pipeline runs it",
        )


def _phase(name: str, found: Mapping[str, Any], project: str) -> Phase:
    unknown = found.keys() - _PHASE
    if unknown:
        raise PipelineError(
            f"the build specification of {project} has phases.{name}.{min(unknown)}, "
            "which is not known to a local run",
            hint="on AWS the pipeline runs it",
        )
    commands, lastly = (tuple(found.get(each) or ()) for each in ("commands", "finally"))
    for command in (*commands, *lastly):
        if not isinstance(command, str):
            raise PipelineError(
                f"the build specification of {project} has a command in {name} that is no text",
                why=f"YAML reads {command!r}",
                hint="put the command in quotes",
            )
    return Phase(name, commands, lastly)
