"""What completes the launch of a single layer and stands before its deletion.

See ``handlers/custom_resources/layer_guard.py``, which does it.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names
from ..layers._function import PythonFunction
from ..layers._parameters import publish
from ..tiers._rights import continue_itself, parameter_arn, see_recovery
from ..tiers.guard import (
    PROTECTION,
    GuardedStores,
    guard_database,
    protect_table,
    wait_for_everything,
)

TIMEOUT = cdk.Duration.minutes(15)


class LayerGuard(Construct):
    """Refuses a deletion, before anything else of the layer is deleted; protects what it holds.

    A layer that another uses is not deleted; nor one that is protected, as what holds data is by default;
    nor what recovers, while a recovery runs or has put the writer into the peer. Create it last: it
    depends on everything its stack holds by then.

    Args:
        suffix: The environment suffix.
        layer: The layer.
        peer_region: The other region.
        holds: What the layer holds, as ``Layer.holds``.
        deletion_protection: ``"true"`` refuses deletion; None where no data is held.
        key_id: The multi-Region key's id; only the layer that recovers is asked for it.
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
        deletion_protection: str | None,
        key_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        name = names.layer_guard(layer=layer).of(suffix=suffix)
        users = names.users_path(suffix=suffix, layer=layer)
        properties, statements = _looked_after(
            self, holds, suffix=suffix, regions=(stack.region, peer_region), key_id=key_id
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
            statements=[
                iam.PolicyStatement(
                    sid="SeeUsers",
                    actions=["ssm:GetParametersByPath"],
                    resources=[parameter_arn(stack, users)],
                ),
                continue_itself(stack, function=name),
                *statements,
            ],
        )
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
                "UsersPath": users,
                **properties,
            },
        )
        wait_for_everything(resource)


def _looked_after(
    scope: Construct, holds: str, *, suffix: str, regions: tuple[str, str], key_id: str
) -> tuple[dict[str, str], list[iam.PolicyStatement]]:
    """What the guard is told of what the layer holds, and what it may do with it."""
    stack = cdk.Stack.of(scope)
    stores = GuardedStores.of(suffix=suffix, region=regions[0], peer_region=regions[1])
    if holds == "table":
        rights = protect_table(stack, suffix=suffix, regions=regions)
        return {"TableName": names.TABLE.of(suffix=suffix)}, [rights]
    if holds == "database":
        return stores.database_properties(), [*guard_database(scope, stores, regions=regions)]
    if holds == "recovery":
        table = stores.recovery_table
        rights_to_see = see_recovery(scope, table=table, regions=regions, key_id=key_id)
        return {"RecoveryTable": table}, rights_to_see
    return {}, []
