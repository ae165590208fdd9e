"""What a pipeline consists of, as files with their digests: what a receipt stands for.

Nothing of the pipeline is imported or started. A Python pipeline is its module, or every module of its package; one of
command lines is its TOML file, the files beside it that the lines name, and what its `files` list.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shlex
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import Problem


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Each file by its path from `root`, with its digest, in order."""
    return {_from(path, root): digest_of(path) for path in sorted(set(paths)) if path.is_file()}


def content_of(spec: str | None, root: Path) -> dict[str, str]:
    """The files of a pipeline with their digests; none for the reference, whose content is the harness's version."""
    if spec is None:
        return {}
    found = _toml_files(root / spec) if spec.endswith(".toml") else _module_files(spec.partition(":")[0], root)
    return digests(found, root)


def _toml_files(path: Path) -> list[Path]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("pipeline", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"the pipeline {path.name} cannot be read", evidence=str(error)) from error
    return [path, *_named(table, path.parent), *_listed(table, path.parent)]


def _named(table: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    for key in ("visitor_to_lead", "visitor_to_user", "lead_to_user", "job", "webhook", "service"):
        words = shlex.split(table[key]) if isinstance(table.get(key), str) else []
        for before, word in zip(["", *words], words, strict=False):
            if "{" in word or not word:
                continue
            if before == "-m":
                yield from _modules_in(folder, word.partition(".")[0])
            elif (named := (folder / word).resolve()).is_file() and named.is_relative_to(folder.resolve()):
                yield named


def _listed(table: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    for pattern in table.get("files", ()):
        found = [path for path in folder.glob(pattern) if path.is_file()]
        if not found:
            raise Problem(
                f"files lists {pattern!r}, and there is no such file",
                remedy="patterns start in the TOML file's folder: files = ['src/**/*.js']",
            )
        yield from found


def _module_files(module: str, root: Path) -> list[Path]:
    top = module.partition(".")[0]
    here = str(root)
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        spec = importlib.util.find_spec(top)
    finally:
        if added:
            sys.path.remove(here)
    if spec is None:
        raise Problem(f"the pipeline's module {top!r} is not there", remedy="run this where the pipeline runs")
    if spec.submodule_search_locations:
        return [path for place in spec.submodule_search_locations for path in _sources(Path(place))]
    return [Path(spec.origin)] if spec.origin else []


def _modules_in(folder: Path, name: str) -> Iterator[Path]:
    if (folder / f"{name}.py").is_file():
        yield folder / f"{name}.py"
    elif (folder / name).is_dir():
        yield from _sources(folder / name)


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _from(path: Path, root: Path) -> str:
    absolute = path.resolve()
    try:
        return absolute.relative_to(root.resolve()).as_posix()
    except ValueError:
        return absolute.as_posix()
