"""What the whole suite shares: one synthesis of each template, one reading of each AWS model."""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import Callable, Mapping
from typing import Any

import botocore.client
import botocore.hooks
import botocore.parsers
import botocore.session
import pytest

Template = dict[str, Any]
LONGEST = (
    "elsewhere",
    "recovery",
    "faults",
    "embedded_aws",
    "guards",
    "end_to_end",
    "handlers",
    "pipeline",
    "publishing",
    "synthesis",
    "releases",
    "cli",
)
"""Groups of tests by the time they take: the workers then end at about the same time."""
GROUPS = {
    "test_failed_launches.py": "faults",
    "test_recovery.py": "recovery",
    "test_detection.py": "recovery",
    "test_tiers.py": "elsewhere",
    "test_backup_restore.py": "elsewhere",
    "test_guards.py": "guards",
    "test_day.py": "guards",
    "test_blocks.py": "elsewhere",
    "test_pipeline_run.py": "pipeline",
    "test_pipeline_deploy.py": "pipeline",
    "test_stage_rights.py": "pipeline",
}
"""Parts of the folder end_to_end, which takes more time than all others: file to group."""
SYNTHESISED = ("blocks", "layers", "stacks", "tiers", "test_names.py")
"""What looks at templates that are synthesised for the tests."""

# Each boto3 session would read the endpoints of all of AWS and its services' models anew.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
# Each client would work out each event's name anew, and each time in an answer at every look at it.
_names = functools.cache(botocore.hooks.EventAliaser(None)._alias_event_name)
botocore.hooks.EventAliaser._alias_event_name = lambda self, name: _names(name)
botocore.parsers.DEFAULT_TIMESTAMP_PARSER = functools.lru_cache(100_000)(
    botocore.parsers.DEFAULT_TIMESTAMP_PARSER
)
_classes: dict[str, type] = {}
_make_class = botocore.client.ClientCreator._create_client_class


def _class_of(creator: Any, service: str, model: Any) -> type:
    """The class of a service's clients, with a method for each operation; made once."""
    if service not in _classes:
        _classes[service] = _make_class(creator, service, model)
    return _classes[service]


botocore.client.ClientCreator._create_client_class = _class_of
# Models and templates stay to the end: to look through them often for garbage finds none.
gc.set_threshold(20_000, 50, 100)


@pytest.fixture(scope="session")
def tier_templates(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Mapping[str, Template]]:
    """``tier_templates(class)``: a tier's raw templates by role, synthesised once."""

    @functools.cache
    def made(name: str) -> Mapping[str, Template]:
        from dr_catalog import tiers
        from dr_catalog.tiers.synthesis import synthesise

        out = tmp_path_factory.mktemp(name)
        synthesise(tier=getattr(tiers, name)(), out=out)
        return {
            file.name.removesuffix(".template.json"): json.loads(file.read_text())
            for file in out.glob("*.template.json")
        }

    return made


@pytest.fixture(scope="session")
def templates(
    tier_templates: Callable[[str], Mapping[str, Template]],
) -> Mapping[str, Template]:
    """The warm standby tier's raw templates by role."""
    return tier_templates("WarmStandby")


@pytest.fixture(scope="session")
def primary(templates: Mapping[str, Template]) -> Template:
    """What a tenant launches."""
    return templates["primary"]


@pytest.fixture(scope="session")
def foundation(templates: Mapping[str, Template]) -> Template:
    """The peer region's key and bucket."""
    return templates["foundation"]


@pytest.fixture(scope="session")
def workload(templates: Mapping[str, Template]) -> Template:
    """The peer region's functions."""
    return templates["workload"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest group."""
    items.sort(key=lambda item: [*LONGEST, group(item.nodeid)].index(group(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a group's tests in one worker: they share servers, published catalogs and templates.

    The mark that xdist has for it, `xdist_group`, does nothing with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class LoadGroups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False  # not by the number of tests
    return LoadGroups(config, log)


def group(nodeid: str) -> str:
    """The folder of a test, a part of it, or what several are together."""
    _, folder, *rest = nodeid.partition("::")[0].split("/")
    if folder == "end_to_end":
        return GROUPS.get(rest[0], folder)
    return "synthesis" if folder in SYNTHESISED else folder
