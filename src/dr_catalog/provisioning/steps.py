"""What an operation will do, as data, and the one function that does it.

`launching`, `upgrading` and `terminating` only read, and answer one of these steps; `execute` only
writes, and answers the record to wait for. A rerun plans again and finds the operation it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import LaunchError
from . import tokens
from .aws import Aws
from .model import Launch, Record, Version, label, launch_name
from .tokens import Where

LAUNCH, UPGRADE, TERMINATE = "launch", "upgrade", "terminate"
_MOST_ROUNDS = 50


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all steps say.

    Args:
        operation: ``launch``, ``upgrade`` or ``terminate``.
        suffix: The environment suffix.
        product: The product's name.
        version: The version's name.
        layer: The layer that is launched alone; empty for a tier.
        notes: What the caller should know besides.
    """

    operation: str
    suffix: str
    product: str
    version: str
    layer: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The provisioned product's name."""
        return launch_name(self.suffix, self.layer)

    @property
    def label(self) -> str:
        """What messages call it."""
        return label(self.suffix, self.layer)


@dataclass(frozen=True, kw_only=True)
class Nothing(Step):
    """There is nothing to do; ``notes`` say why."""


@dataclass(frozen=True, kw_only=True)
class Follow(Step):
    """The operation runs already, from an earlier call: wait for its record.

    Args:
        record: The running record's id.
        expected: Parameter values that the stack must have in the end to count as this request's.
    """

    record: str
    expected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Provision(Step):
    """Launch a version under a name that is free.

    Args:
        product_id: The product.
        target: Its version.
        path_id: The launch path, where there are several.
        parameters: Values to send.
        tags: Tags to send.
        after_record: The termination that freed the name, where history shows one.
    """

    product_id: str
    target: Version
    path_id: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    after_record: str = ""


@dataclass(frozen=True, kw_only=True)
class Update(Step):
    """Bring a launch to a version and to parameters; None keeps the previous value."""

    launch: Launch
    target: Version
    path_id: str
    parameters: Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Terminate(Step):
    """Terminate a launch.

    Args:
        launch: The provisioned product.
        on_termination: The launch's own setting: ``retain``, ``purge`` or empty where unknown.
        peer_region: The other region; empty where unknown.
    """

    launch: Launch
    on_termination: str = ""
    peer_region: str = ""


def execute(aws: Aws, step: Follow | Provision | Update | Terminate) -> Record:
    """Do it, and answer the record to wait for.

    Raises:
        LaunchError: Service Catalog refuses.
    """
    match step:
        case Follow():
            return aws.record(step.record)
        case Provision():
            return _provision(aws, step)
        case Update():
            return aws.update(
                launch_id=step.launch.id,
                product_id=step.launch.product_id,
                version_id=step.target.id,
                path_id=step.path_id,
                parameters=step.parameters,
                token=_token(aws, step, after_record=step.launch.last_record),
            )
        case Terminate():
            return aws.terminate(
                launch_id=step.launch.id,
                token=_token(aws, step, after_record=step.launch.last_record),
            )


def _provision(aws: Aws, step: Provision) -> Record:
    # A token answers its first record for ever, also when that launch has been terminated since and
    # history no longer shows it. Each such record makes the next token, so that reruns walk the
    # same chain to the same launch.
    after = step.after_record
    for _ in range(_MOST_ROUNDS):
        record = aws.provision(
            name=step.name,
            product_id=step.product_id,
            version_id=step.target.id,
            path_id=step.path_id,
            parameters=step.parameters,
            tags=step.tags,
            token=_token(aws, step, after_record=after),
        )
        if not record.finished:
            return record
        present = aws.launch(step.name)
        if present is not None and present.id == record.launch_id:
            return record
        after = record.id
    raise LaunchError(
        f"'{step.label}' was launched and terminated {_MOST_ROUNDS} times with the same settings",
        hint="launch it with another suffix or another --tag",
    )


def _token(aws: Aws, step: Provision | Update | Terminate, *, after_record: str) -> str:
    where = Where(account=aws.account, region=aws.region, suffix=step.label)
    if isinstance(step, Terminate):
        return tokens.derive(where, operation=step.operation, after_record=after_record)
    return tokens.derive(
        where,
        operation=step.operation,
        version_id=step.target.id,
        path_id=step.path_id,
        parameters=step.parameters,
        tags=step.tags if isinstance(step, Provision) else {},
        after_record=after_record,
    )
