"""``python -m embedded_aws``: start the server and say where it listens."""

from __future__ import annotations

import argparse
import os
import socket
from importlib import import_module
from importlib.util import find_spec

EXTENSIONS = ("resource_types", "stacksets", "service_catalog", "permissions", "operations")


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m embedded_aws", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="0 takes a free one (default 4566)")
    arguments = parser.parse_args()
    port = arguments.port or _free_port()
    # ministack reads these when it is imported.
    os.environ.update(
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        LOG_LEVEL=os.environ.get("LOG_LEVEL", "WARNING"),
    )
    from . import extension

    for name in EXTENSIONS:
        if find_spec(f"embedded_aws.{name}"):
            import_module(f"embedded_aws.{name}").register()
    extension.install()
    print(f"embedded AWS on http://127.0.0.1:{port} (local simulation)", flush=True)
    _serve()


def _serve() -> None:
    import sys

    from ministack import app

    sys.argv = ["ministack"]  # its own command line has nothing to say here
    app.main()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
