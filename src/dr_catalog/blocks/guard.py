"""What completes the launch of a single layer and stands before its deletion.

See ``handlers/custom_resources/layer_guard.py``, which does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names
from ..layers._function import PythonFunction
from ..layers._parameters import publish
from ..tiers._purge_rights import (
    purge_buckets,
    purge_database,
    purge_keys,
    purge_table,
    purge_vaults,
)
from ..tiers._rights import continue_itself, parameter_arn, see_recovery
from ..tiers.guard import (
    PROTECTION,
    GuardedStores,
    allow_purge,
    guard_database,
    protect_table,
    wait_for_everything,
)

TIMEOUT = cdk.Duration.minutes(15)


@dataclass(frozen=True)
class _Held:
    """What a layer holds, as its guard looks after it.

    Args:
        properties: As the custom resource takes them.
        rights: What the guard may always do with it.
        purge: What it may do to delete it.
    """

    properties: Mapping[str, str] = field(default_factory=dict)
    rights: Sequence[iam.PolicyStatement] = ()
    purge: Sequence[iam.PolicyStatement] = ()


class LayerGuard(Construct):
    """Refuses a deletion, before anything else of the layer is deleted; protects or purges what it holds.

    A layer that another uses is not deleted; nor one that is protected, as what holds data is by default;
    nor what recovers, while a recovery runs or has put the writer into the peer. Create it last: it
    depends on everything its stack holds by then.

    Args:
        suffix: The environment suffix.
        layer: The layer.
        peer_region: The other region.
        holds: What the layer holds, as ``Layer.holds``.
        key_id: The multi-Region key's id.
        deletion_protection: ``"true"`` refuses deletion; None where no data is held.
        completed: The parameter that says that the launch was complete; empty where nobody asks.
        on_termination: ``"purge"`` deletes the data in both regions, ``"retain"`` leaves it; None likewise.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        layer: str,
        peer_region: str,
        holds: str,
        key_id: str,
        completed: str = "",
        deletion_protection: str | None = None,
        on_termination: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        regions = (stack.region, peer_region)
        name = names.layer_guard(layer=layer).of(suffix=suffix)
        users = names.users_path(suffix=suffix, layer=layer)
        held = _held(self, holds, suffix=suffix, regions=regions, key_id=key_id)
        statements = [
            iam.PolicyStatement(
                sid="SeeUsers",
                actions=["ssm:GetParametersByPath"],
                resources=[parameter_arn(stack, users)],
            ),
            continue_itself(stack, function=name),
            *held.rights,
        ]
        properties = {"UsersPath": users, **held.properties}
        if completed:
            properties["CompletedParameter"] = completed
            statements.append(
                iam.PolicyStatement(
                    sid="SayCompleted",
                    actions=["ssm:PutParameter"],
                    resources=[parameter_arn(stack, completed)],
                )
            )
        if deletion_protection is not None:
            publish(self, suffix=suffix, layer=layer, values={PROTECTION: deletion_protection})
            protection = names.parameter(suffix=suffix, layer=layer, name=PROTECTION)
            properties["ProtectionParameter"] = protection
            statements.append(
                iam.PolicyStatement(
                    sid="ReadProtection",
                    actions=["ssm:GetParameter"],
                    resources=[parameter_arn(stack, protection)],
                )
            )
        guard = PythonFunction(
            self,
            "Guard",
            function_name=name,
            role_name=names.layer_guard_role(layer=layer).of(suffix=suffix, region=stack.region),
            asset="custom_resources",
            handler="layer_guard.handler",
            key=None,
            timeout=TIMEOUT,
            statements=statements,
        )
        if on_termination is not None:
            properties["OnTermination"] = on_termination
            allow_purge(guard, held.purge, on_termination=on_termination)
        resource = cdk.CustomResource(
            self,
            "Resource",
            service_token=guard.function.function_arn,
            resource_type="Custom::DrLayerGuard",
            properties={
                "Suffix": suffix,
                "Layer": layer,
                "LaunchRegion": stack.region,
                "PeerRegion": peer_region,
                **properties,
            },
        )
        wait_for_everything(resource)


def _held(
    scope: Construct, holds: str, *, suffix: str, regions: tuple[str, str], key_id: str
) -> _Held:
    stack = cdk.Stack.of(scope)
    of: dict[str, Any] = {"suffix": suffix, "regions": regions}
    stores = GuardedStores.of(suffix=suffix, region=regions[0], peer_region=regions[1])
    match holds:
        case "key":
            purge = purge_keys(scope, key_id=key_id, regions=regions)
            return _Held({"KeyId": key_id}, purge=purge)
        case "bucket":
            launch, peer = (
                names.BUCKET.of(suffix=suffix, account=stack.account, region=region)
                for region in regions
            )
            buckets = {"LaunchBucket": launch, "PeerBucket": peer}
            return _Held(buckets, purge=purge_buckets(scope, **of))
        case "table":
            table = {"TableName": names.TABLE.of(suffix=suffix)}
            return _Held(table, [protect_table(stack, **of)], purge_table(scope, **of))
        case "database":
            return _Held(
                stores.database_properties(),
                guard_database(scope, stores, regions=regions),
                purge_database(scope, stores, regions=regions),
            )
        case "vault":
            return _Held({"Vault": stores.vault}, purge=purge_vaults(scope, **of))
        case "recovery":
            state = stores.recovery_table
            see = see_recovery(scope, table=state, regions=regions, key_id=key_id)
            return _Held({"RecoveryTable": state}, see)
    return _Held()
