"""A group that imports a command only when it is asked for, so that help comes at once."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose commands are modules of this package, each with an object named ``command``.

    Args:
        lazily: Name to what the command does, in the order of the help.
        prefix: What stands before the command's name in that of its module.
    """

    def __init__(
        self, *args: Any, lazily: Mapping[str, str], prefix: str = "", **named: Any
    ) -> None:
        super().__init__(*args, **named)
        self._lazily, self._prefix = lazily, prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names."""
        return list(self._lazily)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command, imported now."""
        if cmd_name not in self._lazily:
            close = difflib.get_close_matches(cmd_name, self._lazily, n=1)
            meant = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{cmd_name}'.{meant}")
        module = f".{self._prefix}{cmd_name}"
        command: click.Command = importlib.import_module(module, __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' help without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._lazily.items()))
