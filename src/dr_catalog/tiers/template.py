"""The templates of a tier, neutral as to region, account and stage.

A tier has three: *primary*, which a tenant launches, and the peer region's *foundation* and
*workload*, which the primary brings up at the two points where it needs them. None is written to a
CDK bootstrap bucket: code is read from the catalog's asset bucket, whose name is a dynamic
reference (``/dr-catalog/asset-bucket-prefix``) that onboarding writes and tenants may not, and which
the primary hands to the peer as a string.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names

SSM_STRING = "AWS::SSM::Parameter::Value<String>"
ASSET_BUCKET_PREFIX = "{{resolve:ssm:" + names.ASSET_BUCKET_PREFIX_PARAMETER + "}}"
REGION_PATTERN = r"^[a-z]{2,4}(-[a-z]+)+-\d$"


class TierTemplate(cdk.Stack):
    """One template: a plain stack whose code lies in the catalog's asset bucket.

    Args:
        tier: The tier's name, which tags everything.
        description: The template's description.
        asset_bucket_prefix: What stands before ``-<region>`` in the asset bucket's name.

    Attributes:
        suffix: The environment suffix, a parameter of every template.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tier: str,
        description: str,
        asset_bucket_prefix: str,
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
        self.suffix = cdk.CfnParameter(
            self,
            names.SUFFIX_PARAMETER,
            description="Names everything this launch creates: 2 to 20 lower-case letters, "
            "digits and single hyphens, beginning with a letter",
            allowed_pattern=names.SUFFIX_PATTERN,
            min_length=names.SUFFIX_MIN,
            max_length=names.SUFFIX_MAX,
            constraint_description="2 to 20 characters: a-z, 0-9 and single inner hyphens, "
            "beginning with a letter",
        ).value_as_string
        cdk.Tags.of(self).add("dr:suffix", self.suffix)
        cdk.Tags.of(self).add("dr:tier", tier)
        # No role that a launch makes can do more than what onboarding allows.
        boundary = iam.ManagedPolicy.from_managed_policy_name(
            self, "Boundary", names.PERMISSIONS_BOUNDARY
        )
        iam.PermissionsBoundary.of(self).apply(boundary)


class PrimaryTemplate(TierTemplate):
    """What a tenant launches.

    Attributes:
        peer_region: The other region of the pair, read from what onboarding wrote.
        deletion_protection: ``"true"`` or ``"false"``.
        on_termination: ``"retain"`` or ``"purge"``.
    """

    def __init__(self, scope: Construct, construct_id: str, *, tier: str, description: str) -> None:
        super().__init__(
            scope,
            construct_id,
            tier=tier,
            description=description,
            asset_bucket_prefix=ASSET_BUCKET_PREFIX,
        )
        # Rules on an SSM-typed parameter hold for its key, so no launch can name another one.
        self.peer_region = cdk.CfnParameter(
            self,
            "PeerRegion",
            type=SSM_STRING,
            default=names.PEER_REGION_PARAMETER,
            allowed_values=[names.PEER_REGION_PARAMETER],
            description="The SSM parameter that holds the peer region; onboarding writes it",
        ).value_as_string
        self.deletion_protection = cdk.CfnParameter(
            self,
            "DeletionProtection",
            default="true",
            allowed_values=["true", "false"],
            description="While true, the launch can't be terminated",
        ).value_as_string
        self.on_termination = cdk.CfnParameter(
            self,
            "OnTermination",
            default="retain",
            allowed_values=["retain", "purge"],
            description="What termination does with the data: retain keeps key, table and "
            "documents in both regions; purge deletes them",
        ).value_as_string
        self.template_options.metadata = {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {
                        "Label": {"default": "Environment"},
                        "Parameters": [names.SUFFIX_PARAMETER, "PeerRegion"],
                    },
                    {
                        "Label": {"default": "Deletion"},
                        "Parameters": ["DeletionProtection", "OnTermination"],
                    },
                ],
                "ParameterLabels": {
                    names.SUFFIX_PARAMETER: {"default": "Environment suffix"},
                    "PeerRegion": {"default": "Peer region (leave as it is)"},
                    "DeletionProtection": {"default": "Deletion protection"},
                    "OnTermination": {"default": "Data on termination"},
                },
            }
        }


class FoundationTemplate(TierTemplate):
    """What the peer region needs before the launch region's data stores: key and destinations.

    Attributes:
        primary_key_arn: The ARN of the launch region's multi-Region key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, tier: str, description: str) -> None:
        super().__init__(
            scope,
            construct_id,
            tier=tier,
            description=description,
            asset_bucket_prefix=ASSET_BUCKET_PREFIX,
        )
        self.primary_key_arn = cdk.CfnParameter(
            self,
            "PrimaryKeyArn",
            allowed_pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/mrk-[0-9a-f]+$",
            description="The ARN of the launch region's multi-Region key",
        ).value_as_string


class WorkloadTemplate(TierTemplate):
    """What runs in the peer region once the data is there.

    Attributes:
        launch_region: The region the tenant launched in.
        key_id: The id of the multi-Region key, the same in both regions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, tier: str, description: str) -> None:
        super().__init__(
            scope,
            construct_id,
            tier=tier,
            description=description,
            asset_bucket_prefix="${AssetBucketPrefix}",
        )
        cdk.CfnParameter(
            self,
            "AssetBucketPrefix",
            allowed_pattern=r"^[a-z0-9][a-z0-9-]{2,47}$",
            description="What stands before the region in the name of the asset bucket",
        )
        self.launch_region = cdk.CfnParameter(
            self,
            "LaunchRegion",
            allowed_pattern=REGION_PATTERN,
            description="The region the tenant launched in",
        ).value_as_string
        self.key_id = cdk.CfnParameter(
            self,
            "KeyId",
            allowed_pattern=r"^mrk-[0-9a-f]+$",
            description="The id of the multi-Region key",
        ).value_as_string
