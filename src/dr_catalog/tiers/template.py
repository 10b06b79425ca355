"""The templates of a tier, neutral as to region, account and stage.

A tier has three: *primary*, which a tenant launches, and the peer region's *foundation* and
*workload*, which the primary brings up at the two points where it needs them; it may have a fourth,
*witness*, for a region outside the pair. None is written to a
CDK bootstrap bucket: code is read from the catalog's asset bucket, whose name is a dynamic
reference (``/dr-catalog/asset-bucket-prefix``) that onboarding writes and tenants may not, and which
the primary hands to the peer as a string.
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names
from .parameters import SUFFIX, Parameter

ASSET_BUCKET_PREFIX = "{{resolve:ssm:" + names.ASSET_BUCKET_PREFIX_PARAMETER + "}}"
PREFIX_AS_GIVEN = "${AssetBucketPrefix}"
CONTENT = "@content@"
"""Linking a release puts the digest of the whole primary template in its place."""


class TierTemplate(cdk.Stack):
    """One template: a plain stack whose code lies in the catalog's asset bucket.

    Args:
        tier: The tier's name, which tags everything.
        description: The template's description.
        parameters: Its parameters; the suffix is always one.
        asset_bucket_prefix: What stands before ``-<region>`` in the asset bucket's name; in the
            peer's templates their parameter of that name.

    Attributes:
        tier: As given.
        suffix: The environment suffix.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tier: str,
        description: str,
        parameters: Sequence[Parameter],
        asset_bucket_prefix: str = PREFIX_AS_GIVEN,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            analytics_reporting=False,
            synthesizer=cdk.DefaultStackSynthesizer(
                file_assets_bucket_name=asset_bucket_prefix + "-${AWS::Region}",
                bucket_prefix="assets/",
                generate_bootstrap_version_rule=False,
            ),
        )
        self.tier = tier
        self._parameters = {row.name: _parameter(self, row) for row in (SUFFIX, *parameters)}
        self.suffix = self.value(SUFFIX)
        cdk.Tags.of(self).add("dr:suffix", self.suffix)
        cdk.Tags.of(self).add("dr:tier", tier)
        # No role that a launch makes can do more than what onboarding allows.
        boundary = iam.ManagedPolicy.from_managed_policy_name(
            self, "Boundary", names.PERMISSIONS_BOUNDARY
        )
        iam.PermissionsBoundary.of(self).apply(boundary)

    def value(self, row: Parameter) -> str:
        """A parameter's value, as text."""
        return self._parameters[row.name].value_as_string

    def number(self, row: Parameter) -> float:
        """The value of a parameter of type ``Number``."""
        return self._parameters[row.name].value_as_number

    def values(self, row: Parameter) -> list[str]:
        """The value of a parameter of type ``CommaDelimitedList``."""
        return self._parameters[row.name].value_as_list


class PrimaryTemplate(TierTemplate):
    """What a tenant launches: the parameters stand in groups, with labels."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tier: str,
        description: str,
        parameters: Sequence[Parameter],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            tier=tier,
            description=description,
            parameters=parameters,
            asset_bucket_prefix=ASSET_BUCKET_PREFIX,
        )
        rows = (SUFFIX, *parameters)
        groups = list(dict.fromkeys(row.group for row in rows))
        self.template_options.metadata = {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {
                        "Label": {"default": group},
                        "Parameters": [row.name for row in rows if row.group == group],
                    }
                    for group in groups
                ],
                "ParameterLabels": {row.name: {"default": row.label} for row in rows},
            }
        }


def _parameter(scope: Construct, row: Parameter) -> cdk.CfnParameter:
    fewest, most = row.lengths or (None, None)
    return cdk.CfnParameter(
        scope,
        row.name,
        type=row.type,
        description=row.description,
        default=row.default,
        allowed_pattern=row.pattern,
        allowed_values=list(row.allowed) or None,
        min_value=row.minimum,
        max_value=row.maximum,
        min_length=fewest,
        max_length=most,
        constraint_description=f"must be: {row.description}" if row.pattern else None,
    )
