"""The neighbours of a layer that is launched alone: read first, or the launch ends there.

See ``handlers/custom_resources/neighbours.py``, which does it. Each neighbour is then told that it is
used, and by whom, so that its guard can refuse to let it go (``guard``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct, IConstruct

from .. import names
from ..layers._function import PythonFunction
from ..tiers._rights import parameter_arn
from ..tiers.guard import everything_waits

if TYPE_CHECKING:
    from .layer import Needs

TIMEOUT = cdk.Duration.minutes(2)


class Neighbours(Construct):
    """Reads what the neighbours tell in both regions. Call ``before`` once all is there.

    The key is a neighbour itself, so the function's log has none of ours; it holds no values.

    Args:
        suffix: The environment suffix.
        layer: The layer that reads.
        peer_region: The other region.
        needs: The neighbours.
        forgets: The parameter that says that the launch was complete, which goes with it; empty for none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        layer: str,
        peer_region: str,
        needs: Sequence[Needs],
        forgets: str = "",
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self._suffix, self._layer, self._peer_region = suffix, layer, peer_region
        self._read = {
            (side, each.layer, name)
            for each in needs
            for side, read in (("Launch", each.launch), ("Peer", each.peer))
            for name in read
        }
        read_in = {
            *((stack.region, each.layer) for each in needs if each.launch),
            *((peer_region, each.layer) for each in needs if each.peer),
            (peer_region, layer),
        }
        self._function = PythonFunction(
            self,
            "Reader",
            function_name=names.layer_reader(layer=layer).of(suffix=suffix),
            role_name=names.layer_reader_role(layer=layer).of(suffix=suffix, region=stack.region),
            asset="custom_resources",
            handler="neighbours.handler",
            key=None,
            timeout=TIMEOUT,
            statements=[
                iam.PolicyStatement(
                    sid="ReadWhatLayersTell",
                    actions=["ssm:GetParameters"],
                    resources=[
                        _parameters_arn(stack, suffix=suffix, layer=each, region=region)
                        for region, each in sorted(read_in)
                    ],
                ),
                *(
                    [
                        iam.PolicyStatement(
                            sid="ForgetAtTheEnd",
                            actions=["ssm:DeleteParameters"],
                            resources=[parameter_arn(stack, forgets)],
                        )
                    ]
                    if forgets
                    else ()
                ),
            ],
        ).function
        self._resource = cdk.CustomResource(
            self,
            "Resource",
            service_token=self._function.function_arn,
            resource_type="Custom::DrNeighbours",
            properties={
                "Suffix": suffix,
                "LaunchRegion": stack.region,
                "PeerRegion": peer_region,
                "Needs": {
                    each.layer: {
                        side: list(read)
                        for side, read in (("Launch", each.launch), ("Peer", each.peer))
                        if read
                    }
                    for each in needs
                },
                **({"CompletedParameter": forgets} if forgets else {}),
            },
        )

        self._users = [self._use(each.layer) for each in needs]

    def _use(self, neighbour: str) -> ssm.CfnParameter:
        """Says that the layer uses the neighbour, for as long as the layer is there."""
        users = names.users_path(suffix=self._suffix, layer=neighbour)
        used = ssm.CfnParameter(
            self,
            f"Uses{names.camel(neighbour)}",
            name=f"{users}/{self._layer}",
            type="String",
            value=self._layer,
            description=f"The layer {self._layer} stands on this one",
        )
        used.node.add_dependency(self._resource)
        return used

    def told(self, side: str, layer: str, name: str) -> str:
        """What a neighbour tells in the region of that side, ``Launch`` or ``Peer``."""
        assert (side, layer, name) in self._read, f"{self._layer} does not read {layer}/{name}"
        return self._resource.get_att_string(side + names.camel(layer) + names.camel(name))

    def own_there(self, read: Sequence[str], *, after: Construct) -> Mapping[str, str]:
        """What the layer itself tells in the peer region, once ``after`` is up."""
        values = cdk.CustomResource(
            self,
            "Own",
            service_token=self._function.function_arn,
            resource_type="Custom::DrPeerParameter",
            properties={
                "Region": self._peer_region,
                "Path": names.parameter_path(suffix=self._suffix, layer=self._layer),
                "Names": list(read),
            },
        )
        values.node.add_dependency(after)
        return {name: values.get_att_string(names.camel(name)) for name in read}

    def before(self, everything: Iterable[IConstruct]) -> None:
        """Let every resource below ``everything`` wait until the neighbours are found and told.

        So they are told that they are used no more after all else is gone.
        """
        found = self._resource.node.default_child
        assert isinstance(found, cdk.CfnResource)
        everything_waits(everything, first=[found, *self._users], besides=[self])


def _parameters_arn(stack: cdk.Stack, *, suffix: str, layer: str, region: str) -> str:
    path = names.parameter_path(suffix=suffix, layer=layer).removeprefix("/")
    return stack.format_arn(
        service="ssm", region=region, resource="parameter", resource_name=f"{path}/*"
    )
