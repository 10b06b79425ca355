"""Publish the catalog in one stage, in both regions of its pair: whole, or not at all.

    commit, what the stage has -> refusals, before anything is written
    assets     bucket, roles, parameters, then every file by its digest
    portfolio  the portfolios: change sets in both regions, then their execution, home first; then shares by API
    guidance   which version is the default, deprecated, retired
    digests    what is there, fetched and compared with the release

A step begins once the one before is done in both regions. What is there already is left untouched: a
version keeps its id, and a run with nothing new changes nothing. A run that failed is run again.

Two publishings at once: CloudFormation deletes a change set when another one is executed. Who loses
makes both anew and begins with the home region again, so that the last one to finish has written both
regions; and each ends by comparing what is there with its own commit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..definitions import load_catalog
from ..errors import PublishError, SetupError
from ..translation import translated
from . import assembly
from .accounts import Accounts
from .assembly import synthesise
from .commit import Commit, find_stage, load_commit
from .inventory import digests_in
from .refusals import Refusals
from .steps import STEPS, Work
from .target import Target


@dataclass(frozen=True)
class Published:
    """What publishing found or made in one region.

    Args:
        portfolios: Name to id; empty before they are there.
        changes: What was written, and what was proven for the first time; empty when all was there.
    """

    region: str
    portfolios: Mapping[str, str]
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """Assets first, then the portfolios with their versions, then guidance, then a look at the digests.

    Args:
        root: The catalog's folder.
        stage: A stage of ``pipeline/pipeline.yaml``.
        accounts: Where the clients come from.
        say: Takes one line of progress.
        steps: Those of ``STEPS`` to do.
        folder: The assembly to publish; None synthesises one.
        foreign: Whether credentials of another account may enter the stage's by the accounts' role.
    """

    root: Path
    stage: str
    accounts: Accounts
    say: Callable[[str], None]
    steps: Collection[str] = tuple(STEPS)
    folder: Path | None = None
    foreign: bool = False

    def run(self) -> tuple[Published, ...]:
        """Bring the stage to what the repository says.

        Raises:
            NotFoundError: There is no such stage.
            SetupError: The credentials are another account's, or the stage's can't be entered.
            PublishError: Something is refused, and nothing was written; or a region could not be
                published, and a rerun resumes.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return self._run()

    def _run(self) -> tuple[Published, ...]:
        catalog = load_catalog(self.root)
        stage = find_stage(catalog, self.stage)
        if self.accounts.own != stage.account and not self.foreign:
            raise SetupError(
                f"stage {stage.name} is published in account {stage.account}",
                why=f"the credentials are of account {self.accounts.own}",
                hint=f"use credentials of {stage.account}, name a role there with --role, or mend "
                "pipeline/pipeline.yaml",
            )
        commit = load_commit(catalog, stage)
        work = Work(commit, Target(stage, self.accounts), self._templates(commit), self.say)
        found = work.look()
        if set(self.steps) != {"digests"}:
            Refusals(commit, work.target, found).check()
        done: dict[str, tuple[str, ...]] = dict.fromkeys(stage.regions, ())
        for name, step in STEPS.items():
            if name not in self.steps:
                continue
            changes = step(work, found)
            if name == "portfolio" and any(changes.values()):
                found = work.look()
            done = {region: (*done[region], *changes[region]) for region in stage.regions}
        return tuple(
            Published(region=region, portfolios=found[region].portfolios, changes=done[region])
            for region in stage.regions
        )

    def _templates(self, commit: Commit) -> Mapping[str, str]:
        """The stage's stacks, where a step deploys them.

        Raises:
            PublishError: They can't be synthesised, or the assembly is not this commit's.
        """
        if not {"assets", "portfolio"} & set(self.steps):
            return {}
        stage = commit.stage
        if self.folder is None:
            self.say(f"synthesising the stacks of stage {stage.name}")
            return synthesise(self.root)
        templates = assembly.read(self.folder)
        wanted = {
            name: {entry.version: commit.sha256(name, entry.version) for entry in product.versions}
            for name, product in commit.products.items()
        }
        for region in stage.regions:
            text = templates.get(f"Portfolio-{stage.name}-{region}", '{"Resources": {}}')
            if digests_in(json.loads(text)) != wanted:
                raise PublishError(
                    f"{self.folder} was not written from this commit",
                    why=f"its portfolios of stage {stage.name} in {region} has other versions",
                    hint=f"dr-catalog synth --output {self.folder}",
                )
        return templates
