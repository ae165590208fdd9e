"""Which project a folder holds, and the source files in it: manifests, workspaces, and what is no code of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.cli.project_setup.routines import Language
from harness.core.errors import Problem
from intercom_harness_plugin import upwards

MANIFESTS: Final[Mapping[str, Language]] = {
    "pyproject.toml": "python",
    "setup.py": "python",
    "setup.cfg": "python",
    "requirements.txt": "python",
    "Pipfile": "python",
    "package.json": "node",
    "Gemfile": "ruby",
    "composer.json": "php",
}
"""The files that make a folder a project, each with its language."""
SUFFIXES: Final[Mapping[str, Language]] = {
    ".py": "python",
    ".js": "node",
    ".mjs": "node",
    ".cjs": "node",
    ".ts": "node",
    ".mts": "node",
    ".cts": "node",
    ".rb": "ruby",
    ".php": "php",
}
_NOT_OWN: Final = frozenset(
    {"node_modules", "vendor", "dist", "build", "target", "site-packages", "__pycache__", "coverage", "tmp", "log"}
)
"""Folders whose code the project did not write, or did not write by hand."""
_OF_TESTS: Final = frozenset({"test", "tests", "spec", "__tests__", "features", "fixtures", "scenarios", "cassettes"})
_TEST_FILE: Final = re.compile(r"(test_.*|.*_test|conftest)\.py|.*[._-](test|spec)\.\w+|.*_(test|spec)\.rb|.*Test\.php")
_LARGEST: Final = 400_000
"""Bytes of a source file; one that is larger was made by a program."""
_MOST: Final = 4_000
"""Source files that are read."""
_DEPTH: Final = 4
"""How far below a folder projects are looked for."""
_WORKSPACE_FILES: Final = ("pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json", "rush.json")


@dataclass(frozen=True, slots=True)
class SetupProject:
    """A project: its folder, the languages of its manifests, and the folder of its repository, if there is one."""

    root: Path
    languages: Sequence[Language]
    repository: Path | None

    @property
    def below(self) -> str:
        """Where it lies in its repository; empty at the top."""
        inside = self.root.relative_to(self.repository).as_posix() if self.repository else ""
        return "" if inside == "." else inside


def find_project(folder: Path) -> SetupProject:
    """Return the project that a folder is.

    Raises:
        Problem: it is none, or it holds several.
    """
    languages = _languages(folder)
    below = _projects_below(folder) if not languages or _is_workspace(folder) else []
    if len(below) > 1:
        raise _several(folder, below)
    if not languages:
        raise _none(folder, below)
    return SetupProject(folder, languages, repository_of(folder))


def repository_of(folder: Path) -> Path | None:
    """Return the folder of the repository in which a folder lies."""
    return next((place for place in upwards(folder) if os.path.lexists(place / ".git")), None)


def source_files(root: Path, languages: Sequence[Language]) -> Iterator[Path]:
    """Yield the source files of a project in some languages, without tests and without code that is not its own."""
    found = 0
    for path in _walk(root, 0, 12):
        if SUFFIXES.get(path.suffix) not in languages or _TEST_FILE.fullmatch(path.name):
            continue
        if path.stat().st_size > _LARGEST:
            continue
        found += 1
        if found > _MOST:
            return
        yield path


def read_source(path: Path) -> str:
    """Return the text of a source file, each byte that is no UTF-8 replaced; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _walk(folder: Path, depth: int, deepest: int) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
        elif entry.is_dir() and depth < deepest and _is_own(entry) and entry.name not in _OF_TESTS:
            yield from _walk(entry, depth + 1, deepest)


def _is_own(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.name not in _NOT_OWN and not (folder / "pyvenv.cfg").exists()


def _languages(folder: Path) -> Sequence[Language]:
    return tuple(dict.fromkeys(language for name, language in MANIFESTS.items() if (folder / name).is_file()))


def _is_workspace(folder: Path) -> bool:
    """Return whether a folder's manifest says that projects lie below it."""
    if any((folder / name).exists() for name in _WORKSPACE_FILES):
        return True
    package, pyproject = read_source(folder / "package.json"), read_source(folder / "pyproject.toml")
    return bool(
        re.search(r'"workspaces"\s*:', package) or re.search(r"^\[tool\.(uv|rye)\.workspace\]", pyproject, re.MULTILINE)
    )


def _projects_below(folder: Path, depth: int = 1) -> list[Path]:
    """Return the projects below a folder; those inside of another one are part of it."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink())
    except OSError:
        return []
    found: list[Path] = []
    for entry in filter(_is_own, entries):
        if _languages(entry) and not _is_workspace(entry):
            found.append(entry)
        elif depth < _DEPTH:
            found += _projects_below(entry, depth + 1)
    return found


def _several(folder: Path, below: Sequence[Path]) -> Problem:
    names = [path.relative_to(folder).as_posix() for path in below]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return Problem(
        f"{folder} holds {len(names)} projects, and which of them converts people is not for init to choose.",
        evidence=", ".join(names[:6]) + more,
        remedy=f"go into the one that talks to Intercom, for example: cd {names[0]} && harness init",
    )


def _none(folder: Path, below: Sequence[Path]) -> Problem:
    above = next((place for place in upwards(folder.parent) if _languages(place)), None)
    near = below[0].relative_to(folder).as_posix() if below else str(above) if above else ""
    return Problem(
        f"{folder} is no project.",
        evidence="it holds none of " + ", ".join(MANIFESTS),
        why=f"the project lies in {near}" if near else "",
        remedy=f"cd {near} && harness init"
        if near
        else "go into the folder of your project, and run harness init there",
    )
