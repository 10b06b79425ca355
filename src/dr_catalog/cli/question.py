"""A question before what can't be undone; without a terminal there is no one to ask."""

from __future__ import annotations

import sys

import click

from ..errors import UsageError


def ask(question: str, *, doing: str, hint: str) -> None:
    """Ask, and abort on anything but a yes.

    Args:
        question: The question.
        doing: What needs the yes, such as ``terminating 'dev'``.
        hint: The command that does it without asking.

    Raises:
        UsageError: There is no terminal to ask at.
    """
    if not terminal():
        raise UsageError(
            f"{doing} needs a yes", why="there is no terminal to ask at", hint=f"`{hint}`"
        )
    click.confirm(question, abort=True, err=True)


def terminal() -> bool:
    """Whether someone can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
