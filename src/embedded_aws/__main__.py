"""``python -m embedded_aws``: start the embedded AWS and say where it listens."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import server


def main() -> int:
    """Serve until SIGTERM; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m embedded_aws", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="0 takes a free one (default 4566)")
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="keep the state there (default: keep none)"
    )
    arguments = parser.parse_args()
    try:
        listener = server.listen(arguments.port)
    except OSError as error:
        print(f"{server.HOST}:{arguments.port} can't be used: {error.strerror}", file=sys.stderr)
        return 1
    address = f"http://{server.HOST}:{listener.getsockname()[1]}"
    server.serve(
        listener,
        state=arguments.state_dir,
        ready=lambda: print(f"embedded AWS on {address} (local simulation)", flush=True),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
