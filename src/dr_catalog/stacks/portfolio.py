"""The portfolio of a stage in one region: what is offered, to whom, under which role.

Every released version is a provisioning artifact at a URL that never changes,
``<asset bucket>/templates/<sha256>.json``, because CloudFormation knows a version by (URL, name) and
gives it a new id when either does. Guidance and activity are not in CloudFormation; publishing sets
them afterwards.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_ServiceCatalog.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_servicecatalog as servicecatalog
from constructs import Construct

from .. import names
from ..definitions import Portfolio, Principal, Product


class PortfolioStack(cdk.Stack):
    """One portfolio with its products, constraints, tag options, principals and shares.

    Args:
        portfolio: What ``portfolio/portfolio.yaml`` says.
        products: The products it offers, by name.
        digests: For each product, version to the primary template's sha256.
        canary: Whether the stage's canary may launch from it, too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: cdk.Environment,
        portfolio: Portfolio,
        products: Mapping[str, Product],
        digests: Mapping[str, Mapping[str, str]],
        canary: bool = False,
    ) -> None:
        text = portfolio.portfolio
        super().__init__(
            scope,
            construct_id,
            env=env,
            description=text.description,
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        offered = servicecatalog.CfnPortfolio(
            self,
            "Portfolio",
            display_name=text.name,
            provider_name=text.provider,
            description=text.description,
        )
        self._portfolio_id = offered.ref
        for name in portfolio.products:
            if products[name].versions:
                self._offer(products[name], digests[name], portfolio.constraints.get(name, ()))
        # As a pattern: an ARN would be refused as long as the role is not there.
        canaries = [Principal(type="IAM_PATTERN", role=names.CANARY_ROLE)] if canary else []
        self._open_to(portfolio, [*portfolio.principals, *canaries])
        cdk.CfnOutput(self, "PortfolioId", value=self._portfolio_id)

    def _offer(
        self, product: Product, digests: Mapping[str, str], constraints: Sequence[Path]
    ) -> None:
        name = product.product
        bucket = names.ASSET_BUCKET.of(account=self.account, region=self.region)
        resource = servicecatalog.CfnCloudFormationProduct(
            self,
            names.camel(name),
            name=name,
            owner=product.owner,
            description=product.description,
            distributor=product.owner,
            support_description=product.support.description,
            support_email=product.support.email,
            support_url=product.support.url,
            provisioning_artifact_parameters=[
                servicecatalog.CfnCloudFormationProduct.ProvisioningArtifactPropertiesProperty(
                    name=version.version,
                    description=version.told,
                    info={
                        "LoadTemplateFromURL": f"https://s3.{self.region}.{self.url_suffix}/"
                        f"{bucket}/templates/{digests[version.version]}.json"
                    },
                )
                for version in product.versions
            ],
        )
        cdk.CfnOutput(self, f"{names.camel(name)}Id", value=resource.ref)
        in_portfolio = {"portfolio_id": self._portfolio_id, "product_id": resource.ref}
        offer = servicecatalog.CfnPortfolioProductAssociation(
            self, f"{names.camel(name)}Offer", **in_portfolio
        )
        launch = servicecatalog.CfnLaunchRoleConstraint(
            self,
            f"{names.camel(name)}Launch",
            **in_portfolio,
            local_role_name=names.LAUNCH_ROLE.of(suffix=name),
            description=f"{name} is launched under this role, not under the tenant's",
        )
        launch.add_resource_dependency(offer)
        for file in constraints:
            rules = servicecatalog.CfnLaunchTemplateConstraint(
                self,
                f"{names.camel(name)}Rules{names.camel(file.stem)}",
                **in_portfolio,
                description=f"Rules for the parameters of {name}: {file.stem}",
                rules=json.dumps(json.loads(file.read_text(encoding="utf-8")), sort_keys=True),
            )
            rules.add_resource_dependency(offer)

    def _open_to(self, portfolio: Portfolio, principals: Sequence[Principal]) -> None:
        for principal in principals:
            servicecatalog.CfnPortfolioPrincipalAssociation(
                self,
                f"Principal{names.camel(principal.role)}",
                portfolio_id=self._portfolio_id,
                principal_type=principal.type,
                principal_arn=self.format_arn(
                    service="iam",
                    region="",
                    account="" if principal.type == "IAM_PATTERN" else self.account,
                    resource="role",
                    resource_name=principal.role,
                ),
            )
        for account in portfolio.shares.accounts:
            servicecatalog.CfnPortfolioShare(
                self,
                f"Share{account}",
                portfolio_id=self._portfolio_id,
                account_id=account,
                share_tag_options=True,
            )
        for key, values in portfolio.tag_options.items():
            for value in values:
                option = servicecatalog.CfnTagOption(
                    self,
                    f"Tag{names.camel(key)}{names.camel(value)}",
                    key=key,
                    value=value,
                    active=True,
                )
                servicecatalog.CfnTagOptionAssociation(
                    self,
                    f"Tag{names.camel(key)}{names.camel(value)}Use",
                    resource_id=self._portfolio_id,
                    tag_option_id=option.ref,
                )
