"""README and guide against the program: commands, options, examples, keys and links that they show exist."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from harness.cli.main import COMMANDS, group
from harness.config.configuration import KEYS
from harness.config.pipeline_table import PIPELINE_KEYS
from harness.pipeline.answer import OPERATIONS

STRICT = ("-W", "--keep-going", "-n", "-q")
"""How `docs/build_site.py` calls Sphinx."""
LEDGER_KEYS = ("operators", "survives", "removed")
"""The keys of `mutation-ledger.toml`."""

PLACEHOLDER = re.compile(r"\{(?P<name>[a-z_.]+)\}")


ROOT = Path(__file__).resolve().parents[3]
GUIDE = sorted(ROOT.glob("docs/guide/*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *GUIDE]
EVERYWHERE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def _all_text() -> str:
    return "\n".join(page.read_text() for page in PAGES)


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


@EVERYWHERE
def test_each_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    """No example names a subcommand or an option that is not there."""
    for words in _shown_commands(page.read_text()):
        if words[0] in ("--help", "--version", "…"):
            continue
        command = _subcommand(words[0])
        assert command is not None, f"{page.name} shows harness {words[0]}, which is not there"
        if isinstance(command, click.Group) and len(words) > 1 and not words[1].startswith("-"):
            names = set(words[1].split("|"))
            assert names <= set(command.list_commands(click.Context(command))), words
            if len(names) > 1:
                continue
            below = command.get_command(click.Context(command), words[1])
            assert below is not None
            command = below
        own = words[: words.index("--")] if "--" in words else words
        given = {word.partition("=")[0] for word in own if word.startswith("-")}
        assert given <= _options(command), words


def test_the_pages_show_commands() -> None:
    """The search for commands finds them in README and guide, so the test above has something to compare."""
    assert len(list(_shown_commands((ROOT / "README.md").read_text()))) > 5
    assert len(list(_shown_commands(_all_text()))) > 40


@pytest.mark.parametrize("name", [name for name in COMMANDS if _subcommand(name)])
def test_each_command_is_explained(name: str) -> None:
    """A subcommand has a help text, a help text for each option, and a place in README or guide."""
    command = _subcommand(name)
    assert command is not None
    assert command.help
    pages = [command]
    if isinstance(command, click.Group):
        context = click.Context(command)
        pages += filter(None, (command.get_command(context, name) for name in command.list_commands(context)))
    assert [page.name for page in pages if "\\b" in (page.help or "")] == []
    helpless = [one.opts for page in pages for one in page.params if isinstance(one, click.Option) and not one.help]
    assert helpless == []
    assert f"harness {name}" in _all_text()


def test_the_examples_of_pipelines_have_known_keys_and_placeholders() -> None:
    """The guide shows the keys and each placeholder that a pipeline's file may have."""
    known = {
        "visitor.user_id",
        "visitor.id",
        "lead.id",
        "lead.external_id",
        "user.id",
        "user.email",
        "user.external_id",
    }
    text = (ROOT / "docs/guide/pipelines.md").read_text()
    tables = [tomllib.loads(block)["pipeline"] for block in _blocks(text, "toml")]
    assert tables
    for table in tables:
        assert set(table) <= PIPELINE_KEYS.keys()
        lines = [table[name] for name in OPERATIONS if name in table]
        assert {m["name"] for line in lines for m in PLACEHOLDER.finditer(line)} <= known
    assert {name for name in known if f"`{{{name}}}`" in text} == known


@EVERYWHERE
def test_each_toml_example_has_known_keys(page: Path) -> None:
    """An example is TOML, and its keys are those of the configuration or of a pipeline."""
    for block in _blocks(page.read_text(), "toml"):
        table = tomllib.loads(block)
        configured = {*KEYS, *PIPELINE_KEYS, *LEDGER_KEYS, "fault"}
        assert set(table) <= configured, set(table) - configured
        if isinstance(pipeline := table.get("pipeline"), dict):
            assert set(pipeline) <= PIPELINE_KEYS.keys(), set(pipeline) - PIPELINE_KEYS.keys()


@EVERYWHERE
def test_the_python_examples_are_python(page: Path) -> None:
    """Each example can be read by Python."""
    for block in _blocks(page.read_text(), "python"):
        ast.parse(block)


@EVERYWHERE
def test_each_file_that_a_page_points_to_is_there(page: Path) -> None:
    """No link leads nowhere."""
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


def test_each_page_of_the_guide_is_linked_from_the_readme_and_says_what_it_leads_to() -> None:
    """A page opens with a title and with what the reader has at its end; the README, of one screen, lists it."""
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 130
    for page in GUIDE:
        title, _, begins, *_ = page.read_text().splitlines()
        assert title.startswith("# "), page
        assert begins.startswith("At the end"), page
        assert f"](docs/guide/{page.name})" in readme, page


def test_each_make_target_that_the_readme_names_exists(root: Path) -> None:
    """And the two commands stand at its top."""
    text = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=`|$|\s{2,})", text, re.MULTILINE))
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


def test_the_site_is_built_and_can_be_searched(tmp_path: Path) -> None:
    """Every page stands in the site, the commands and keys among them, and the search needs no server."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build_site.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for page in GUIDE:
        assert (tmp_path / "guide" / f"{page.stem}.html").exists(), page
    assert "harness receipt check" in (tmp_path / "reference" / "commands.html").read_text()
    index = (tmp_path / "searchindex.js").read_text()
    assert index.startswith("Search.setIndex(")
    assert "containment" in index


@pytest.mark.parametrize("text", ["# A\n\n[nowhere](missing.md)\n", "# A\n\n[no heading](a.md#missing)\n"])
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, text: str) -> None:
    """A missing page or heading is a warning of Sphinx, and each warning fails."""
    shutil.copy(ROOT / "docs" / "conf.py", tmp_path)
    (tmp_path / "index.md").write_text("# Site\n\n```{toctree}\na\n```\n")
    (tmp_path / "a.md").write_text(text)
    command = [sys.executable, "-m", "sphinx", *STRICT, "-b", "html", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "missing" in done.stderr
