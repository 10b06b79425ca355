"""The portfolios of a stage in one region: what is offered, to whom, under which role.

Every released version is a provisioning artifact at a URL that never changes,
``<asset bucket>/templates/<sha256>.json``, because CloudFormation knows a version by (URL, name) and
gives it a new id when either does. Guidance and activity are not in CloudFormation; publishing sets
them afterwards.

The first portfolio's resources have plain logical ids, those of another end with its name: whoever puts
one more after it, or renames the first, changes nothing of what is there.

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
from ..definitions import Offer, Portfolio, Principal, Product


class PortfolioStack(cdk.Stack):
    """The portfolios with their products, constraints, tag options, principals and shares.

    Args:
        offer: What ``portfolio/portfolio.yaml`` says.
        products: The products it offers, by name.
        digests: For each product, version to the primary template's sha256.
        canary: Whether the stage's canary may launch too, from the portfolios that let it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: cdk.Environment,
        offer: Offer,
        products: Mapping[str, Product],
        digests: Mapping[str, Mapping[str, str]],
        canary: bool = False,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description=offer.portfolios[0].description,
            synthesizer=cdk.BootstraplessSynthesizer(),
            analytics_reporting=False,
        )
        bucket = names.ASSET_BUCKET.of(account=self.account, region=self.region)
        # Once, and not for each version: what a stack is asked goes to Node and back.
        self._urls = f"https://s3.{self.region}.{self.url_suffix}/{bucket}/templates"
        tag_options = {
            f"Tag{names.camel(key)}{names.camel(value)}": servicecatalog.CfnTagOption(
                self,
                f"Tag{names.camel(key)}{names.camel(value)}",
                key=key,
                value=value,
                active=True,
            )
            for key, values in offer.tag_options.items()
            for value in values
        }
        for key, portfolio in offer.keyed:
            made = self._portfolio(portfolio, key, provider=offer.provider)
            for name in portfolio.products:
                if products[name].versions:
                    rules = offer.constraints.get(name, ())
                    self._offer(made, products[name], digests[name], rules)
            # As a pattern: an ARN would be refused as long as the role is not there.
            pattern = Principal(type="IAM_PATTERN", role=names.CANARY_ROLE)
            canaries = [pattern] if canary and portfolio.canary else []
            self._open_to(made, key, [*offer.principals, *canaries], offer.shares.accounts)
            for name, option in tag_options.items():
                servicecatalog.CfnTagOptionAssociation(
                    self, f"{name}Use{key}", resource_id=made, tag_option_id=option.ref
                )

    def _portfolio(self, portfolio: Portfolio, key: str, *, provider: str) -> str:
        """The portfolio, whose id is an output as well; its id."""
        made = servicecatalog.CfnPortfolio(
            self,
            f"Portfolio{key}",
            display_name=portfolio.name,
            provider_name=provider,
            description=portfolio.description,
        )
        cdk.CfnOutput(self, f"Portfolio{key}Id", value=made.ref)
        return made.ref

    def _offer(
        self,
        portfolio_id: str,
        product: Product,
        digests: Mapping[str, str],
        constraints: Sequence[Path],
    ) -> None:
        name = product.product
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
                    info={"LoadTemplateFromURL": f"{self._urls}/{digests[version.version]}.json"},
                )
                for version in product.versions
            ],
        )
        cdk.CfnOutput(self, f"{names.camel(name)}Id", value=resource.ref)
        in_portfolio = {"portfolio_id": portfolio_id, "product_id": resource.ref}
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

    def _open_to(
        self,
        portfolio_id: str,
        key: str,
        principals: Sequence[Principal],
        accounts: Sequence[str],
    ) -> None:
        for principal in principals:
            servicecatalog.CfnPortfolioPrincipalAssociation(
                self,
                f"Principal{names.camel(principal.role)}{key}",
                portfolio_id=portfolio_id,
                principal_type=principal.type,
                principal_arn=self.format_arn(
                    service="iam",
                    region="",
                    account="" if principal.type == "IAM_PATTERN" else self.account,
                    resource="role",
                    resource_name=principal.role,
                ),
            )
        for account in accounts:
            servicecatalog.CfnPortfolioShare(
                self,
                f"Share{account}{key}",
                portfolio_id=portfolio_id,
                account_id=account,
                share_tag_options=True,
            )
