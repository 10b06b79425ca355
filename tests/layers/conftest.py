"""An embedded AWS for the layers' tests, started as its own tests start it."""

from __future__ import annotations

from tests.embedded_aws.conftest import client, endpoint, runner

__all__ = ["client", "endpoint", "runner"]
