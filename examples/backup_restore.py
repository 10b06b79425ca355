"""Backup and restore without Service Catalog: the stack, and the template that rebuilds it in the peer.

The account must be onboarded (roles, parameters, asset bucket); ``cdk deploy`` uploads the other templates and the
code to both regions and launches the tier as an ordinary stack. ``dr-catalog restore --suffix dev --region us-west-2``
rebuilds it there from its copies.
"""

from pathlib import Path

import aws_cdk as cdk

from dr_catalog.stacks import StandaloneStack
from dr_catalog.tiers import BackupRestore

app = cdk.App()
stack = StandaloneStack(
    app,
    "BackupRestore-dev",
    tier=BackupRestore(),
    suffix="dev",
    regions=("us-east-1", "us-west-2"),
)
assembly = app.synth()
stack.add_files(Path(assembly.directory))
print(f"cdk deploy --app {assembly.directory} BackupRestore-dev")
