"""A released version costs a synthesis nothing but its own entry: no construct, and no call that goes to Node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aws_cdk as cdk
import jsii
import pytest

from dr_catalog.definitions import ProductVersion, load_catalog
from dr_catalog.stacks import PortfolioStack

from .conftest import ROOT


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many calls have gone to Node so far."""
    provider: Any = jsii._kernel.Kernel().provider._process
    sent, send = [0], provider.send

    def count(*given: Any) -> Any:
        sent[0] += 1
        return send(*given)

    monkeypatch.setattr(provider, "send", count)
    return lambda: sent[0]


def test_fifty_versions_are_as_many_constructs_and_calls_as_one(calls: Callable[[], int]) -> None:
    catalog = load_catalog(ROOT)
    found = []
    for count in (1, 50):
        before = calls()
        versions = tuple(
            ProductVersion(f"1.{number}.0", "available" if number else "default", "One")
            for number in range(count)
        )
        stack = PortfolioStack(
            cdk.App(analytics_reporting=False),
            "Portfolio",
            env=cdk.Environment(account="111111111111", region="us-east-1"),
            offer=catalog.offer,
            products={
                name: replace(product, versions=versions)
                for name, product in catalog.products.items()
            },
            digests={
                name: {version.version: "0" * 64 for version in versions}
                for name in catalog.products
            },
        )
        sent = calls() - before
        template = cdk.assertions.Template.from_stack(stack).to_json()
        entries = [
            len(each["Properties"]["ProvisioningArtifactParameters"])
            for each in template["Resources"].values()
            if each["Type"] == "AWS::ServiceCatalog::CloudFormationProduct"
        ]
        assert set(entries) == {count}
        found.append((len(stack.node.find_all()), len(template["Resources"]), sent))
    assert found[0] == found[1]
