"""How a template comes about: part after part, each of which asks for what it needs.

    parts of a tier -> Region -> part.add(region) -> part.add(region) -> ... -> stack

A part makes one thing of a region, such as its network. It asks the region for what it needs
(``need``), which an earlier part must have given, reads the template's parameters that it lists in
``asks``, and tells what the peer's templates may be handed (``hand``). A tier is a sequence of parts
for each template, with their settings; no part knows which tier it is in. A sequence that can't work
is refused with ``CompositionError``, which names the part that is missing or comes too late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import aws_cdk as cdk

from ...errors import CompositionError
from .. import parameters as given
from ..parameters import Parameter
from ..template import PrimaryTemplate, TierTemplate

T = TypeVar("T")


class Part:
    """One thing that a region has.

    Attributes:
        gives: What ``add`` gives to the parts after it, by class.
        hands: The parameters of the peer's templates that it has values for.
        keeps: What its stack keeps when it is deleted, as ``PeerUndo`` calls it; empty for nothing.
    """

    gives: tuple[type, ...] = ()
    hands: tuple[Parameter, ...] = ()
    keeps: str = ""

    @property
    def asks(self) -> tuple[Parameter, ...]:
        """The parameters that it reads."""
        return ()

    def add(self, region: Region) -> Iterable[object]:
        """Make it, and return what it gives."""
        raise NotImplementedError

    def fixed(self, region: Region) -> Mapping[str, str]:
        """What of it no update may change, names to values."""
        return {}

    def __str__(self) -> str:
        return type(self).__name__


def asked(parts: Iterable[Part]) -> tuple[Parameter, ...]:
    """What these parts ask for, each once; where their code lies comes first."""
    rows = dict.fromkeys(row for part in parts for row in part.asks)
    return tuple(sorted(rows, key=lambda row: row != given.ASSET_BUCKET_PREFIX))


def set_by_tenant(rows: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Those that a launch may set, in the order in which a person is shown them."""
    wanted = {row for row in rows if row.group}
    return tuple(row for row in given.OFFERED if row in wanted)


class Region:
    """One template while it is composed.

    Args:
        stack: The template.
        parts: All that it will be composed of, in their order.
        here: How outputs call the region.

    Attributes:
        stack: The template.
        suffix: The environment suffix.
        name: The region.
        here: As given.
    """

    def __init__(self, stack: TierTemplate, parts: Sequence[Part], *, here: str) -> None:
        self.stack, self.suffix, self.name, self.here = stack, stack.suffix, stack.region, here
        self._parts = tuple(parts)
        self._asked = set(asked(parts))
        self._given: list[object] = []
        self._handed: dict[Parameter, str] = {given.SUFFIX: stack.suffix}
        self._adding = Part()

    @property
    def other(self) -> str:
        """The other region of the pair."""
        return self.value(given.LAUNCH_REGION)

    @property
    def launch(self) -> str:
        """The region that the tenant launched in."""
        return self.other

    def compose(self) -> cdk.Stack:
        """Add all parts.

        Raises:
            CompositionError: A part needs what no part before it gives.
        """
        for part in self._parts:
            self._adding = part
            found = tuple(part.add(self))
            assert tuple(map(type, found)) == part.gives, f"{part} gives other than it says"
            self._given += found
        return self.stack

    def need(self, kind: type[T]) -> T:
        """What an earlier part gave.

        Raises:
            CompositionError: None did.
        """
        for found in self._given:
            if isinstance(found, kind):
                return found
        raise self._missing(
            [part for part in self._parts if kind in part.gives],
            [part for part in _known() if kind in part.gives],
            reason=f"it stands on {_words(kind.__name__)}",
        )

    def have(self, kind: type[T]) -> T | None:
        """What a part gives, or None where there is no such part.

        Raises:
            CompositionError: The part comes later.
        """
        there = any(kind in part.gives for part in self._parts)
        return self.need(kind) if there else None

    def value(self, row: Parameter) -> str:
        """A parameter's value, as text."""
        return self.stack.value(self._of_mine(row))

    def number(self, row: Parameter) -> float:
        """The value of a parameter of type ``Number``."""
        return self.stack.number(self._of_mine(row))

    def values(self, row: Parameter) -> list[str]:
        """The value of a parameter of type ``CommaDelimitedList``."""
        return self.stack.values(self._of_mine(row))

    def hand(self, values: Mapping[Parameter, str]) -> None:
        """Give values to the templates of the other regions."""
        self._handed |= values

    def handed(self, row: Parameter) -> str:
        """The value of a parameter of another region's template: what a part gave, or the tenant set.

        Raises:
            CompositionError: No earlier part gave it.
        """
        if row in self._handed:
            return self._handed[row]
        if row.group and not any(row in part.hands for part in _known()):
            return self.value(row)
        raise self._missing(
            [part for part in self._parts if row in part.hands],
            [part for part in _known() if row in part.hands],
            reason=f"the template that it brings up asks for {row.name}",
        )

    def fixed(self) -> Mapping[str, str]:
        """What of all parts no update may change, names to values."""
        return {name: value for part in self._parts for name, value in part.fixed(self).items()}

    def output(self, name: str, value: str, description: str) -> None:
        """An output of the template."""
        cdk.CfnOutput(self.stack, name, value=value, description=description)

    def _of_mine(self, row: Parameter) -> Parameter:
        if row not in self._asked:
            asking = [part for part in _known() if row in _of_class(part)]
            raise self._missing([], asking, reason=f"it reads {row.name}, which no part asks for")
        return row

    def _missing(
        self, later: Sequence[Part], known: Sequence[type[Part]], *, reason: str
    ) -> CompositionError:
        """The error that says what must stand before the part that is being added."""
        part = self._adding
        template = f"the {self.stack.node.id} template of {self.stack.tier}"
        modules = {type(each).__module__ for each in self._parts}
        fitting = [each for each in known if each.__module__ in modules] or known
        wanted = str(later[0]) if later else " or ".join({each.__name__: 0 for each in fitting})
        if later:
            return CompositionError(
                f"{template} can't be composed: {part} comes before {wanted}",
                why=f"{part} needs {wanted}: {reason}",
                hint=f"put {wanted} before {part} in the tier's parts",
            )
        return CompositionError(
            f"{template} can't be composed: {part} needs {wanted}, which is not there",
            why=reason,
            hint=f"add {wanted} before {part} in the tier's parts, or leave {part} out",
        )


