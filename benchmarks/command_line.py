"""How long ``dr-catalog --help`` takes, against a bare ``python -c "import click"``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15


def measure(*command: str) -> float:
    """Median seconds over the rounds, after one that warms the caches."""
    taken = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def main() -> None:
    """Print both and the ratio."""
    baseline = measure(sys.executable, "-c", "import click")
    ours = measure(str(Path(sys.executable).with_name("dr-catalog")), "--help")
    print(f"command line, median of {ROUNDS} runs")
    print(f"  python -c 'import click' (baseline)  {baseline * 1000:6.0f} ms")
    print(
        f"  dr-catalog --help                    {ours * 1000:6.0f} ms   ratio {ours / baseline:.2f}"
    )


if __name__ == "__main__":
    main()
