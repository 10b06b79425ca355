"""A catalog that `init` wrote, from its folder to a launch and its end, in accounts of its own.

The first release is the repository's own frozen 1.0.0, put where an interrupted `init` would have left
it: to synthesise and lint the whole tier once more takes longer than this may. `.ci/run` does it, from
the built wheel.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dr_catalog import publishing
from dr_catalog.cli import local
from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.cli.simulation import Simulation
from dr_catalog.publishing import assembly

from .catalogs import ROOT
from .conftest import REGION, Identity

HUB, TENANT = "777777777777", "888888888888"
FIRST_RELEASE = "products/warm-standby/releases/1.0.0"


@pytest.fixture
def one_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same folder gives the same stacks: publishing and onboarding share one synthesis."""
    once = functools.cache(assembly.synthesise)
    for module in (publishing.publish, publishing.onboard):
        monkeypatch.setattr(module, "synthesise", once)


def test_a_catalog_of_ones_own_is_launched_and_terminated(
    person: Callable[..., Identity],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one_synthesis: None,
) -> None:
    shutil.copytree(ROOT / FIRST_RELEASE, tmp_path / FIRST_RELEASE)
    shutil.copytree(ROOT / "products/assets", tmp_path / "products/assets")
    monkeypatch.chdir(tmp_path)
    hub = person(HUB)
    done = hub.ok("init", ".", "--account", HUB, "--tenant", TENANT)
    assert "warm-standby 1.0.0 is frozen already" in done.stderr
    assert hub.run("doctor").exit_code == 1

    # What `local up` does in this folder, with the server that the other tests have started.
    endpoint = hub.settings["AWS_ENDPOINT_URL"]
    make_role(endpoint=endpoint, account=TENANT, role=ACCESS_ROLE, trusted=("555555555555",))
    local._join(Simulation(port=int(endpoint.rpartition(":")[2])))
    role = person(TENANT).client("iam").get_role(RoleName=ACCESS_ROLE)["Role"]
    for trusted in ("555555555555", HUB):
        assert f"arn:aws:iam::{trusted}:root" in str(role["AssumeRolePolicyDocument"])
    regions = {each["region"] for each in hub.json("publish", "--stage", "dev")}
    assert regions == {"us-east-1", "us-west-2"}
    hub.ok("onboard", "--account", TENANT, "--stage", "dev")
    make_role(endpoint=endpoint, account=TENANT, role="dr-tenant", trusted=(TENANT,))
    credentials = dict(assume(endpoint=endpoint, account=TENANT, role="dr-tenant"))
    tenant = person(credentials.pop("AWS_ACCESS_KEY_ID"), **credentials)

    purge = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")
    tenant.ok("launch", "warm-standby", "--suffix", "own", *purge)
    (status,) = tenant.json("status")
    assert (status["version"], status["status"], status["region"]) == ("1.0.0", "AVAILABLE", REGION)
    for who in (hub, tenant):
        findings = who.json("doctor")
        assert [each for each in findings if each["state"] == "mend"] == []
    assert {each["check"] for each in findings if each["state"] == "skipped"} == set()
    tenant.ok("terminate", "--suffix", "own", "--yes")
    assert tenant.json("status") == []
