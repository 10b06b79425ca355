"""``portfolio/portfolio.yaml``: what is offered, to whom, and under which rules.

The dataclasses carry the file's own field names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ..errors import DefinitionError
from .pipeline import ACCOUNT_FORM
from .product import PRODUCT_FORM
from .reader import Form, Section, read

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
class PortfolioText:
    """What a tenant reads about the portfolio."""

    name: str
    provider: str
    description: str


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
    """With whom the portfolio is shared.

    Args:
        accounts: Account ids (12 digits), each with a share of its own that it accepts.
        organization: The organisation's id, whose accounts have the portfolio without accepting; empty
            where only single accounts have it.
        organizational_units: The units whose accounts have it, units below included; empty for the
            whole organisation.
    """

    accounts: tuple[str, ...] = ()
    organization: str = ""
    organizational_units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Portfolio:
    """The portfolio's definition; ``folder`` is where it was read.

    Args:
        tag_options: Tag key to its allowed values.
        constraints: Product to its template rules, as files.
    """

    folder: Path
    portfolio: PortfolioText
    products: tuple[str, ...]
    principals: tuple[Principal, ...]
    shares: Shares
    tag_options: Mapping[str, tuple[str, ...]]
    constraints: Mapping[str, tuple[Path, ...]]


def load_portfolio(path: Path) -> Portfolio:
    """Read the portfolio's definition.

    Args:
        path: The ``portfolio.yaml``, or the folder that holds it.

    Raises:
        DefinitionError: The file is not as it must be; the message names line and field.
    """
    path = path if path.suffix == ".yaml" else path / "portfolio.yaml"
    top = read(path)
    products = top.texts("products", PRODUCT_FORM)
    portfolio = Portfolio(
        folder=path.parent,
        portfolio=_text(top.section("portfolio")),
        products=products,
        principals=tuple(_principal(entry) for entry in top.sections("principals")),
        shares=_shares(top.section("shares")),
        tag_options=_tag_options(top.optional_section("tag_options")),
        constraints=_constraints(top.optional_section("constraints"), products),
    )
    top.done()
    return portfolio


def _text(section: Section) -> PortfolioText:
    text = PortfolioText(
        name=section.text("name"),
        provider=section.text("provider"),
        description=section.text("description"),
    )
    section.done()
    return text


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
    section: Section | None, products: tuple[str, ...]
) -> Mapping[str, tuple[Path, ...]]:
    if section is None:
        return MappingProxyType({})
    found: dict[str, tuple[Path, ...]] = {}
    for product in section.names:
        files = tuple(section.path.parent / name for name in section.texts(product, _FILE_FORM))
        if product not in products:
            raise section.refuse(
                product, "a product of this portfolio", f"'{product}'", hint="add it to products"
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
