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
from ..tiers._rights import continue_itself, parameter_arn
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

    Create it last: it depends on everything its stack holds by then.

    Args:
        suffix: The environment suffix.
        layer: The layer.
        peer_region: The other region.
        holds: What the layer holds, as ``Layer.holds``.
        deletion_protection: ``"true"`` refuses deletion.
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
        deletion_protection: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        regions = (stack.region, peer_region)
        protection = names.parameter(suffix=suffix, layer=layer, name=PROTECTION)
        publish(self, suffix=suffix, layer=layer, values={PROTECTION: deletion_protection})
        name = names.layer_guard(layer=layer).of(suffix=suffix)
        stores = GuardedStores.of(suffix=suffix, region=stack.region, peer_region=peer_region)
        held = {
            "table": {"TableName": names.TABLE.of(suffix=suffix)},
            "database": stores.database_properties(),
        }
        rights = {
            "table": lambda: [protect_table(stack, suffix=suffix, regions=regions)],
            "database": lambda: guard_database(self, stores, regions=regions),
        }
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
                    sid="ReadProtection",
                    actions=["ssm:GetParameter"],
                    resources=[parameter_arn(stack, protection)],
                ),
                continue_itself(stack, function=name),
                *(rights[holds]() if holds in rights else ()),
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
                "ProtectionParameter": protection,
                **held.get(holds, {}),
            },
        )
        wait_for_everything(resource)
