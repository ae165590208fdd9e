"""`harness scenarios`: the scenarios that come with the harness, and those of the project."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path

import click

from harness.cli.configured import from_here
from harness.config import LEVELS, Configuration, read_configuration
from harness.config.stock import STOCK, level_of, name_of, stock_folder, stock_modules
from harness.core.errors import Problem
from harness.pytest_plugin.collection import FOLDER, defines_tests, is_named_as_one


@dataclass(frozen=True, slots=True)
class ScenarioListing:
    """One scenario function: its module's name, its level, its own name and its title."""

    module: str
    level: str
    name: str
    title: str


@click.group("scenarios")
def command() -> None:
    """List the scenarios, read them, copy one to change it."""


@command.command("list")
@click.option("--show", metavar="NAME", help="Print a module, or one scenario of it, as it is written.")
@click.option("--level", "levels", multiple=True, type=click.Choice(LEVELS), help="Only those of this level.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout instead of text.")
def list_scenarios(show: str | None, levels: Sequence[str], as_json: bool) -> int:
    """List the stock scenarios and the project's own, by level.

    \b
    harness scenarios list --level refusals
    harness scenarios list --show lead_to_user
    harness scenarios list --show test_a_lead_is_not_merged_into_a_lead
    """
    configuration = read_configuration()
    modules = [path for path in _modules(configuration) if not levels or level_of(path) in levels]
    if show is not None:
        click.echo(_source(show, modules))
        return 0
    found = [listing for path in modules for listing in _listings(path, configuration.root)]
    if as_json:
        click.echo(json.dumps([asdict(listing) for listing in found], indent=1))
    else:
        _table(found)
    return 0


@command.command("copy")
@click.argument("name", metavar="NAME")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help=(
    "The folder to copy into. [default: the project's folder of scenarios]"))  # fmt: skip
def copy(name: str, folder: Path | None) -> int:
    """Copy a stock scenario module into the project, where it then runs in the place of the stock one.

    \b
    harness scenarios copy lead_to_user
    """
    configuration = read_configuration()
    source = _stock(name)
    default = next(iter(configuration.scenarios), configuration.root / FOLDER)
    target = (folder or default) / source.name
    if source.resolve() == target.resolve():
        raise Problem(f"{from_here(target)} is that scenario", remedy="name another folder: --to DIR")
    if target.exists():
        raise Problem(
            f"{from_here(target)} is there already", remedy="move it away first, or name another folder: --to DIR"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    except OSError as error:
        raise Problem(
            f"{from_here(target)} cannot be written",
            evidence=error.strerror or type(error).__name__,
            remedy="make its folder writable, or name another: --to DIR",
        ) from None
    click.echo(f"{from_here(target)}: a copy of {STOCK}{source.name}, to change as you like")
    return 0


def scenario_exists(configuration: Configuration) -> Callable[[str, str], bool]:
    """Return what tells whether there is a scenario, by the stem of its module and the name of its case."""
    there = {(path.stem, function.name) for path in _modules(configuration) for function in _functions(path)}
    return lambda module, case: (module, case.partition("[")[0].rpartition("::")[2]) in there


def _modules(configuration: Configuration) -> Sequence[Path]:
    """The stock modules and the project's own, in the order in which they run."""
    folders = configuration.scenarios or (configuration.root / FOLDER,)
    stock = list(stock_modules())
    own = [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.py"))]
    mine = [path for path in own if is_named_as_one(path) and defines_tests(path) and path not in stock]
    return sorted([*stock, *mine], key=lambda path: LEVELS.index(level_of(path)))


def _listings(path: Path, root: Path) -> Iterator[ScenarioListing]:
    for function in _functions(path):
        title = (ast.get_docstring(function) or function.name.replace("_", " ")).splitlines()[0].rstrip(".")
        yield ScenarioListing(name_of(path, root), level_of(path), function.name, title)


def _functions(path: Path) -> Sequence[ast.FunctionDef]:
    body = ast.parse(path.read_bytes(), str(path)).body
    return [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def _table(found: Sequence[ScenarioListing]) -> None:
    module = ""
    for listing in found:
        if listing.module != module:
            module = listing.module
            click.echo(f"{chr(10) if listing is not found[0] else ''}{module}  ({listing.level})")
        click.echo(f"  {listing.title}")
    click.echo(f"\n{len(found)} scenarios; a scenario with parameters is several cases")


def _source(name: str, modules: Sequence[Path]) -> str:
    """The text of a module, or of a scenario and its decorators."""
    wanted = name.removeprefix(STOCK)
    for path in modules:
        if wanted in (path.stem, path.name):
            return path.read_text(encoding="utf-8").rstrip()
    for path in modules:
        for function in _functions(path):
            if wanted.rpartition("::")[2] == function.name:
                first = min([function.lineno, *(node.lineno for node in function.decorator_list)])
                lines = path.read_text(encoding="utf-8").splitlines()
                return "\n".join(lines[first - 1 : function.end_lineno])
    raise _unknown(name, [path.stem for path in modules])


def _stock(name: str) -> Path:
    wanted = name.removeprefix(STOCK).removesuffix(".py")
    for path in stock_modules():
        if path.stem == wanted:
            return path
    raise _unknown(name, [path.stem for path in stock_modules()])


def _unknown(name: str, known: Sequence[str]) -> Problem:
    near = get_close_matches(name, known, n=1)
    return Problem(
        f"there is no scenario {name!r}",
        why=f"{near[0]} is near" if near else "",
        evidence=f"the stock scenarios lie in {stock_folder()}",
        remedy="harness scenarios list shows all",
    )