class LaunchRegion(Region):
    """The template that a tenant launches."""

    def __init__(self, stack: TierTemplate, parts: Sequence[Part]) -> None:
        super().__init__(stack, parts, here="the launch region")
        self.parameters = set_by_tenant(asked(parts))

    @property
    def other(self) -> str:
        """The peer region."""
        return self.value(given.PEER_REGION)

    @property
    def launch(self) -> str:
        """This region."""
        return self.name


class RestoredRegion(Region):
    """The template that rebuilds a lost launch in its peer, which then is the region that writes."""

    def __init__(self, stack: TierTemplate, parts: Sequence[Part]) -> None:
        super().__init__(stack, parts, here="this region")

    @property
    def launch(self) -> str:
        """This region."""
        return self.name


def launched(
    app: cdk.App, construct_id: str, *, tier: str, description: str, parts: Sequence[Part]
) -> cdk.Stack:
    """The template that a tenant launches; it offers what its parts and the peer's ask a tenant for."""
    stack = PrimaryTemplate(
        app,
        construct_id,
        tier=tier,
        description=description,
        parameters=set_by_tenant(asked(parts)),
    )
    return LaunchRegion(stack, parts).compose()


def elsewhere(
    app: cdk.App, construct_id: str, *, tier: str, description: str, parts: Sequence[Part]
) -> cdk.Stack:
    """A template that the launch brings up in another region."""
    stack = TierTemplate(
        app, construct_id, tier=tier, description=description, parameters=asked(parts)
    )
    return Region(stack, parts, here="this region").compose()


def rebuilt(
    app: cdk.App, construct_id: str, *, tier: str, description: str, parts: Sequence[Part]
) -> cdk.Stack:
    """The template that rebuilds a lost launch from its copies."""
    stack = TierTemplate(
        app, construct_id, tier=tier, description=description, parameters=asked(parts)
    )
    return RestoredRegion(stack, parts).compose()


def _known(of: type[Part] = Part) -> Iterator[type[Part]]:
    """All classes of parts that are loaded."""
    for each in of.__subclasses__():
        yield each
        yield from _known(each)


def _of_class(part: type[Part]) -> tuple[Parameter, ...]:
    """What every part of the class asks for."""
    return part.asks if isinstance(part.asks, tuple) else ()


def _words(name: str) -> str:
    """``LedgerAccess`` as ``a ledger access``."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return f"a{spaced}"
