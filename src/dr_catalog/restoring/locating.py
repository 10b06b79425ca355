"""Find what rebuilds a launch, in the peer alone: the SSM parameters that its foundation wrote there."""

from __future__ import annotations

import json

from .. import names
from ..errors import NotFoundError
from ..failover.aws import Aws
from .model import Target


def locate(aws: Aws, suffix: str) -> Target:
    """What is known in ``aws.region`` of a launch that can be rebuilt there.

    Raises:
        UsageError: The suffix is malformed.
        NotFoundError: Nothing is; the region is not the peer, or the tier has none to rebuild.
    """
    names.check_suffix(suffix)
    told = aws.told(suffix, "restore", aws.region)
    backup = aws.told(suffix, "backup", aws.region)
    if "template" not in told or "restore-role-arn" not in backup:
        raise NotFoundError(
            f"{aws.region} can't rebuild '{suffix}'",
            why=f"there is no parameter {names.parameter_path(suffix=suffix, layer='restore')}/template",
            hint="name the peer of the launch region with --region; only launches of a tier that restores "
            "from backups can be rebuilt",
        )
    account, _ = aws.caller(aws.region)
    return Target(
        suffix=suffix,
        account=account,
        partition=aws.session.get_partition_for_region(aws.region),
        region=aws.region,
        launch_region=told["launch-region"],
        vault=backup["vault-name"],
        role=backup["restore-role-arn"],
        template=told["template"],
        parameters=json.loads(told["parameters"]),
    )
