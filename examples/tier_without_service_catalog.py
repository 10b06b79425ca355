"""A tier without Service Catalog: the stack that ``cdk synth -c environmentSuffix=dev`` adds.

The account must be onboarded (roles, parameters, asset bucket); ``cdk deploy`` then uploads the peer's
templates and the code to both regions and launches the tier as an ordinary stack.
"""

from pathlib import Path

import aws_cdk as cdk

from dr_catalog.stacks import StandaloneStack
from dr_catalog.tiers import WarmStandby

app = cdk.App()
stack = StandaloneStack(
    app,
    "WarmStandby-dev",
    tier=WarmStandby(),
    suffix="dev",
    regions=("us-east-1", "us-west-2"),
)
assembly = app.synth()
stack.add_files(Path(assembly.directory))
print(f"cdk deploy --app {assembly.directory} WarmStandby-dev")
