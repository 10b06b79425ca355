"""What plans, change sets and drift detection answer, as plain frozen objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CREATE_IN_PROGRESS, CREATE_FAILED = "CREATE_IN_PROGRESS", "CREATE_FAILED"


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One resource of a change set, in upper case as Service Catalog words it.

    Args:
        action: ADD, MODIFY or REMOVE.
        resource: The logical id.
        type: The resource type.
        physical_id: What it is called now; empty for a new one.
        replacement: TRUE, FALSE, CONDITIONAL or empty.
        properties: The properties that change.
        tags_only: Nothing but its tags changes.
    """

    action: str
    resource: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    properties: tuple[str, ...] = ()
    tags_only: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeSet:
    """A plan or a change set as it stands.

    Args:
        status: Of a plan or a change set; both end in CREATE_SUCCESS or CREATE_COMPLETE, or fail.
        message: Why it failed.
        changes: What it would do; none until it is made.
    """

    status: str
    message: str = ""
    changes: tuple[ResourceChange, ...] = ()

    @property
    def making(self) -> bool:
        """It is not made yet."""
        return self.status in ("CREATE_PENDING", CREATE_IN_PROGRESS)

    @property
    def empty(self) -> bool:
        """It failed because there is nothing to change."""
        nothing = ("didn't contain changes", "No updates are to be performed")
        return self.failed and any(words in self.message for words in nothing)

    @property
    def failed(self) -> bool:
        """It could not be made."""
        return self.status in (CREATE_FAILED, "FAILED")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A property that is not what its template says."""

    path: str
    expected: str
    actual: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Drifted:
    """A resource that is not what its template says.

    Args:
        status: MODIFIED or DELETED.
    """

    region: str
    stack: str
    resource: str
    type: str
    physical_id: str
    status: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Detection:
    """A drift detection: DETECTION_IN_PROGRESS, _COMPLETE or _FAILED, and what it says of the stack."""

    status: str
    stack_status: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What a plan is made of; ``parameters`` of None keep their previous value."""

    name: str
    launch: str
    product_id: str
    version_id: str
    path_id: str = ""
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
