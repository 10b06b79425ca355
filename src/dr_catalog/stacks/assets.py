"""The asset bucket of a stage in one region: templates and code, by content hash.

Service Catalog and CloudFormation read it in the tenants' accounts, and Lambda wants its code in a
bucket of its own region; so each region has one, and every account that the portfolio is shared with may
read it.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .. import names
from ..definitions import Shares


class AssetStack(cdk.Stack):
    """Bucket ``dr-catalog-assets-<account>-<region>``.

    Args:
        readers: With whom the portfolio is shared: they may read, besides the stage's own account.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, env: cdk.Environment, readers: Shares
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description="Templates and code of the catalog, by content hash",
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        bucket = s3.Bucket(
            self,
            "Assets",
            bucket_name=names.ASSET_BUCKET.of(account=self.account, region=self.region),
            encryption=s3.BucketEncryption.S3_MANAGED,  # public code; readers need no key grant
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        if readers.accounts:
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="CatalogAccountsRead",
                    principals=[iam.AccountPrincipal(account) for account in readers.accounts],
                    actions=["s3:GetObject"],
                    resources=[bucket.arn_for_objects("*")],
                )
            )
        if readers.organization:
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="CatalogOrganizationReads",
                    principals=[iam.AnyPrincipal()],
                    actions=["s3:GetObject"],
                    resources=[bucket.arn_for_objects("*")],
                    conditions=_members(readers),
                )
            )


def _members(readers: Shares) -> dict[str, dict[str, object]]:
    """The condition that the caller's account is in the organisation, or in one of the units.

    An account's path is organisation, root and units, each followed by a slash.
    """
    conditions: dict[str, dict[str, object]] = {
        "StringEquals": {"aws:PrincipalOrgID": readers.organization}
    }
    if readers.organizational_units:
        conditions["ForAnyValue:StringLike"] = {
            "aws:PrincipalOrgPaths": [
                f"{readers.organization}/*/{unit}/*" for unit in readers.organizational_units
            ]
        }
    return conditions
