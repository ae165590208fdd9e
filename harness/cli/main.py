"""The `harness` command: a group that loads a subcommand's module only when that subcommand is asked for.

It knows names and exit codes and nothing else: 0 and 1 are the subcommand's verdict, 2 is "could not run".
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from harness import config
from harness.core.errors import Problem

COMMANDS = {
    "run": "harness.cli.run",
    "tour": "harness.cli.tour",
    "sandbox": "harness.cli.sandbox",
    "exec": "harness.cli.exec",
    "gateway": "harness.cli.gateway",
    "cassettes": "harness.cli.cassettes",
    "webhooks": "harness.cli.webhooks",
    "zoo": "harness.cli.zoo",
    "receipt": "harness.cli.receipt",
    "doctor": "harness.cli.doctor",
    "sweep": "harness.cli.sweep",
    "live-visitor": "harness.cli.live_visitor",
}
"""Each subcommand with the module that holds it, under the name `command`, in the order of the help page."""

COULD_NOT_RUN = 2
INTERRUPTED = 130


class LazyGroup(click.Group):
    """Lists the subcommands whose modules exist; imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return [name for name, module in COMMANDS.items() if importlib.util.find_spec(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name, or nothing."""
        module = COMMANDS.get(cmd_name)
        if module is None or importlib.util.find_spec(module) is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand. A `.env` that cannot be understood stops each before it does anything; help still opens."""
        if not {"-h", "--help"}.intersection(ctx.args):
            config.load()
        return super().invoke(ctx)


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from harness import __version__

        click.echo(f"harness {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
def group() -> None:
    """Run Intercom conversion pipelines where nothing can be hurt, and prove what they did.

    Exit codes: 0 all is proved, 1 something is refuted or unknown, 2 it could not run.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and tell the exit code; errors that a person can act on go to stderr without a traceback."""
    _say_what_the_terminal_can_show()
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        code = group.main(words, prog_name="harness", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return _could_not_run(words, Problem(error.format_message()))
    except Problem as problem:
        click.echo(f"harness: {problem}", err=True)
        return _could_not_run(words, problem)
    except (click.Abort, KeyboardInterrupt):
        click.echo("harness: interrupted", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _could_not_run(words: Sequence[str], problem: Problem) -> int:
    if _reads_json(words):
        click.echo(json.dumps({"exit_code": COULD_NOT_RUN, "problem": problem.as_data()}, indent=1))
    return COULD_NOT_RUN


def _reads_json(words: Sequence[str]) -> bool:
    """Whether a program waits for JSON on stdout: `--json` is there, and no file of its own after it."""
    own = list(words[: words.index("--")] if "--" in words else words)
    after = own[own.index("--json") + 1 :] if "--json" in own else ["a file"]
    return not after or after[0].startswith("-")


def _say_what_the_terminal_can_show() -> None:
    # Names, paths and answers hold signs that not every encoding has; a question mark for one must not end a run.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
