"""A tier without Service Catalog: the stack that ``cdk synth -c environmentSuffix=dev -c tier=...`` adds.

    python examples/tier_without_service_catalog.py PilotLight

The account must be onboarded (roles, parameters, asset bucket); ``cdk deploy`` then uploads the peer's
templates and the code to both regions and launches the tier as an ordinary stack.
"""

import sys
from pathlib import Path

import aws_cdk as cdk

from dr_catalog import tiers
from dr_catalog.stacks import StandaloneStack

name = sys.argv[1] if len(sys.argv) > 1 else "WarmStandby"
app = cdk.App()
stack = StandaloneStack(
    app,
    f"{name}-dev",
    tier=getattr(tiers, name)(),
    suffix="dev",
    regions=("us-east-1", "us-west-2"),
)
assembly = app.synth()
stack.add_files(Path(assembly.directory))
print(f"cdk deploy --app {assembly.directory} {name}-dev")
