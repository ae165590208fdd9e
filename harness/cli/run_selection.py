"""Which scenarios a run plays: those that were named, or all that the project's configuration asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli.shard_cut import ShardChoice
from harness.config import LEVELS, Configuration
from harness.config.stock import STOCK, module_of, stock_folder, stock_modules
from harness.core.errors import Problem
from harness.pytest_plugin.collection import FOLDER
from harness.pytest_plugin.project_session import own_names

NEEDS = {"jobs": ("run",), "webhooks": ("webhook",)}
"""What a pipeline must have for a level; every other level needs one of the three conversions."""
CONVERSIONS = ("visitor_to_lead", "visitor_to_user", "lead_to_user")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which scenarios, and with which API versions.

    own, stock: what pytest is to collect, absolute, perhaps with `::` and a case. folders: the folders that were named.
    levels: those that were asked for; all for which the pipeline has operations, where there are none. narrowed: what
    was named on the command line, for the receipt; empty where all scenarios are wanted. notes: what a person should
    know of the choice.
    """

    own: Sequence[str] = ()
    stock: Sequence[str] = ()
    folders: Sequence[Path] = ()
    levels: Sequence[str] = ()
    expression: str | None = None
    versions: Sequence[str] = ()
    stale: bool = False
    narrowed: Sequence[str] = ()
    notes: Sequence[str] = ()
    named: bool = False
    """Whether modules or folders were named."""
    shard: ShardChoice | None = None
    """Which part of them is played here, where other machines play the rest."""


def select(configuration: Configuration, paths: Sequence[str]) -> Selection:
    """Return what the paths of the command line select, or without any what the configuration does."""
    return _named(configuration, paths) if paths else _all(configuration)


def _all(configuration: Configuration) -> Selection:
    own = [str(folder) for folder in _own_folders(configuration)]
    if configuration.root == stock_folder().parent or configuration.stock_scenarios is False:
        return Selection(own or _no_scenarios(configuration))
    if configuration.file is None and own:
        return Selection(own)
    names = own_names(configuration)
    stock = [path for path in stock_modules() if path.name not in names]
    replaced = sorted(path.name for path in stock_modules() if path.name in names)
    notes = [f"{name}: the project's own module runs in the place of the stock one" for name in replaced]
    return Selection(own, tuple(map(str, stock)), notes=notes)


def _own_folders(configuration: Configuration) -> Sequence[Path]:
    """The folders of the project's own scenarios. One that the configuration names has to be there."""
    for folder in configuration.scenarios:
        if not folder.is_dir():
            raise Problem(
                f"{configuration.origin('scenarios')}: there is no folder {folder}",
                remedy="correct the key scenarios, or make the folder",
            )
    default = configuration.root / FOLDER
    return configuration.scenarios or ((default,) if default.is_dir() else ())


def _no_scenarios(configuration: Configuration) -> Sequence[str]:
    raise Problem(
        "There is no scenario to run.",
        evidence=f"there is no folder {configuration.root / FOLDER}, and stock_scenarios is false",
        remedy='make one, or name a folder: scenarios = ["…"], or set stock_scenarios = true',
    )


def _named(configuration: Configuration, paths: Sequence[str]) -> Selection:
    own: list[str] = []
    stock: list[str] = []
    for path in paths:
        place, case = _place(configuration.root, path)
        kind = stock if _is_stock(configuration, place) else own
        kind += [f"{module}{case}" for module in _modules(place)] if kind is stock else [f"{place}{case}"]
    folders = [Path(path) for path in own if Path(path).is_dir()]
    return Selection(tuple(own), tuple(stock), folders, named=True)


def _place(root: Path, path: str) -> tuple[Path, str]:
    """The file or folder that a word means, and the case in it. It counts from here, or else from the root."""
    if path.startswith(STOCK):
        name, separator, case = path.removeprefix(STOCK).partition("::")
        places = [module_of(STOCK + name, root)]
    else:
        name, separator, case = path.partition("::")
        places = [Path.cwd() / name, root / name]
    for place in places:
        if place.exists():
            return place.resolve(), separator + case
    raise Problem(
        f"there is no scenario at {path}",
        evidence=f"looked in {Path.cwd().name}/" + (f" and {root.name}/" if root != Path.cwd() else ""),
        remedy="name a module or a folder of scenarios; harness scenarios list shows the stock ones",
    )


def _is_stock(configuration: Configuration, place: Path) -> bool:
    folder = stock_folder()
    return place.is_relative_to(folder) and not place.is_relative_to(configuration.root)


def _modules(place: Path) -> Sequence[Path]:
    return stock_modules() if place.is_dir() else [place]


def levels_played(asked: Sequence[str], named: bool, lacking: Callable[[Iterable[str]], str | None]) -> Sequence[str]:
    """Return the levels of a run, in the order in which they are played.

    asked: those of the command line or the configuration. named: whether modules were named, which are then played
    whatever their level. lacking: tells which of some operations the pipeline lacks.
    """
    if asked:
        return tuple(level for level in LEVELS if level in asked)
    return LEVELS if named else tuple(level for level in LEVELS if _has_operations(level, lacking))


def _has_operations(level: str, lacking: Callable[[Iterable[str]], str | None]) -> bool:
    return any(lacking([operation]) is None for operation in NEEDS.get(level, CONVERSIONS))
