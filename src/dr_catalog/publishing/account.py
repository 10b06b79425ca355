"""What an account needs before anything can be launched in it: roles once, parameters a region.

A change set compares templates, not what is there; so a parameter that someone changed or deleted by
hand is put back here by `restore_parameters`.

A stage's own account needs them too: Service Catalog wants the role of a launch constraint in the
account that publishes, and a canary launches there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import names
from ..definitions import Stage
from .accounts import Accounts
from .stack import Deployed, Store, deploy, describe

ROLES, REGION = "dr-catalog-roles", "dr-catalog-region"


def deploy_roles(
    cloudformation: Any, *, stage: Stage, templates: Mapping[str, str], store: Store
) -> Deployed:
    """The launch roles, the StackSet roles, the hub's observer and the boundary; IAM is global, so once.

    Args:
        store: The stage's asset bucket in the client's region: each product adds a role, so that the
            template of a larger catalog is too long for a request.
    """
    return deploy(
        cloudformation,
        name=ROLES,
        template=templates["OnboardingRoles"],
        parameters={
            "AssetBucketPrefix": names.ASSET_BUCKET_PREFIX.of(account=stage.account),
            "HubAccount": stage.account,
            "FirstRegion": stage.regions[0],
            "SecondRegion": stage.regions[1],
            "WitnessRegion": stage.witness or "none",
        },
        store=store,
    )


def deploy_parameters(
    cloudformation: Any, *, stage: Stage, region: str, templates: Mapping[str, str]
) -> Deployed:
    """Where code is read from, and which region is the peer's."""
    return deploy(
        cloudformation,
        name=REGION,
        template=templates["OnboardingRegion"],
        parameters={
            "AssetBucketPrefix": names.ASSET_BUCKET_PREFIX.of(account=stage.account),
            "PeerRegion": peer_of(stage, region),
        },
    )


def asset_store(accounts: Accounts, *, stage: Stage, region: str) -> Store:
    """The stage's asset bucket in this region, with its owner's client."""
    return Store(
        s3=accounts.client("s3", account=stage.account, region=region),
        bucket=names.ASSET_BUCKET.of(account=stage.account, region=region),
    )


def restore_parameters(ssm: Any, *, stage: Stage, region: str) -> tuple[str, ...]:
    """Write the two parameters where they are not what their stack made them.

    Returns:
        The names of those that were written.
    """
    wanted = {
        names.ASSET_BUCKET_PREFIX_PARAMETER: names.ASSET_BUCKET_PREFIX.of(account=stage.account),
        names.PEER_REGION_PARAMETER: peer_of(stage, region),
    }
    found = {
        entry["Name"]: entry["Value"]
        for entry in ssm.get_parameters(Names=list(wanted))["Parameters"]
    }
    drifted = tuple(name for name, value in wanted.items() if found.get(name) != value)
    for name in drifted:
        ssm.put_parameter(Name=name, Value=wanted[name], Type="String", Overwrite=True)
    return drifted


def hub_of(cloudformation: Any) -> str | None:
    """What the account's roles read code from, a hub's bucket prefix; None without roles."""
    stack = describe(cloudformation, ROLES)
    if stack is None:
        return None
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])
    }
    return parameters.get("AssetBucketPrefix", "")


def peer_of(stage: Stage, region: str) -> str:
    """The other region of the stage's pair."""
    first, second = stage.regions
    return second if region == first else first
