"""What a shell may complete: suffixes, products and versions, by one cheap call each.

A shell waits for the answer at every tab, so that the call gets a second and no repeat; whatever goes
wrong, there is nothing to complete, and nothing is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from .. import names

LIMIT_SECONDS = 1.0


def suffixes(region: str | None) -> list[str]:
    """The suffixes that are launched, of the first page."""
    return _quietly(region, _suffixes)


def products(region: str | None) -> list[str]:
    """The products that may be launched, of the first page."""
    return _quietly(region, _products)


def layers(region: str | None, *, suffix: str | None) -> list[str]:
    """The layers that are launched under a suffix, of the first page."""
    return _quietly(
        region,
        lambda client: (layer for each, layer in _launches(client) if each == suffix and layer),
    )


def versions(
    region: str | None, *, product: str | None, suffix: str | None, layer: str = ""
) -> list[str]:
    """The versions of a product, or of the product that is launched under a suffix."""
    return _quietly(region, lambda client: _versions(client, product, suffix, layer))


def _suffixes(client: Any) -> Iterable[str]:
    return {suffix for suffix, _ in _launches(client)}


def _launches(client: Any) -> list[tuple[str, str]]:
    scope = {"Key": "Account", "Value": "self"}
    answer = client.search_provisioned_products(AccessLevelFilter=scope)
    found = [each["Name"] for each in answer["ProvisionedProducts"]]
    return [names.of_launch(name) for name in found if name.startswith("dr-")]


def _products(client: Any) -> Iterable[str]:
    return [each["Name"] for each in client.search_products()["ProductViewSummaries"]]


def _versions(client: Any, product: str | None, suffix: str | None, layer: str) -> Iterable[str]:
    key = {"Name": product}
    if product is None:
        if suffix is None:
            return []
        name = names.launch(suffix=suffix, layer=layer)
        launch = client.describe_provisioned_product(Name=name)
        key = {"Id": launch["ProvisionedProductDetail"]["ProductId"]}
    return [each["Name"] for each in client.describe_product(**key)["ProvisioningArtifacts"]]


def _quietly(region: str | None, ask: Callable[[Any], Iterable[str]]) -> list[str]:
    """The answer within the limit; else nothing. A thread, since a name's resolution has no limit."""
    import threading

    found: list[str] = []

    def work() -> None:
        try:
            found.extend(ask(_client(region)))
        except Exception:  # completion never says anything
            found.clear()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    return [] if thread.is_alive() else sorted(found)


def _client(region: str | None) -> Any:
    import boto3
    from botocore.config import Config

    # A profile's instance metadata would be asked for credentials for seconds.
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    return boto3.client(
        "servicecatalog",
        region_name=region,
        config=Config(
            connect_timeout=LIMIT_SECONDS,
            read_timeout=LIMIT_SECONDS,
            retries={"total_max_attempts": 1},
        ),
    )
