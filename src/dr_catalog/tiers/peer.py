"""How the other regions come up: StackSet resources in the primary template, and nothing else.

Self-managed permissions: CloudFormation passes the administration role, which assumes the execution
role in the same account; one stack instance each, in the peer region or the witness's. This file alone knows that it is
done so.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-stackset.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IDependable

from .. import names
from ..layers._function import PythonFunction
from ..names import camel, parameter_path
from .parameters import Parameter
from .peer_undo import PeerUndo
from .template import ASSET_BUCKET_PREFIX

CONNECT_TIMEOUT = cdk.Duration.minutes(2)


@dataclass(frozen=True)
class PeerKind:
    """One of the templates that the primary brings up elsewhere.

    Args:
        template: ``foundation``, ``workload`` or ``witness``; freezing a release puts the digest in its place.
        name: The StackSet's name.
        where: Where it is, as the StackSet says.
    """

    template: str
    name: names.Name
    where: str = "of the peer region"


FOUNDATION = PeerKind(template="foundation", name=names.FOUNDATION)
WORKLOAD = PeerKind(template="workload", name=names.WORKLOAD)
WITNESS = PeerKind(template="witness", name=names.WITNESS, where="in a region of its own")


class PeerStackSet(Construct):
    """One of the templates for another region, brought up with this launch and deleted with it.

    Args:
        kind: Which.
        suffix: The environment suffix.
        region: Where the one instance goes.
        undo: Takes away what the stack keeps when the launch fails; none where it keeps nothing.
        kept: What the stack keeps when it is deleted, of ``bucket``, ``vault``, ``key``, ``database``.
        new: Those that an upgrade from a release without ``PeerUndo`` brings.
        parameters: The template's parameters, with their values.
        after: What must be there first.
        condition: On which it is there at all.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        kind: PeerKind,
        suffix: str,
        region: str,
        undo: PeerUndo | None = None,
        kept: Sequence[str] = (),
        new: Sequence[str] = (),
        parameters: Mapping[Parameter, str],
        after: Sequence[IDependable] = (),
        condition: cdk.CfnCondition | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.resource = cdk.CfnStackSet(
            self,
            "StackSet",
            stack_set_name=kind.name.of(suffix=suffix),
            description=f"The {kind.template} {kind.where}",
            permission_model="SELF_MANAGED",
            administration_role_arn=stack.format_arn(
                service="iam",
                region="",
                resource="role",
                resource_name=names.STACKSET_ADMINISTRATION_ROLE,
            ),
            execution_role_name=names.STACKSET_EXECUTION_ROLE,
            template_url=cdk.Fn.sub(
                "https://s3.${AWS::Region}.${AWS::URLSuffix}/"
                + ASSET_BUCKET_PREFIX
                + f"-${{AWS::Region}}/templates/@{kind.template}@.json"
            ),
            capabilities=["CAPABILITY_NAMED_IAM"],
            parameters=[
                cdk.CfnStackSet.ParameterProperty(parameter_key=row.name, parameter_value=value)
                for row, value in parameters.items()
            ],
            stack_instances_group=[
                cdk.CfnStackSet.StackInstancesProperty(
                    deployment_targets=cdk.CfnStackSet.DeploymentTargetsProperty(
                        accounts=[stack.account]
                    ),
                    regions=[region],
                )
            ],
        )
        self.resource.cfn_options.condition = condition
        self.resource.node.add_dependency(*after)
        if undo is not None:
            # The undoing is made before and so deleted after, and before what the stack stands on.
            undone = undo.add(kind.template, kept=kept, new=new)
            undone.node.add_dependency(*after)
            self.resource.node.add_dependency(undone)


class PeerParameters(Construct):
    """Reads what the peer region's layers tell others, so that it can be an output here.

    Args:
        suffix: The environment suffix.
        peer_region: Where to read.
        key: The customer key in this region.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, suffix: str, peer_region: str, key: kms.IKey
    ) -> None:
        super().__init__(scope, construct_id)
        self._suffix, self._peer_region = suffix, peer_region
        stack = cdk.Stack.of(self)
        self._reader = PythonFunction(
            self,
            "Reader",
            function_name=names.PEER_READER.of(suffix=suffix),
            role_name=names.PEER_READER_ROLE.of(suffix=suffix, region=stack.region),
            asset="custom_resources",
            handler="peer_parameter.handler",
            key=key,
            timeout=CONNECT_TIMEOUT,
            statements=[
                iam.PolicyStatement(
                    sid="ReadPeerParameters",
                    actions=["ssm:GetParameters"],
                    resources=[
                        stack.format_arn(
                            service="ssm",
                            region=peer_region,
                            resource="parameter",
                            resource_name=f"dr/{suffix}/*",
                        )
                    ],
                )
            ],
        )

    def read(
        self, construct_id: str, *, layer: str, names: Sequence[str], after: Construct
    ) -> Mapping[str, str]:
        """The values of ``/dr/<suffix>/<layer>/<name>`` in the peer, read once ``after`` is up.

        Args:
            layer: The layer that wrote them.
            names: Up to ten of its names.
            after: What brings the layer up.

        Returns:
            Each name's value, an attribute token.
        """
        values = cdk.CustomResource(
            self,
            construct_id,
            service_token=self._reader.function.function_arn,
            resource_type="Custom::DrPeerParameter",
            properties={
                "Region": self._peer_region,
                "Path": parameter_path(suffix=self._suffix, layer=layer),
                "Names": list(names),
            },
        )
        values.node.add_dependency(after)
        return {name: values.get_att_string(camel(name)) for name in names}
