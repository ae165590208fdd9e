"""The README against the program: each command it shows exists, with the options it shows, and none is left out."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from harness.cli.main import COMMANDS, group
from harness.config.pipeline_table import PIPELINE_KEYS
from harness.pipeline.answer import OPERATIONS

PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_.]+)\}")


def _text(root: Path) -> str:
    return (root / "README.md").read_text()


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _shown_commands(text: str) -> Iterator[list[str]]:
    """The words of each `harness …` command line, from blocks and from inline code."""
    lines = [line for block in _blocks(text, "sh") for line in block.splitlines()]
    lines += re.findall(r"`(harness [^`]+)`", text)
    for line in lines:
        words = shlex.split(line, comments=True)
        if words and words[0].endswith("harness") and len(words) > 1:
            yield words[1:]


def _subcommand(name: str) -> click.Command | None:
    return group.get_command(click.Context(group), name)


def _options(command: click.Command) -> set[str]:
    found = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {*found, "--help", "-h"}


def test_each_command_that_the_readme_shows_exists_with_its_options(root: Path) -> None:
    """No example names a subcommand or an option that is not there."""
    shown = list(_shown_commands(_text(root)))
    assert len(shown) > 5
    for words in shown:
        if words[0] in ("--help", "--version", "…"):
            continue
        command = _subcommand(words[0])
        assert command is not None, f"README shows harness {words[0]}, which is not there"
        if isinstance(command, click.Group) and len(words) > 1 and not words[1].startswith("-"):
            names = re.split(r"\|", words[1])
            assert set(names) <= set(command.list_commands(click.Context(command))), words
            continue
        own = words[: words.index("--")] if "--" in words else words
        given = {word.partition("=")[0] for word in own if word.startswith("-")}
        assert given <= _options(command), words


@pytest.mark.parametrize("name", [name for name in COMMANDS if _subcommand(name)])
def test_each_command_is_explained(root: Path, name: str) -> None:
    """A subcommand has a help text, a help text for each option, and a place in the README."""
    command = _subcommand(name)
    assert command is not None
    assert command.help
    pages = [command]
    if isinstance(command, click.Group):
        context = click.Context(command)
        pages += filter(None, (command.get_command(context, name) for name in command.list_commands(context)))
    assert [page.name for page in pages if "\\b" in (page.help or "")] == []
    helpless = [one.opts for one in command.params if isinstance(one, click.Option) and not one.help]
    assert helpless == []
    assert f"harness {name}" in _text(root)


def test_the_toml_example_is_one(root: Path) -> None:
    """The example has the keys and placeholders that a pipeline's file may have."""
    known = {
        "visitor.user_id",
        "visitor.id",
        "lead.id",
        "lead.external_id",
        "user.id",
        "user.email",
        "user.external_id",
    }
    tables = [tomllib.loads(block)["pipeline"] for block in _blocks(_text(root), "toml")]
    assert tables
    for table in tables:
        assert set(table) <= PIPELINE_KEYS.keys()
        lines = [table[name] for name in OPERATIONS if name in table]
        assert {m["name"] for line in lines for m in PLACEHOLDER.finditer(line)} <= known
    assert {name for name in known if f"`{{{name}}}`" in _text(root)} == known


def test_the_python_examples_are_python(root: Path) -> None:
    """Each example can be read by Python."""
    blocks = _blocks(_text(root), "python")
    assert blocks
    for block in blocks:
        ast.parse(block)


def test_each_file_that_the_readme_points_to_is_there(root: Path) -> None:
    """No link leads nowhere."""
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", _text(root))
    assert links
    assert [link for link in links if not (root / link.partition("#")[0]).exists()] == []


def test_each_make_target_that_the_readme_names_exists(root: Path) -> None:
    """And the two commands stand at its top."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=`|$|\s{2,})", _text(root), re.MULTILINE))
    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("name", ["additions", "assumed", "contact_fields"])
def test_a_page_made_from_tables_is_what_they_say(root: Path, name: str) -> None:
    """A rule that becomes a guess, or a field that is added, changes the page; `make docs` writes it anew."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}; print({name}.page(), end='')"],
        cwd=root / "docs",
        capture_output=True,
        text=True,
        check=True,
    )
    assert (root / "docs" / f"{name}.md").read_text() == done.stdout
