"""What a receipt stands for: the files of pipeline, scenarios and configuration, lock files, versions of runtimes."""

from __future__ import annotations

import contextlib
import platform
import shlex
import subprocess
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness import __version__
from harness.cli.project_identity import commit_of, identity_of_project
from harness.cli.run_selection import Selection
from harness.config import Configuration
from harness.config.pipeline_table import pipeline_table
from harness.config.stock import module_of
from harness.core.errors import Problem
from harness.pipeline.content import content_of, digests
from harness.pipeline.pipeline_file import is_python
from harness.pytest_plugin.collection import is_named_as_one
from harness.report.receipt import Receipt, Subject, files_of
from harness.runner.read_files import ReadFiles, is_watched, read_files
from harness.runner.session_config import RunOptions

LOCK_FILES: Final = (
    "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
    "deno.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt",
    "requirements.lock", "Gemfile.lock", "composer.lock", "go.mod", "go.sum", "Cargo.lock", "mix.lock",
    "gradle.lockfile",
)  # fmt: skip
"""Files that say which versions of others' code are used; in the root and above each file of the pipeline."""
COMMAND_KEYS: Final = ("visitor_to_lead", "visitor_to_user", "lead_to_user", "job", "webhook", "service")
NODE: Final = "node"


def subject_before(options: RunOptions, selection: Selection) -> Subject:
    """Return what is about to be tested, as far as it is known before the run, with the digests of now."""
    configuration, root = options.configuration, options.root
    chosen = configuration.pipeline
    spec = chosen.portable(root) if chosen and not chosen.is_reference else None
    narrowed = [*selection.narrowed, *(["--shard", str(selection.shard)] if selection.shard else [])]
    files = content_of(spec, root, configuration.python_path)
    return Subject(
        spec=spec,
        pipeline_files=files,
        scenario_files=digests(scenario_modules(selection), root),
        harness=__version__,
        selection=narrowed,
        lock_files=_lock_files(root, files),
        configuration_files=_configuration_files(configuration),
        project=identity_of_project(root),
        commit=commit_of(root),
    )


def subject_after(
    before: Subject, options: RunOptions, folder: Path, began: int, left_out: Sequence[Path | None]
) -> Subject:
    """Return what was tested: `before`, and what the code under test read.

    folder: where its processes wrote that down. began: when the run began, in nanoseconds since 1970. left_out: files
    and folders of the harness's own.
    """
    root = options.root.resolve()
    away = [*filter(None, left_out), options.configuration.cassettes_folder]
    seen = read_files(folder, root, away)
    known = {root / name for name in (*before.scenario_files, *before.configuration_files, *before.lock_files)}
    pipeline = {**digests(seen.read - known, root), **before.pipeline_files}
    runtimes = {"Python": platform.python_version()}
    runtimes |= dict(each.split(" ", 1) for each in sorted(seen.runtimes) if each.startswith(f"{NODE} "))
    return replace(
        before,
        pipeline_files=dict(sorted(pipeline.items())),
        lock_files=_lock_files(root, pipeline),
        runtimes=runtimes,
        not_covered=list(_not_covered(options, seen)),
        changed_meanwhile=list(_changed(before, pipeline, root, began)),
    )


def subject_now(receipt: Receipt, configuration: Configuration, version: str) -> Subject:
    """Return what is here now of what a receipt stands for, and what came to it.

    version: that of the harness.

    Raises:
        Problem: the receipt is another project's.
    """
    root = configuration.root
    _check_project(receipt, root)
    spec = receipt["pipeline"]["spec"]
    named: Mapping[str, str] = {}
    with contextlib.suppress(Problem):  # what is gone is told by the difference
        named = content_of(spec, root, configuration.python_path)
    pipeline = {**digests((root / name for name in files_of(receipt, "pipeline")), root), **named}
    scenarios = [module_of(name, root) for name in files_of(receipt, "scenario")]
    own = [path for path in scenarios if path.is_relative_to(root)]
    more = [] if receipt["selection"] else [path for path in _beside(own) if path not in scenarios]
    return Subject(
        spec=spec,
        pipeline_files=pipeline,
        scenario_files=digests((*scenarios, *more), root),
        harness=version,
        lock_files=_lock_files(root, pipeline),
        configuration_files=_configuration_files(configuration),
        runtimes={"Python": platform.python_version(), **(_node() if NODE in receipt["runtimes"] else {})},
    )


