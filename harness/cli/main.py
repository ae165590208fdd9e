"""The `harness` command: the table of its subcommands, and their exit codes.

A subcommand decides between 0 and 1; 2 means "could not run".
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from harness import __version__
from harness.cli.lazy_group import OWN_PROCESS, LazyCommand, LazyGroup
from harness.core.errors import Problem

COMMANDS = {
    "init": LazyCommand("Set a project up: configuration, a first scenario, CI.", "harness.cli.init"),
    "run": LazyCommand("Run scenarios and prove what became of each person.", "harness.cli.run"),
    "config": LazyCommand("Show the configuration, and where each value comes from.", "harness.cli.config"),
    "scenarios": LazyCommand("List, read and copy scenarios.", "harness.cli.scenarios"),
    "baseline": LazyCommand("Keep today's failures as known ones.", "harness.cli.baseline"),
    "tour": LazyCommand("Follow one conversion, step by step.", "harness.cli.tour"),
    "load": LazyCommand("Fill a sandbox with your own people, or with made-up ones.", "harness.cli.load"),
    "sandbox": LazyCommand("Serve a sandboxed Intercom, with its pages, over HTTP.", "harness.cli.sandbox"),
    "exec": LazyCommand("Run a command whose Intercom traffic goes through the gateway.", "harness.cli.exec"),
    "gateway": LazyCommand("Serve the gateway, HTTP and HTTPS proxy, for a backend.", "harness.cli.gateway"),
    "cassettes": LazyCommand("List, check and read recordings.", "harness.cli.cassettes"),
    "webhooks": LazyCommand("Receive the sandbox's webhook notifications.", "harness.cli.webhooks"),
    "zoo": LazyCommand("Play pipelines whose verdict is known, wrong and right.", "harness.cli.zoo"),
    "mutate": LazyCommand("Change requests of a right pipeline, and see who notices.", "harness.cli.mutate"),
    "report": LazyCommand("Make one result of the shards of a run.", "harness.cli.report"),
    "rehearse": LazyCommand("Rehearse a whole job on a copy of your own workspace.", "harness.cli.rehearse"),
    "receipt": LazyCommand("Check that the code is still what a run proved.", "harness.cli.receipt"),
    "doctor": LazyCommand("Check the settings, and say what is possible with them.", "harness.cli.doctor"),
    "sweep": LazyCommand("Delete what an earlier run left in the TEST app.", "harness.cli.sweep"),
    "live-visitor": LazyCommand("Serve a page that makes visitors of the TEST app.", "harness.cli.live_visitor"),
}
"""Each subcommand with its help text and its module, in the order of the help page."""

COULD_NOT_RUN = 2
ON_WINDOWS = Problem(
    "The harness runs on Linux and macOS; on Windows it needs WSL.",
    why="it holds and ends processes in ways that Windows does not have",
    remedy="wsl --install, then install the harness inside of it",
)
INTERRUPTED = 130


class HarnessGroup(LazyGroup):
    """The group of all subcommands, which reads `.env` before it runs one."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a subcommand. A `.env` that cannot be parsed stops each before it does anything; help still opens."""
        if not {"-h", "--help"}.intersection(ctx.args):
            from harness import config  # the help page needs no settings

            config.load()
        return super().invoke(ctx)


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"harness {__version__}")
        ctx.exit()


@click.group(
    cls=HarnessGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
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
    if str(sys.platform) == "win32":
        click.echo(f"harness: {ON_WINDOWS}", err=True)
        return _could_not_run(words, ON_WINDOWS)
    try:
        code = group.main(words, prog_name="harness", standalone_mode=False, obj=OWN_PROCESS if argv is None else None)
    except click.ClickException as error:
        _cover(error)
        error.show()
        return _could_not_run(words, Problem(error.format_message()))
    except Problem as problem:
        _say(problem)
        return _could_not_run(words, problem)
    except BrokenPipeError:
        raise
    except OSError as error:
        evidence = error.strerror or str(error)
        unusable = Problem(f"{error.filename or 'a file'} cannot be read or written", evidence=evidence)
        _say(unusable)
        return _could_not_run(words, unusable)
    except (click.Abort, KeyboardInterrupt):
        click.echo("harness: interrupted", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _cover(error: click.ClickException) -> None:
    from harness.cli.notes import covered

    setattr(error, "message", covered(error.message))  # noqa: B010  # click calls it final, and shows it itself


def _say(problem: Problem) -> None:
    from harness.cli.notes import note  # the help page needs no redaction

    note(str(problem))


def _could_not_run(words: Sequence[str], problem: Problem) -> int:
    if _reads_json(words):
        import json  # the help page needs no JSON

        from harness.cli.notes import covered

        said = {name: covered(text) for name, text in problem.as_data().items()}
        click.echo(json.dumps({"exit_code": COULD_NOT_RUN, "problem": said}, indent=1))
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
