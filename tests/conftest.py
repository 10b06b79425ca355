"""What the whole suite shares: one synthesis of each template, one reading of each AWS model."""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest

Template = dict[str, Any]

# Each boto3 session would read the endpoints of all of AWS and its services' models anew.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
# Models and templates stay to the end: to look through them often for garbage finds none.
gc.set_threshold(20_000, 50, 100)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Template]:
    """The warm standby tier's raw templates by role, synthesised once."""
    from dr_catalog.tiers import WarmStandby
    from dr_catalog.tiers.synthesis import ROLES, synthesise

    out = tmp_path_factory.mktemp("synthesis")
    synthesise(tier=WarmStandby(), out=out)
    return {role: json.loads((out / f"{role}.template.json").read_text()) for role in ROLES}


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
    """Keep a folder's tests in one worker: they share servers and published catalogs."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        item.add_marker(pytest.mark.xdist_group(folder))
