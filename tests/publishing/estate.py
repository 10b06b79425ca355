"""A small catalog with accounts of its own on the embedded AWS, published as the command does."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from dr_catalog.cli.organisation import make_role
from dr_catalog.publishing import Published, Publishing

from .small_catalog import REGIONS, SmallCatalog
from .wire import Wire

HOME, OTHER = REGIONS
ROLE = "entry"
_accounts = itertools.count(640000000000)


@functools.cache
def _client(endpoint: str, service: str, account: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


def new_account() -> str:
    """An account that no other test uses."""
    return str(next(_accounts))


@dataclass
class Estate:
    """A catalog and its hubs; ``wire`` holds what the last publishing called."""

    endpoint: str
    catalog: SmallCatalog
    said: list[str] = field(default_factory=list)
    wire: Wire = field(default_factory=Wire)

    def hub(self, stage: str = "one") -> str:
        """The account of a stage."""
        return self.catalog.stages[stage]

    def client(self, service: str, *, account: str = "", region: str = HOME) -> Any:
        """A client of an account's administrator; by default the first stage's."""
        return _client(self.endpoint, service, account or self.hub(), region)

    def publishing(
        self, stage: str = "one", *, wire: Wire | None = None, **more: Any
    ) -> Publishing:
        """A publishing of the stage, through a wire of its own unless one is given."""
        self.wire = wire or Wire(role=ROLE)
        return Publishing(
            root=self.catalog.root,
            stage=stage,
            accounts=self.wire,
            say=self.said.append,
            foreign=True,
            **{"folder": self.catalog.root / "assembly", **more},
        )

    def publish(self, stage: str = "one", **more: Any) -> tuple[Published, ...]:
        """Publish what is on disk."""
        return self.publishing(stage, **more).run()

    def ids(self, stage: str = "one") -> Mapping[str, str]:
        """Region, product and version to the version's id, as Service Catalog tells it."""
        return {
            f"{region} {product} {each['Name']}": each["Id"]
            for region in REGIONS
            for product, each in self.artifacts(region, stage)
        }

    def artifacts(self, region: str = HOME, stage: str = "one") -> list[tuple[str, dict[str, Any]]]:
        """Each version of each product."""
        catalog = self.client("servicecatalog", account=self.hub(stage), region=region)
        return [
            (product["ProductViewSummary"]["Name"], each)
            for product in catalog.search_products_as_admin()["ProductViewDetails"]
            for each in catalog.list_provisioning_artifacts(
                ProductId=product["ProductViewSummary"]["ProductId"]
            )["ProvisioningArtifactDetails"]
        ]

    def told(self, region: str = HOME) -> dict[str, tuple[str, bool, str]]:
        """Product and version to guidance, activity and description."""
        return {
            f"{product} {each['Name']}": (each["Guidance"], each["Active"], each["Description"])
            for product, each in self.artifacts(region)
        }

    def portfolios(self, region: str = HOME) -> Mapping[str, str]:
        """Each portfolio's name and id."""
        found = self.client("servicecatalog", region=region).list_portfolios()
        return {each["DisplayName"]: each["Id"] for each in found["PortfolioDetails"]}

    def roles(self, *accounts: str, trusted: str) -> None:
        """Roles by which ``trusted`` may enter the accounts."""
        for account in accounts:
            make_role(endpoint=self.endpoint, account=account, role=ROLE, trusted=(trusted,))


def estate_of(endpoint: str, root: Path, *, stages: int = 1, **given: Any) -> Estate:
    """A catalog of two products, each in a portfolio, with hubs of its own; not published yet."""
    catalog = SmallCatalog(
        root=root,
        stages={name: new_account() for name in ("one", "two", "three")[:stages]},
        **{
            "products": {
                "alpha": [("1.0.0", "guidance: available"), ("1.1.0", "guidance: default")],
                "beta": [("1.0.0", "guidance: default")],
            },
            "portfolios": {} if "products" in given else {"Small": ["alpha"], "Blocks": ["beta"]},
            **given,
        },
    )
    catalog.write()
    return Estate(endpoint, catalog)


def policy(service: str) -> str:
    """A trust policy for a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
