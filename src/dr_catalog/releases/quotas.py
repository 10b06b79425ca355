"""What AWS takes at most.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..definitions import Offer, Product
from .findings import Finding
from .template import Template

TEMPLATE_BYTES = 1_000_000
RESOURCES, PARAMETERS, OUTPUTS = 500, 200, 200
PARAMETER_VALUE = 4_096
VERSIONS, TAG_OPTIONS = 100, 25
VERSION_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}")

_Measured = tuple[str, str, int, int]
"""Resource, what was measured, how much there is, how much there may be."""


@dataclass(frozen=True)
class _About:
    product: str = ""
    version: str = ""
    template: str = ""


def check_template(
    *, product: str, version: str, template: Template, content: bytes
) -> Iterator[Finding]:
    """Quotas of one template."""
    parameters, outputs = template.parameters, template.outputs
    measured: list[_Measured] = [
        ("", "bytes", len(content), TEMPLATE_BYTES),
        ("", "resources", len(template.by_id), RESOURCES),
        ("", "parameters", len(parameters), PARAMETERS),
        ("", "outputs", len(outputs), OUTPUTS),
        ("", "bytes of description", len(template.body.get("Description", "").encode()), 1_024),
    ]
    for name, body in parameters.items():
        values = [str(body.get("Default", "")), *map(str, body.get("AllowedValues", ()))]
        longest = max(map(len, values))
        measured += [
            (name, "characters of a parameter's value", longest, PARAMETER_VALUE),
            (name, "characters of description", len(body.get("Description", "")), 4_000),
        ]
    for name, body in outputs.items():
        measured.append(
            (name, "characters of description", len(body.get("Description", "")), 1_024)
        )
    yield from _over(_About(product, version, template.role), measured)


def check_product(product: Product) -> Iterator[Finding]:
    """Quotas of a product's definition."""
    yield from _over(
        _About(product.product),
        [
            ("versions", "versions", len(product.versions), VERSIONS),
            ("title", "characters", len(product.title), 100),
            ("owner", "characters", len(product.owner), 8_191),
            ("description", "characters", len(product.description), 8_191),
            ("support.email", "characters", len(product.support.email), 254),
            ("support.url", "characters", len(product.support.url), 2_083),
            ("support.description", "characters", len(product.support.description), 8_191),
            *(
                (entry.version, "characters of description", len(entry.description), 8_192)
                for entry in product.versions
            ),
        ],
    )
    for entry in product.versions:
        if not VERSION_NAME.fullmatch(entry.version):
            yield Finding(
                product=product.product,
                version=entry.version,
                template="",
                resource="",
                rule="quota",
                message="the version is no name that Service Catalog takes",
                hint=f"it must match {VERSION_NAME.pattern}",
            )


def check_offer(offer: Offer) -> Iterator[Finding]:
    """Quotas of what ``portfolio.yaml`` says of the portfolios."""
    tag_options = sum(map(len, offer.tag_options.values()))
    measured: list[_Measured] = [
        ("provider", "characters", len(offer.provider), 50),
        ("tag_options", "tag options", tag_options, TAG_OPTIONS),
    ]
    for place, portfolio in enumerate(offer.portfolios):
        field = f"portfolios[{place}]"
        measured += [
            (f"{field}.name", "characters", len(portfolio.name), 100),
            (f"{field}.description", "characters", len(portfolio.description), 2_000),
        ]
    yield from _over(_About(), measured)


def _over(about: _About, measured: Iterable[_Measured]) -> Iterator[Finding]:
    for resource, what, found, limit in measured:
        if found > limit:
            yield Finding(
                product=about.product,
                version=about.version,
                template=about.template,
                resource=resource,
                rule="quota",
                message=f"{found:,} {what}; AWS takes at most {limit:,}",
                hint="shorten it, or split it in two",
            )
