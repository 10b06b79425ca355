"""The command line, run in this process, with the calls of AWS replaced."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

import dr_catalog.provisioning as provisioning
from dr_catalog.cli.main import cli
from tests.provisioning.fakes import fake_aws


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What every command gets when it makes an `Aws`; ``aws.asked`` is the region it gave."""
    fake = fake_aws()

    def make(*, region: str | None = None) -> Any:
        fake.asked = region
        return fake

    monkeypatch.setattr(provisioning, "Aws", make)
    return fake


@pytest.fixture
def run():
    """Run a command line; stdout and stderr apart."""

    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, words)

    return call
