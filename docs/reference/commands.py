"""Writes docs/reference/commands.md: every command and option, read from the command table.

`docs/build_site.py` runs it when it builds the site. The page is not committed: each change of an option would change
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from harness.cli.main import COMMANDS, group

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# Commands

Each command of `harness` with its options, as `--help` prints them. Exit codes: 0 all claims proved; 1 something
refuted or unknown, or a pipeline that crashed, hung or sent nothing; 2 it could not run. Configured values apply where
an option is not given: [configuration](configuration.md).
"""


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _commands(f"{name} {below}", found)


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"harness {name}", max_content_width=100)
    level = "##" if " " not in name else "###"
    return f"{level} harness {name}\n\n```text\n{command.get_help(context).strip()}\n```\n"


def page() -> str:
    """Return the whole page."""
    root = click.Context(group)
    tops = [(name, group.get_command(root, name)) for name in COMMANDS]
    sections = [_section(*one) for name, top in tops if top is not None for one in _commands(name, top)]
    return "\n".join([INTRODUCTION, *sections])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
