"""What Service Catalog and CloudFormation answer, as plain frozen objects.

`aws.Aws` makes them from the services' answers; everything else in this package reads them only.
Times are timezone-aware, as botocore gives them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .. import names
from ..definitions.product import DEFAULT_MARK, DEPRECATED_MARK

DEFAULT, DEPRECATED = "DEFAULT", "DEPRECATED"
AVAILABLE, TAINTED, ERROR = "AVAILABLE", "TAINTED", "ERROR"
PROVISION = "PROVISION_PRODUCT"
UPDATE = "UPDATE_PROVISIONED_PRODUCT"
TERMINATE = "TERMINATE_PROVISIONED_PRODUCT"
PLAN_IN_PROGRESS = "PLAN_IN_PROGRESS"
SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"

LAUNCH_PREFIX = "dr-"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A provisioning artifact. ``guidance`` is DEFAULT, DEPRECATED or empty."""

    id: str
    name: str
    description: str = ""
    guidance: str = ""
    created: datetime

    @property
    def marked(self) -> bool:
        """Whether the platform team names it as the version to launch."""
        return self.description.endswith(DEFAULT_MARK)

    @property
    def notice(self) -> str:
        """When a deprecation ends and why, such as ``deprecated, ends 2027-03-31: ...``; else empty."""
        _, mark, rest = self.description.rpartition(DEPRECATED_MARK)
        return f"{mark}{rest}"[1:-1] if mark else ""

    def order(self) -> tuple[tuple[int, ...], bool, datetime]:
        """Sorts by the numbers in the name, a pre-release before its release, then by age."""
        core, _, prerelease = self.name.partition("-")
        return (
            tuple(int(number) for number in re.findall(r"\d+", core)),
            not prerelease,
            self.created,
        )


@dataclass(frozen=True, kw_only=True)
class LaunchPath:
    """How a product reaches the caller: the portfolio's name and the path's id."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product the caller may launch.

    Args:
        versions: Its active ones, oldest first.
        support: Whom to ask, as the product says it: words, e-mail, address.
    """

    id: str
    name: str
    owner: str = ""
    description: str = ""
    support: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    paths: tuple[LaunchPath, ...] = ()

    @property
    def newest(self) -> Version | None:
        """The version with the highest number."""
        return max(self.versions, key=Version.order, default=None)

    @property
    def default(self) -> Version | None:
        """The version marked so, else the newest of guidance DEFAULT, else the newest not deprecated.

        Guidance is DEFAULT for every version that no one has changed, so that it may name several; the
        mark is what ``product.yaml`` says.
        """
        return max(
            (version for version in self.versions if version.guidance != DEPRECATED),
            key=lambda version: (version.marked, version.guidance == DEFAULT, version.order()),
            default=None,
        )

    def version_named(self, version_id: str) -> str:
        """The name of the version with this id; the id itself when it is no longer active."""
        return next((v.name for v in self.versions if v.id == version_id), version_id)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a version's template. ``default`` is None where a value is required."""

    name: str
    type: str = "String"
    default: str | None = None
    description: str = ""
    secret: bool = False
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    constraint: str = ""
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a launch of one version asks for: its parameters, and tag keys with allowed values."""

    parameters: Mapping[str, Parameter]
    tag_options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A provisioned product: a tier, or one of the layers that stand under a suffix.

    ``product`` and ``version`` are names, where the answer gave them.
    """

    id: str
    name: str
    status: str
    message: str = ""
    product_id: str = ""
    version_id: str = ""
    product: str = ""
    version: str = ""
    last_record: str = ""
    last_provisioning_record: str = ""
    created: datetime | None = None

    @property
    def suffix(self) -> str:
        """The environment suffix, which the name carries."""
        return names.of_launch(self.name)[0]

    @property
    def layer(self) -> str:
        """The layer, which the name carries too; empty for a tier."""
        return names.of_launch(self.name)[1]

    @property
    def label(self) -> str:
        """What messages call it: ``demo`` for a tier, ``demo.vpc`` for a layer."""
        return label(self.suffix, self.layer)

    @property
    def changing(self) -> bool:
        """An operation runs."""
        return self.status in ("UNDER_CHANGE", PLAN_IN_PROGRESS)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One launch, update or termination and what came of it."""

    id: str
    kind: str
    status: str
    launch_id: str
    launch: str
    product_id: str = ""
    version_id: str = ""
    path_id: str = ""
    errors: tuple[str, ...] = ()
    created: datetime
    updated: datetime | None = None

    @property
    def finished(self) -> bool:
        """It ended, well or not."""
        return self.status in (SUCCEEDED, FAILED)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A CloudFormation stack of a launch, in either region."""

    id: str
    name: str
    region: str
    status: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StackInstance:
    """Where a StackSet put a stack; ``stack_id`` is empty until it did."""

    region: str
    stack_id: str
    status: str = ""


@dataclass(frozen=True, kw_only=True)
class StackEvent:
    """What happened to one resource of a stack, in ``region``."""

    id: str
    region: str
    stack: str
    resource: str
    type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    time: datetime


def launch_name(suffix: str, layer: str = "") -> str:
    """The provisioned product's name for a suffix, or for a layer alone under it."""
    return names.launch(suffix=suffix, layer=layer)


def label(suffix: str, layer: str) -> str:
    """What messages call a launch: the suffix, and the layer where it is one."""
    return f"{suffix}.{layer}" if layer else suffix
