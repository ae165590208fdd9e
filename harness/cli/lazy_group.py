"""A click group that imports the module of a subcommand only when that subcommand is used.

The help text of each subcommand stands in the group's table, so that listing the subcommands imports none of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import click


class LazyCommand(NamedTuple):
    """A subcommand that is not imported yet: the line of the help listing, its module, and its name in that module."""

    text: str
    module: str
    attribute: str = "command"

    def load(self) -> click.Command:
        """Import the module and return the command."""
        command: click.Command = getattr(importlib.import_module(self.module), self.attribute)
        return command


OWN_PROCESS: Final = object()
"""The context's object where the command line is the one of this process, and no call from Python."""


class LazyGroup(click.Group):
    """A group whose table, in the order of the help page, may name subcommands that are not imported yet."""

    def __init__(self, *args: object, table: Mapping[str, LazyCommand], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # click's own parameters, handed on
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the table in its order, then those of commands added in code."""
        return [*self.table, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of that name, imported now if it was not before; None for an unknown name."""
        if cmd_name in self.table:
            return self.table[cmd_name].load()
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the section of the help page that lists the subcommands, without importing one of the table."""
        rows = [(name, command.text) for name, command in self.table.items()]
        rows += [(name, command.get_short_help_str(formatter.width)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
