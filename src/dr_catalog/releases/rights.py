"""What the released templates ask of the roles that they are launched under.

    product.yaml's versions -> templates -> resource types, with properties -> schemas -> launch_roles.Use

A retired version is neither launched nor updated to, but a launch of it must still be able to end: it counts
with what deletion needs. Its properties count too, since an upgrade from it takes them away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ..definitions import Catalog, Product, ProductVersion
from ..errors import ReleaseError
from ..launch_roles import Review, Rights, Use, derive, load_review, unreviewed
from .findings import Finding
from .layout import read_templates, release_folder
from .schemas import schema
from .template import Template

PRIMARY, PEER, WITNESS, RESTORE = (
    ("primary",),
    ("foundation", "workload"),
    ("witness",),
    ("restore",),
)
# Nothing in a launch lists all that there is, so what the "list" handlers alone name is left out.
VERBS = ("create", "read", "update", "delete", "tagging")
RETIRED_VERBS = ("read", "delete")


def launch_rights(product: Product, review: Review) -> Rights:
    """What the product's launch role needs."""
    return derive(uses([product], PRIMARY), review)


def execution_rights(catalog: Catalog, review: Review) -> Rights:
    """What the StackSet execution role needs in the peer region, which all products offered share."""
    return derive(uses(_offered(catalog), PEER), review)


def witness_rights(catalog: Catalog, review: Review) -> Rights:
    """What it needs in the region of a witness."""
    return derive(uses(_offered(catalog), WITNESS), review)


def restore_rights(catalog: Catalog, review: Review) -> Rights:
    """What CloudFormation's service role needs to rebuild a lost launch; nothing where no product can be."""
    return derive(uses(_offered(catalog), RESTORE), review)


def _offered(catalog: Catalog) -> list[Product]:
    return [catalog.products[name] for name in catalog.offered]


def uses(products: Iterable[Product], roles: Collection[str]) -> tuple[Use, ...]:
    """What these products' templates of these roles use, by type."""
    verbs: defaultdict[str, set[str]] = defaultdict(set)
    properties: defaultdict[str, set[str]] = defaultdict(set)
    for version, template in _templates(products, roles):
        asked = RETIRED_VERBS if version.guidance == "retired" else VERBS
        for resource in template.resources():
            verbs[resource.type].update(asked)
            _add_paths(resource.properties, "", properties[resource.type])
    return tuple(
        Use(
            type=name,
            properties=frozenset(properties[name]),
            actions=handled(name, verbs[name]),
        )
        for name in sorted(verbs)
    )


def handled(resource_type: str, verbs: Collection[str] = VERBS) -> frozenset[str]:
    """The actions that the type's schema names for its handlers; none where it has no schema."""
    try:
        found = schema(resource_type)
    except ReleaseError:  # cfn-lint's to tell
        return frozenset()
    handlers: Mapping[str, Any] = {
        "tagging": found.get("tagging") or {},
        **found.get("handlers", {}),
    }
    named = (action for verb in verbs for action in handlers.get(verb, {}).get("permissions", ()))
    # Some schemas write the service with a capital; to IAM it is the same.
    return frozenset(f"{service.lower()}:{name}" for service, _, name in map(_parts, named))


def check_product(product: Product) -> Iterator[Finding]:
    """What keeps the roles for the product's launches from being derived, in the newest version that shows it."""
    review = review_of(product)
    for role, roles in (
        ("launch", PRIMARY),
        ("execution", (*PEER, *WITNESS)),
        ("restore", RESTORE),
    ):
        for use in uses([product], roles):
            for gap in unreviewed(use, review):
                version, template, resource = _first(product, use.type, roles)
                yield Finding(
                    product=product.product,
                    version=version,
                    template=template,
                    resource=resource,
                    rule=f"{role}-role",
                    message=gap.what,
                    hint=gap.hint,
                )


def review_of(product: Product) -> Review:
    """The library's review with what the product's catalog adds."""
    above = product.folder.parent
    root = above.parent.parent if above.name == "layers" else above.parent
    return load_review(root / "portfolio")


def _first(product: Product, resource_type: str, roles: Collection[str]) -> tuple[str, str, str]:
    """The newest version with such a resource, its template and the resource's logical id."""
    return next(
        (version.version, template.role, resource.id)
        for version, template in reversed(tuple(_templates([product], roles)))
        for resource in template.resources(resource_type)
    )


def _templates(
    products: Iterable[Product], roles: Collection[str]
) -> Iterator[tuple[ProductVersion, Template]]:
    for product in products:
        for version in product.versions:
            folder = release_folder(product, version.version)
            for role, content in read_templates(folder, roles).items():
                with suppress(ValueError):  # cfn-lint's to tell
                    yield version, Template.parse(role, content)


def _parts(action: str) -> tuple[str, str, str]:
    return action.strip().partition(":")


def _add_paths(value: Any, above: str, found: set[str]) -> None:
    """Add the dotted paths of the properties, whichever branch of a condition sets them."""
    if isinstance(value, dict):
        for key, entry in value.items():
            path = above
            if key != "Ref" and not key.startswith("Fn::"):
                path = f"{above}.{key}" if above else key
                found.add(path)
            if not isinstance(entry, str):
                _add_paths(entry, path, found)
    elif isinstance(value, list):
        for entry in value:
            if not isinstance(entry, str):
                _add_paths(entry, above, found)
