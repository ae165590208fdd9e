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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.config.pipeline_table import pipeline_table
from harness.config.stock import name_of
from harness.core.errors import Problem


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Each file by its path from `root`, with its digest, in order."""
    return {name_of(path, root): digest_of(path) for path in sorted(set(paths)) if path.is_file()}


def content_of(spec: str | None, root: Path, folders: Sequence[Path] = ()) -> dict[str, str]:
    """Return the files of a pipeline with their digests; none for the reference, which is part of the harness.

    folders: from which a Python pipeline is imported, beside the root.
    """
    if spec is None:
        return {}
    places = [root, *folders]
    found = _toml_files(root / spec, places) if spec.endswith(".toml") else _module_files(spec, places)
    return digests(found, root)


def _toml_files(path: Path, places: Sequence[Path]) -> list[Path]:
    try:
        read = pipeline_table(path, tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"the pipeline {path.name} cannot be read", evidence=str(error)) from error
    table: Mapping[str, object] = read if isinstance(read, Mapping) else {}
    module = table.get("object")
    named = _module_files(module, places) if isinstance(module, str) else []
    return [path, *named, *_named(table, path.parent), *_listed(table, path.parent)]


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


def _module_files(spec_text: str, places: Sequence[Path]) -> list[Path]:
    top = spec_text.partition(":")[0].partition(".")[0]
    added = [place for place in map(str, places) if place not in sys.path]
    sys.path[:0] = added
    try:
        spec = importlib.util.find_spec(top)
    finally:
        sys.path[:] = [place for place in sys.path if place not in added]
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
