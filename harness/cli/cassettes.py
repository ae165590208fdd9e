"""`harness cassettes`: the table of its subcommands."""

from __future__ import annotations

import click

from harness.cli.lazy_group import LazyCommand, LazyGroup

REVIEW, FILES, DRIFT = "harness.cli.cassette_review", "harness.cli.cassette_files", "harness.cli.cassette_drift"

SUBCOMMANDS = {
    "list": LazyCommand("List the cassettes.", REVIEW, "list_cassettes"),
    "show": LazyCommand("Print one cassette as a conversation.", REVIEW, "show"),
    "check": LazyCommand("Verify that each cassette proves its conversion.", REVIEW, "check"),
    "compare": LazyCommand("Show the differences between two cassettes.", REVIEW, "compare"),
    "diff": LazyCommand("Ask a backend again, and show what it answers differently.", DRIFT, "diff"),
    "export": LazyCommand("Print one cassette as plain vcrpy YAML.", FILES, "export"),
    "import": LazyCommand("Convert a cassette of vcrpy's.", FILES, "import_yaml"),
    "recover": LazyCommand("Save what an interrupted recording left.", FILES, "recover"),
    "accept": LazyCommand("Accept a cassette that was edited by hand.", FILES, "accept"),
}
"""Each subcommand with its help text, its module and its name there, in the order of the help page."""


@click.group("cassettes", cls=LazyGroup, table=SUBCOMMANDS)
def command() -> None:
    """List, check and read the recordings that plain `pytest` replays."""
