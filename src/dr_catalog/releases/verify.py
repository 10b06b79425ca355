"""Whether the catalog's releases are whole, valid and within the rules.

    products -> integrity, quotas, policies, lint, rights -> findings -> less the accepted ones

Nothing is written and nothing is called: it reads the catalog's files alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..definitions import Catalog, PolicyException, Product
from . import integrity, lint, policies, quotas, rights, whole
from .findings import Finding, accept, ordered
from .layout import frozen_versions, read_templates, release_folder
from .template import Template


def verify_catalog(catalog: Catalog) -> tuple[Finding, ...]:
    """What is wrong with any release, or with the catalog as a whole."""
    found = [
        finding
        for offer in catalog.offers.values()
        for finding in (*quotas.check_offer(offer), *whole.check_offer(catalog, offer))
    ]
    for product in catalog.products.values():
        found += verify_product(product)
    found += integrity.check_unused_assets(catalog.products)
    if not any(each.rule.endswith("-role") for each in found):  # what nobody reviewed comes first
        found += whole.check_roles(catalog)
    return ordered(found)


def lint_ahead(products: Iterable[Product]) -> None:
    """Lint all templates of these products, several at once, for whoever verifies them next.

    It begins processes, which import the program's main module: so a program asks for it, and no
    function of this package does of its own accord.
    """
    lint.prepare(
        content
        for product in products
        for version in frozen_versions(product)
        for content in read_templates(release_folder(product, version)).values()
    )


def verify_product(product: Product) -> tuple[Finding, ...]:
    """What is wrong with a product's releases, and which of its exceptions match nothing."""
    found = [
        *quotas.check_product(product),
        *integrity.check_folders(product),
        *rights.check_product(product),
    ]
    used: set[PolicyException] = set()
    for version in frozen_versions(product):
        found += integrity.check_release(product, version)
        templates = read_templates(release_folder(product, version))
        left, matched = accept(
            check_templates(product=product.product, version=version, templates=templates),
            product.exceptions,
        )
        found += left
        used |= matched
    found += _unused(product, used)
    return ordered(found)


def check_templates(
    *, product: str, version: str, templates: Mapping[str, bytes]
) -> Iterator[Finding]:
    """What quotas, policies and cfn-lint find in a release's templates, accepted or not."""
    for role, content in templates.items():
        yield from lint.findings(product=product, version=version, role=role, content=content)
        try:
            template = Template.parse(role, content)
        except ValueError:
            continue  # cfn-lint has said so
        yield from quotas.check_template(
            product=product, version=version, template=template, content=content
        )
        yield from policies.findings(product=product, version=version, template=template)


def _unused(product: Product, used: set[PolicyException]) -> Iterator[Finding]:
    for exception in product.exceptions:
        if exception not in used:
            yield Finding(
                product=product.product,
                version="",
                template=exception.template,
                resource=exception.resource,
                rule="unused-exception",
                message=f"the exception from {exception.rule} matches nothing in any release",
                hint="take it out of product.yaml",
            )
