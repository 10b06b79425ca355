"""How long a tier's synthesis takes, split into start-up, construction and synthesis.

Each round is a process of its own. The baseline beside it is an app with one bucket: what CDK costs
before any of our code; ratios are to its total.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

ROUNDS = 5
TIER = """
import json, sys, tempfile, time
begin = time.perf_counter()
import aws_cdk as cdk
from dr_catalog.tiers import WarmStandby
from dr_catalog.tiers.synthesis import CONTEXT
app = cdk.App(outdir=tempfile.mkdtemp(), context=CONTEXT, analytics_reporting=False,
              builtin_cloud_formation_validation=False)
started = time.perf_counter()
for role in ("primary", "foundation", "workload", "witness"):
    getattr(WarmStandby(), role)(app, role)
built = time.perf_counter()
app.synth()
done = time.perf_counter()
print(json.dumps([started - begin, built - started, done - built]))
"""
BASELINE = """
import json, sys, tempfile, time
begin = time.perf_counter()
import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
app = cdk.App(outdir=tempfile.mkdtemp(), analytics_reporting=False,
              builtin_cloud_formation_validation=False)
started = time.perf_counter()
s3.Bucket(cdk.Stack(app, "One"), "Bucket")
built = time.perf_counter()
app.synth()
done = time.perf_counter()
print(json.dumps([started - begin, built - started, done - built]))
"""


def measure(program: str) -> list[float]:
    """Median seconds of each part over the rounds, after one that warms the caches."""
    rounds = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", program], check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(ROUNDS + 1)
    ][1:]
    return [statistics.median(part) for part in zip(*rounds, strict=True)]


def main() -> None:
    """Print both rows and the ratios."""
    baseline, tier = measure(BASELINE), measure(TIER)
    print(f"synthesis, median of {ROUNDS} processes   start-up  construction  synthesis   total")
    for name, parts in (("one bucket (baseline)", baseline), ("warm standby, 3 templates", tier)):
        start, build, synth = parts
        print(
            f"  {name:36}  {start:6.2f} s      {build:6.2f} s   {synth:6.2f} s  {sum(parts):5.2f} s"
        )
    ratios = [ours / theirs for ours, theirs in zip(tier, baseline, strict=True)]
    print(
        f"  {'ratio':36}  {ratios[0]:6.2f}        {ratios[1]:6.2f}     {ratios[2]:6.2f}    "
        f"{sum(tier) / sum(baseline):5.2f}"
    )


if __name__ == "__main__":
    main()