def scenario_modules(selection: Selection) -> Iterator[Path]:
    """Yield the modules of the scenarios that a run may play, also those that it does not, for want of an operation."""
    for place in (Path(place.partition("::")[0]) for place in (*selection.own, *selection.stock)):
        yield from (path for path in place.rglob("*.py") if is_named_as_one(path)) if place.is_dir() else (place,)


def _check_project(receipt: Receipt, root: Path) -> None:
    then, now = receipt["project"], identity_of_project(root)
    named = [name for kind in ("pipeline", "configuration") for name in files_of(receipt, kind)]
    strange = bool(named) and not any((root / name).exists() for name in named)
    if (then and now and then != now) or strange:
        raise Problem(
            "this receipt is of another project",
            evidence=f"it was written for {then or 'a project with ' + named[0]}; here is {now or root.name}",
            remedy="check it in the folder of its own project, or write one here: harness run --receipt FILE",
        )


def _lock_files(root: Path, files: Collection[str]) -> dict[str, str]:
    folders = {root, *(parent for name in files for parent in (root / name).parents if parent.is_relative_to(root))}
    return digests((folder / name for folder in folders for name in LOCK_FILES), root)


def _configuration_files(configuration: Configuration) -> dict[str, str]:
    found = (configuration.file, configuration.baseline)
    return digests((path for path in found if path is not None), configuration.root)


def _beside(known: Collection[Path]) -> Iterator[Path]:
    """Yield the scenario modules in the same folders, those that came later included."""
    for folder in {path.parent for path in known}:
        yield from (path for path in folder.glob("*.py") if is_named_as_one(path))


def _changed(before: Subject, pipeline: Mapping[str, str], root: Path, began: int) -> Iterator[str]:
    """Yield the files that were changed while the run was under way."""
    for files in (before.pipeline_files, before.scenario_files, before.lock_files, before.configuration_files):
        now = digests((module_of(name, root) for name in files), root)
        yield from (name for name in files if files[name] != now.get(name))
    for name in sorted(pipeline.keys() - before.pipeline_files.keys()):
        if (root / name).stat().st_mtime_ns > began:
            yield name


def _not_covered(options: RunOptions, seen: ReadFiles) -> Iterator[str]:
    """Say what code outside of this process may have read that nobody saw."""
    if options.pipeline is None or is_python(options.pipeline):
        return
    table = _table(Path(options.pipeline))
    if table.get("files"):
        return
    lines = (table[key] for key in COMMAND_KEYS if isinstance(table.get(key), str))
    first = {shlex.split(line)[0] for line in lines if not line.startswith(("http://", "https://"))}
    programs = sorted({Path(word).name for word in first if not is_watched(word)} | seen.programs)
    for program in programs:
        yield f'what {program} reads is not seen: only Python and Node tell. List its files: files = ["src/**"]'
    if not seen.runtimes and not programs:
        yield 'what the pipeline reads was not seen. List its files: files = ["src/**"]'


def _table(path: Path) -> Mapping[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found = pipeline_table(path, tomllib.loads(path.read_text(encoding="utf-8-sig")))
        return found if isinstance(found, Mapping) else {}
    return {}


def _node() -> dict[str, str]:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        ran = subprocess.run([NODE, "--version"], capture_output=True, text=True, timeout=10, check=True)
        return {NODE: ran.stdout.strip().removeprefix("v")}
    return {}
