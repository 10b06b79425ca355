"""What rebuilds a launch from copies, asked of SSM, IAM and Secrets Manager in the peer."""

from __future__ import annotations

import json

from ... import names
from .model import Check, Launch, check


def rebuildable(launch: Launch, region: str) -> Check:
    """What a restore has to know, the role that it restores as, and the secret that opens the database."""
    told, suffix = launch.told("restore", region), launch.suffix
    given = json.loads(told["parameters"])
    role = launch.client("iam", region).get_role(
        RoleName=names.RESTORE_ROLE.of(suffix=suffix, region=region)
    )["Role"]
    secret = launch.client("secretsmanager", region).describe_secret(
        SecretId=names.LEDGER_SECRET.of(suffix=suffix)
    )
    return check(
        "backup",
        told["template"],
        region,
        {
            f"rebuilds what {launch.region} has": told["launch-region"] == launch.region,
            "under this suffix": given[names.SUFFIX_PARAMETER] == suffix,
            "with the key of this region": launch.key_arn(region).endswith(f"/{given['KeyId']}"),
            "a role for AWS Backup": "backup.amazonaws.com"
            in json.dumps(role["AssumeRolePolicyDocument"]),
            "the database's secret": secret.get("KmsKeyId") == launch.key_arn(region),
        },
    )
