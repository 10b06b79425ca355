"""The fake catalog as a fixture."""

from __future__ import annotations

from typing import Any

import pytest

from .fakes import fake_aws


@pytest.fixture
def aws() -> Any:
    """`Aws` with one product and nothing launched; a test changes what it needs."""
    return fake_aws()
