"""What only the end of a run can tell: cassettes that no scenario plays, declarations and permissions of no use.

A part of the scenarios judges only what it can know. A cassette is judged where its module was collected whole, or is
there no more; nothing is judged where cases were picked by name. A declaration, and a permission, is judged where every
module took part and all passed: what excuses nothing in one module may be needed in another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.config.stock import module_of

if TYPE_CHECKING:
    from harness.cassette import VaryingFields


@dataclass(frozen=True, slots=True)
class UnusedDeclarations:
    """What one process saw of a run; those of several processes add up."""

    orphans: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    permitted: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()

    def and_(self, other: UnusedDeclarations) -> UnusedDeclarations:
        """Both together."""
        return UnusedDeclarations(*(getattr(self, name) | getattr(other, name) for name in NAMES))

    def of_a_failure(self) -> UnusedDeclarations:
        """The same where something failed: what failed may be what a declaration or a permission is for."""
        return replace(self, declared=frozenset(), permitted=frozenset())

    def problems(self) -> Sequence[str]:
        """What speaks against the run, a text each."""
        unneeded = sorted(self.permitted - self.needed)
        return [
            *map(_orphaned, sorted(self.orphans)),
            *map(_useless, sorted(self.declared - self.used)),
            *map(_unneeded, unneeded),
        ]

    def as_data(self) -> dict[str, list[str]]:
        """As one process hands it to another."""
        return {name: sorted(getattr(self, name)) for name in NAMES}

    @classmethod
    def from_data(cls, data: Mapping[str, Iterable[str]]) -> UnusedDeclarations:
        """As it came from another process."""
        return cls(*(frozenset(data[name]) for name in NAMES))


NAMES = tuple(field.name for field in fields(UnusedDeclarations))


def _orphaned(path: str) -> str:
    return (
        f"{path}: no scenario plays this cassette\n"
        "  likely: its case was renamed, moved or removed\n"
        "  remedy: record the case under its new name; look whether another run needs the file before it goes"
    )


def _useless(path: str) -> str:
    return (
        f"[[pipeline.varying]] {path}: this matched no field of any request\n"
        "  likely: the pipeline sends it no more, or the path or type is wrong\n"
        "  remedy: remove the declaration, or correct it"
    )


def _unneeded(permission: str) -> str:
    return (
        f"the pipeline's permission {permission} was needed by no scenario\n"
        "  likely: the pipeline does this no more, or never did\n"
        "  remedy: remove it from the pipeline's settings"
    )


def varying(declared: VaryingFields | None) -> UnusedDeclarations:
    """What was declared to differ by nature, and what of it was of use."""
    if declared is None:
        return UnusedDeclarations()
    paths = frozenset(entry.path for entry in declared.entries)
    return UnusedDeclarations(declared=paths, used=paths - {entry.path for entry in declared.unused})


def orphans(
    root: Path, pipeline: str, played: Iterable[Path], collected: Collection[str], base: Path
) -> UnusedDeclarations:
    """Return the cassettes of a pipeline that none of the collected cases plays.

    played: the cassettes of all collected cases. collected: the node ids of the modules that were collected whole, and
    of the functions in them; they count from `base`.
    """
    known = {_without_version(path) for path in played}
    found = (path for path in _cassettes_of(root, pipeline) if _without_version(path) not in known)
    return UnusedDeclarations(
        orphans=frozenset(_from(base, path) for path in found if _is_judged(_scenario(path), collected, base))
    )


def _from(base: Path, path: Path) -> str:
    return str(path.relative_to(base) if path.is_relative_to(base) else path)


def _is_judged(scenario: str, collected: Collection[str], base: Path) -> bool:
    """Return whether the case of a cassette would have been collected if there were one.

    A function that its module still has, and that was not collected, was left out by somebody.
    """
    from harness.cassette.review.scenario_source import source_of_module

    module, _, case = scenario.partition("::")
    function = case.partition("[")[0]
    if not module:
        return False
    if module not in collected:
        return not module_of(module, base).exists()
    return f"{module}::{function}" in collected or not source_of_module(module_of(module, base)).may_hold(function)


def _cassettes_of(root: Path, pipeline: str) -> Iterator[Path]:
    from harness.cassette.case_names import folder_of
    from harness.cassette.recording.storage import cassette_files

    folder = folder_of(root, pipeline)
    for path in cassette_files(folder) if folder.is_dir() else ():
        if not path.relative_to(folder).parts[0].startswith("@"):
            yield path


def _without_version(path: Path) -> Path:
    return path.with_name(path.stem.partition("@")[0] + path.suffix)


def _scenario(path: Path) -> str:
    """Return the node id that a cassette was recorded from, by its own word; empty where it belongs to no scenario."""
    from harness.cassette.cassette_errors import scenario_of

    return scenario_of(path) or ""
