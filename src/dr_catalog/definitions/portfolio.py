"""``portfolio/portfolio.yaml``: which portfolios are offered, to whom, and under which rules.

The dataclasses carry the file's own field names. A product is in one portfolio: in two, whoever has both
would have to choose a path at each launch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .. import names
from ..errors import DefinitionError
from .pipeline import ACCOUNT_FORM
from .product import PRODUCT_FORM
from .reader import Form, Section, read

PRODUCTS = 150
"""How many a portfolio holds: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html"""
_ROLE_FORM = Form(
    r"[\w+=,.@/*?-]{1,128}", "a role name", "the role's name in the account that launches, no ARN"
)
_ORGANIZATION_FORM = Form(
    r"o-[a-z0-9]{10,32}", "an organisation's id such as o-exampleorg1", "it begins with o-"
)
UNIT_FORM = Form(
    r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}",
    "an organisational unit's id such as ou-ab12-11111111",
    "`aws organizations list-organizational-units-for-parent` tells it",
)
_FILE_FORM = Form(
    r"(?!/)(?!.*\.\.)[\w./-]+\.json",
    "a .json file below the portfolio folder",
    "such as constraints/production.json",
)


@dataclass(frozen=True)
class Portfolio:
    """What a tenant reads about a portfolio, and what is in it.

    Args:
        canary: Whether a stage's canary launches its products.
    """

    name: str
    description: str
    products: tuple[str, ...]
    canary: bool = True

    @property
    def key(self) -> str:
        """The name as part of a logical id."""
        return names.camel(self.name)


@dataclass(frozen=True)
class Principal:
    """Who may launch.

    Args:
        type: ``IAM`` for one role, ``IAM_PATTERN`` for a name with wildcards.
        role: The role's name, or the pattern, in the account that launches.
    """

    type: str
    role: str


@dataclass(frozen=True)
class Shares:
    """With whom the portfolios are shared.

    Args:
        accounts: Account ids (12 digits), each with shares of its own that it accepts.
        organization: The organisation's id, whose accounts have the portfolios without accepting; empty
            where only single accounts have them.
        organizational_units: The units whose accounts have them, units below included; empty for the
            whole organisation.
    """

    accounts: tuple[str, ...] = ()
    organization: str = ""
    organizational_units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """What a file offers; ``folder`` is where it was read.

    Args:
        provider: Who stands behind the portfolios, in words.
        portfolios: At least one; all else holds for each of them.
        tag_options: Tag key to its allowed values.
        constraints: Product to its template rules, as files.
    """

    folder: Path
    provider: str
    portfolios: tuple[Portfolio, ...]
    principals: tuple[Principal, ...]
    shares: Shares
    tag_options: Mapping[str, tuple[str, ...]]
    constraints: Mapping[str, tuple[Path, ...]]

    @property
    def products(self) -> tuple[str, ...]:
        """Every product, portfolio by portfolio."""
        return tuple(name for each in self.portfolios for name in each.products)

    @property
    def keyed(self) -> tuple[tuple[str, Portfolio], ...]:
        """Each portfolio with what its logical ids end with: nothing for the first."""
        first, *others = self.portfolios
        return (("", first), *((each.key, each) for each in others))


def load_offer(path: Path) -> Offer:
    """Read what is offered.

    Args:
        path: The ``portfolio.yaml``, or the folder that holds it.

    Raises:
        DefinitionError: The file is not as it must be; the message names line and field.
    """
    path = path if path.suffix == ".yaml" else path / "portfolio.yaml"
    top = read(path)
    if "portfolio" in top.names:
        raise top.refuse(
            "portfolio",
            "portfolios, a list",
            "the texts of one",
            hint="write provider: at the top, and portfolios: [{name, description, products}]",
        )
    provider = top.text("provider")
    portfolios = _portfolios(top)
    products = {name for each in portfolios for name in each.products}
    offer = Offer(
        folder=path.parent,
        provider=provider,
        portfolios=portfolios,
        principals=tuple(_principal(entry) for entry in top.sections("principals")),
        shares=_shares(top.section("shares")),
        tag_options=_tag_options(top.optional_section("tag_options")),
        constraints=_constraints(top.optional_section("constraints"), products),
    )
    top.done()
    return offer


def _portfolios(top: Section) -> tuple[Portfolio, ...]:
    found: list[Portfolio] = []
    for section in top.sections("portfolios"):
        portfolio = Portfolio(
            name=section.text("name"),
            description=section.text("description"),
            products=section.texts("products", PRODUCT_FORM),
            canary=section.flag("canary", default=True),
        )
        section.done()
        _check_name(section, portfolio, found)
        _check_products(section, portfolio, found)
        found.append(portfolio)
    if not found:
        raise top.refuse(
            "portfolios",
            "at least one portfolio",
            "none",
            hint="write - {name: ..., description: ..., products: [...]}",
        )
    return tuple(found)


def _check_name(section: Section, portfolio: Portfolio, before: list[Portfolio]) -> None:
    """Refuse a name that has no key of its own: CloudFormation could not tell two portfolios apart."""
    if not re.search(r"[A-Za-z0-9]", portfolio.name):
        raise section.refuse(
            "name", "a letter or a digit", f"'{portfolio.name}'", hint="such as Recovery tiers"
        )
    for other in before:
        if other.key == portfolio.key:
            raise section.refuse(
                "name",
                "a name of its own, by its letters and digits",
                f"'{portfolio.name}' beside '{other.name}'",
                hint="give one of the two another name, or put their products together",
            )


def _check_products(section: Section, portfolio: Portfolio, before: list[Portfolio]) -> None:
    if not portfolio.products:
        raise section.refuse(
            "products", "at least one product", "none", hint="name one, or take the portfolio out"
        )
    if len(portfolio.products) > PRODUCTS:
        raise section.refuse(
            "products",
            f"at most {PRODUCTS} products, which is what a portfolio holds",
            f"{len(portfolio.products)}",
            position=PRODUCTS,
            hint="put some of them into another portfolio",
        )
    for position, name in enumerate(portfolio.products):
        for other in before:
            if name in other.products:
                raise section.refuse(
                    "products",
                    "each product in one portfolio",
                    f"'{name}' in '{other.name}' as well",
                    position=position,
                    hint="delete one of the two",
                )


def _principal(section: Section) -> Principal:
    principal = Principal(
        type=section.choice("type", "IAM", "IAM_PATTERN"), role=section.text("role", _ROLE_FORM)
    )
    section.done()
    return principal


def _shares(section: Section) -> Shares:
    shares = Shares(
        accounts=section.texts("accounts", ACCOUNT_FORM),
        organization=section.optional_text("organization", _ORGANIZATION_FORM) or "",
        organizational_units=section.texts("organizational_units", UNIT_FORM, optional=True),
    )
    section.done()
    if shares.organizational_units and not shares.organization:
        raise section.refuse(
            "organizational_units",
            "the organisation's id beside them, since units of two organisations may have one id",
            "no organization",
            hint="`aws organizations describe-organization` tells it; add 'organization: o-...'",
        )
    return shares


def _tag_options(section: Section | None) -> Mapping[str, tuple[str, ...]]:
    if section is None:
        return MappingProxyType({})
    return MappingProxyType({key: section.texts(key) for key in section.names})


def _constraints(
    section: Section | None, products: Collection[str]
) -> Mapping[str, tuple[Path, ...]]:
    if section is None:
        return MappingProxyType({})
    found: dict[str, tuple[Path, ...]] = {}
    for product in section.names:
        files = tuple(section.path.parent / name for name in section.texts(product, _FILE_FORM))
        if product not in products:
            raise section.refuse(
                product,
                "a product of one of the portfolios",
                f"'{product}'",
                hint="add it to products",
            )
        for position, file in enumerate(files):
            if not _is_file(file):
                raise section.refuse(
                    product,
                    "a file that exists",
                    str(file),
                    position=position,
                    hint="create the file, or take the entry out",
                )
            _check_rules(file)
        found[product] = files
    return MappingProxyType(found)


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # its name is longer than any can be
        return False


def _check_rules(file: Path) -> None:
    """Refuse a rules file that is no JSON object of rules, with its line."""
    try:
        rules = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DefinitionError(
            f"{file}:{error.lineno}: expected JSON, found text that does not parse",
            why=error.msg,
            hint="look for a missing or an extra comma, bracket or quote at this line or before",
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise DefinitionError(
            f"{file}: expected JSON in UTF-8, found what can't be read",
            why=str(error),
            hint='write an object of rules by name, such as {"Name": {"Assertions": [...]}}',
        ) from None
    if not isinstance(rules, dict) or not all(isinstance(rule, dict) for rule in rules.values()):
        raise DefinitionError(
            f"{file}:1: expected an object of rules by name",
            hint='such as {"Name": {"Assertions": [...]}}',
        )
