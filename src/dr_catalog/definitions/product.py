"""``products/<product>/product.yaml``: what a product is, its versions and its accepted findings.

The dataclasses carry the file's own field names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from .objectives import Objectives, read_objectives
from .reader import Form, Section, read
from .version import VERSION_FORM, SemanticVersion

GUIDANCE = ("default", "available", "deprecated", "retired")
TEMPLATES = ("primary", "foundation", "workload", "witness", "restore")
"""The templates that a release may have; ``primary``, which a tenant launches, it always has."""
DEFAULT_MARK, DEPRECATED_MARK = "[default]", "[deprecated, ends "
"""What a version's description tells of its guidance: Service Catalog knows no default version, and
neither reason nor end of a deprecation."""

# 46 characters leave room for "dr-catalog-launch-" in a role name of 64.
PRODUCT_FORM = Form(
    r"[a-z](?:-?[a-z0-9]){1,45}",
    "a product name of a-z, 0-9 and inner hyphens, 2 to 46 characters",
    "choose a name such as warm-standby",
)
_BUILDS_FORM = Form(
    r"[A-Za-z_][\w.]*:[A-Za-z_]\w*",
    "module:Class",
    "name an importable class, such as dr_catalog.tiers:WarmStandby",
)
_EMAIL_FORM = Form(r"[^@\s]+@[^@\s]+", "an e-mail address", "such as platform@example.com")
_URL_FORM = Form(r"https?://\S+", "a URL", "begin it with https://")
_RULE_FORM = Form(r"[A-Z]+\d+", "a rule id", "copy it from 'dr-catalog verify', such as DR031")


@dataclass(frozen=True)
class Support:
    """Whom a tenant asks."""

    email: str
    url: str
    description: str


@dataclass(frozen=True)
class ProductVersion:
    """One released version.

    Args:
        version: Its semantic version, which is also its name in Service Catalog.
        guidance: ``default`` (exactly one), ``available``, ``deprecated`` (no new launches) or
            ``retired`` (neither launches nor updates).
        description: What a tenant reads beside it.
        reason: Why it is deprecated; empty unless it is.
        ends: The day from which a deprecated version may be retired; None unless it is deprecated.
    """

    version: str
    guidance: str
    description: str
    reason: str = ""
    ends: date | None = None

    @property
    def told(self) -> str:
        """Its description in Service Catalog, with what a tenant must know of its guidance."""
        if self.guidance == "default":
            return f"{self.description} {DEFAULT_MARK}"
        if self.ends is not None:
            return f"{self.description} {DEPRECATED_MARK}{self.ends}: {self.reason}]"
        return self.description


@dataclass(frozen=True)
class PolicyException:
    """A finding that is accepted.

    Args:
        rule: The rule's id.
        resource: A logical id or a glob over logical ids.
        finding: A glob over what the rule says; ``*`` by default.
        template: One of ``TEMPLATES``; empty means each of them.
        reason: Why it is accepted.
    """

    rule: str
    resource: str
    finding: str
    template: str
    reason: str


@dataclass(frozen=True)
class Product:
    """A product's definition; ``folder`` is where it was read, ``objectives`` what it promises, if it does."""

    folder: Path
    product: str
    title: str
    builds: str
    owner: str
    description: str
    support: Support
    versions: tuple[ProductVersion, ...]
    exceptions: tuple[PolicyException, ...]
    objectives: Objectives | None = None

    @property
    def default(self) -> ProductVersion | None:
        """The version to launch when none is named; None before the first release."""
        return next((entry for entry in self.versions if entry.guidance == "default"), None)

    def version(self, version: str) -> ProductVersion | None:
        """The entry of this version, None where the file lists none."""
        return next((entry for entry in self.versions if entry.version == version), None)


def load_product(path: Path) -> Product:
    """Read a product's definition.

    Args:
        path: The ``product.yaml``, or the folder that holds it.

    Raises:
        DefinitionError: The file is not as it must be; the message names line and field.
    """
    path = path if path.suffix == ".yaml" else path / "product.yaml"
    top = read(path)
    promised = top.optional_section("objectives")
    product = Product(
        folder=path.parent,
        product=top.text("product", PRODUCT_FORM),
        title=top.text("title"),
        builds=top.text("builds", _BUILDS_FORM),
        owner=top.text("owner"),
        description=top.text("description"),
        support=_support(top.section("support")),
        versions=tuple(_version(entry) for entry in top.sections("versions")),
        exceptions=tuple(_exception(e) for e in top.sections("exceptions", optional=True)),
        objectives=None if promised is None else read_objectives(promised),
    )
    top.done()
    if product.product != path.parent.resolve().name:
        raise top.refuse(
            "product",
            f"the folder's name '{path.parent.resolve().name}'",
            f"'{product.product}'",
            hint="rename the folder or the product",
        )
    _check_versions(top, product.versions)
    return product


def _support(section: Section) -> Support:
    support = Support(
        email=section.text("email", _EMAIL_FORM),
        url=section.text("url", _URL_FORM),
        description=section.text("description"),
    )
    section.done()
    return support


def _version(section: Section) -> ProductVersion:
    version = section.text("version", VERSION_FORM)
    guidance = section.choice("guidance", *GUIDANCE)
    description = section.text("description")
    deprecated = guidance == "deprecated"
    for key in ("reason", "ends"):
        if key in section.names and not deprecated:
            raise section.refuse(
                key,
                f"guidance deprecated beside '{key}'",
                f"guidance {guidance}",
                hint=f"delete '{key}', or write guidance: deprecated",
            )
    entry = ProductVersion(
        version=version,
        guidance=guidance,
        description=description,
        reason=section.text("reason") if deprecated else "",
        ends=section.day("ends") if deprecated else None,
    )
    section.done()
    return entry


def _exception(section: Section) -> PolicyException:
    template = section.choice("template", *TEMPLATES) if "template" in section.names else ""
    entry = PolicyException(
        rule=section.text("rule", _RULE_FORM),
        resource=section.text("resource"),
        finding=section.optional_text("finding") or "*",
        template=template,
        reason=section.text("reason"),
    )
    section.done()
    return entry


def _check_versions(top: Section, versions: tuple[ProductVersion, ...]) -> None:
    for position, (before, after) in enumerate(pairwise(versions), start=1):
        if any(after.version == entry.version for entry in versions[:position]):
            raise top.refuse(
                "versions",
                "each version once",
                f"{after.version} again",
                position=position,
                hint="delete one of the two",
            )
        if SemanticVersion.parse(after.version) < SemanticVersion.parse(before.version):
            raise top.refuse(
                "versions",
                "the oldest version first",
                f"{after.version} after {before.version}",
                position=position,
                hint="sort the list",
            )
    defaults = [entry.version for entry in versions if entry.guidance == "default"]
    if versions and len(defaults) != 1:
        raise top.refuse(
            "versions",
            "exactly one version with guidance default",
            ", ".join(defaults) or "none",
            hint="give every other version guidance available, deprecated or retired",
        )
