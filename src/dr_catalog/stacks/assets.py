"""The asset bucket of a stage in one region: templates and code, by content hash.

Service Catalog and CloudFormation read it in the tenants' accounts, and Lambda wants its code in a
bucket of its own region; so each region has one, and every account of the catalog may read it.
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .. import names


class AssetStack(cdk.Stack):
    """Bucket ``dr-catalog-assets-<account>-<region>``.

    Args:
        readers: Account ids that may read, besides the stage's own.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, env: cdk.Environment, readers: Sequence[str]
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
        if readers:
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="CatalogAccountsRead",
                    principals=[iam.AccountPrincipal(account) for account in readers],
                    actions=["s3:GetObject"],
                    resources=[bucket.arn_for_objects("*")],
                )
            )
