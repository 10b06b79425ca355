"""Every error the library raises on purpose, in one tree.

    DrCatalogError                exit code 1: refused or failed, with a message
    ├── UsageError                exit code 2: the command's words are off
    ├── DefinitionError           a file of portfolio/, products/ or pipeline/ is not as it must be
    ├── CompositionError         a tier's parts don't fit together
    ├── ReleaseError              a release can't be frozen, or does not verify
    ├── PublishError              a stage could not be published
    ├── PipelineError             a run of the pipeline failed, was refused or superseded, or waits
    ├── LaunchError               Service Catalog refused or failed a launch, an upgrade or a termination
    ├── RecoveryError             a failover, a switchover, a failback or a drill was refused, or failed
    ├── NotFoundError             a product, a version, a launch or an account that isn't there
    └── SetupError                credentials, endpoint, region or onboarding are missing

Each carries what happened, why, and a hint that mends it; the command line prints the three and
exits with ``exit_code``. Anything else that escapes is a defect.

What a message quotes may come from anywhere. Printed, it is one line without control characters, cut
in its middle where it is long; only a reason may have further lines, which stand indented under it.
"""

from __future__ import annotations

_LONGEST, _LONGEST_REASON = 600, 4000
_INDENT = " " * 8


class DrCatalogError(Exception):
    """What happened, why, and how to mend it.

    Args:
        what: One sentence, without a full stop, that says what happened.
        why: The reason, where it is known.
        hint: What to do, with the exact command where there is one.
    """

    exit_code = 1

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join(
            line
            for line in (
                _visible(self.what, limit=_LONGEST),
                f"  why:  {_reason(self.why)}" if self.why else "",
                f"  hint: {_visible(self.hint, limit=_LONGEST)}" if self.hint else "",
            )
            if line
        )


def _reason(why: str) -> str:
    lines = (line.rstrip() for line in why[:_LONGEST_REASON].split("\n"))
    visible = [
        _visible(line.removeprefix(_INDENT), limit=_LONGEST_REASON) for line in lines if line
    ]
    return f"\n{_INDENT}".join(visible)


def _visible(text: str, *, limit: int) -> str:
    """The text on one line, with what can't be printed as its escape."""
    if len(text) > limit:
        text = f"{text[: limit * 2 // 3]} ... {text[-limit // 3 :]}"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


class UsageError(DrCatalogError):
    """The command's words are off: an unknown parameter, a malformed suffix, a missing ``--yes``."""

    exit_code = 2


class DefinitionError(DrCatalogError):
    """A definition file is not as it must be; ``what`` names file, line and field."""


class CompositionError(DrCatalogError):
    """A tier is composed of parts that don't fit together: one is missing, or comes too late."""


class ReleaseError(DrCatalogError):
    """A release can't be frozen, or a frozen one does not verify."""


class PublishError(DrCatalogError):
    """A stage could not be published."""


class PipelineError(DrCatalogError):
    """A run of the pipeline failed, was refused or superseded, or waits for an approval."""


class LaunchError(DrCatalogError):
    """Service Catalog refused or failed a launch, an upgrade or a termination."""


class RecoveryError(DrCatalogError):
    """A failover, a switchover, a failback or a drill was refused, or failed."""


class NotFoundError(DrCatalogError):
    """A product, a version, a launch or an account that is not there."""


class SetupError(DrCatalogError):
    """Credentials, endpoint, region or onboarding are missing or wrong."""
