"""Everything that can be found wrong with committed cassettes without running anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from harness.cassette.case_names import cassette_path, earlier_path, folder_of_module
from harness.cassette.cassette_errors import CassetteProblem, EditedByHand, record_command, scenario_of
from harness.cassette.format.document import Cassette, Header
from harness.cassette.recording.journal import SUFFIX
from harness.cassette.recording.storage import cassette_files, load
from harness.cassette.redaction.leak_scan import leaks
from harness.cassette.redaction.redactor import LIMIT_HEADERS, REQUEST_HEADERS, RESPONSE_HEADERS, Redactor
from harness.cassette.review.proof import missing_proof
from harness.cassette.review.scenario_source import source_of_module
from harness.cassette.review.staleness import StaleCheck, functions_of, stale, what_receivers_need
from harness.config.stock import module_of

Level: TypeAlias = Literal["note", "warning", "error", "unreadable"]
_NODE = re.compile(r"(?P<module>[^:]+\.py)::(?P<case>.+)")


@dataclass(frozen=True, slots=True)
class CassetteFinding:
    """One thing wrong with one cassette."""

    path: Path
    level: Level
    kind: str
    told: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A cassette file with what was found; `cassette` is `None` where it could not be read."""

    path: Path
    size: int
    cassette: Cassette | None
    findings: tuple[CassetteFinding, ...]


def kind_of(problem: CassetteProblem) -> str:
    """What is wrong with a file, by the name of its error: `TruncatedCassette` is a truncated cassette."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(problem).__name__).lower()


def inspect(
    path: Path, root: Path, today: StaleCheck, *, folder: Path | None = None, secrets: Collection[str] = ()
) -> Inspected:
    """Look at one cassette.

    folder: where node ids are counted from; without it scenarios are not looked for. secrets: values that must not
    stand in it, beside what can be told by its looks.
    """
    try:
        cassette = load(path)
    except CassetteProblem as problem:
        level: Level = "error" if isinstance(problem, EditedByHand) else "unreadable"
        kind = kind_of(problem)
        size = path.stat().st_size if path.exists() else 0
        return Inspected(
            path, size, None, (CassetteFinding(path, level, kind, problem.evidence or problem.what, problem.remedy),)
        )
    found = [
        *_proof(path, cassette),
        *_leaks(path, cassette, secrets),
        *_headers(path, cassette),
        *_stale(path, cassette, today),
    ]
    found += [
        *_place(path, root, cassette, folder or root.parent),
        *(_orphan(path, cassette, folder) if folder else ()),
    ]
    return Inspected(path, path.stat().st_size, cassette, tuple(found))


def _proof(path: Path, cassette: Cassette) -> Iterator[CassetteFinding]:
    if not cassette.header.scenario:
        return  # recorded by `exec` or `gateway`: it claims nothing
    for told in missing_proof(cassette):
        yield CassetteFinding(path, "error", "proof", told, record_command(path))


def _leaks(path: Path, cassette: Cassette, secrets: Collection[str]) -> Iterator[CassetteFinding]:
    for leak in leaks(path.read_text(encoding="utf-8"), Redactor.for_header(cassette.header, secrets)):
        yield CassetteFinding(path, "error", "leak", f"{leak.kind} on line {leak.line}", record_command(path))


def _headers(path: Path, cassette: Cassette) -> Iterator[CassetteFinding]:
    for number, interaction in enumerate(cassette.interactions, 1):
        response = interaction.outcome.response
        wrong = interaction.request.headers.keys() - REQUEST_HEADERS
        wrong |= (response.headers.keys() if response else set()) - RESPONSE_HEADERS - LIMIT_HEADERS
        for name in sorted(wrong):
            yield CassetteFinding(path, "error", "header", f"interaction {number} holds {name}", record_command(path))


def _stale(path: Path, cassette: Cassette, today: StaleCheck) -> Iterator[CassetteFinding]:
    for reason in stale(cassette.header, today, version_is_pinned="@" in path.stem):
        told = f"{reason.cause}: {reason.told}"
        yield CassetteFinding(path, "error" if reason.fails else "warning", "stale", told, record_command(path))


def _place(path: Path, root: Path, cassette: Cassette, base: Path) -> Iterator[CassetteFinding]:
    header = cassette.header
    match = _NODE.fullmatch(header.scenario)
    if header.recovered:
        yield CassetteFinding(
            path, "error", "recovered", "it was put together from a recording that did not end", record_command(path)
        )
    if match is None:
        return
    wanted, before = _places(match["module"], match["case"], path, root, base, header)
    if path not in (wanted, before):
        yield CassetteFinding(path, "error", "place", f"its header belongs to {wanted}", record_command(path))


def _places(module: str, case: str, path: Path, root: Path, base: Path, header: Header) -> tuple[Path, Path]:
    """Return where the cassette of a case lies, and where earlier releases put it."""
    stem, pinned = module_of(module, root).stem, path.stem.partition("@")[2] or None
    function, bracket, parameters = case.partition("[")
    given = source_of_module(module_of(module, base)).given.get(function)
    name = f"{given}{bracket}{parameters}" if given else case
    folder, pipeline = folder_of_module(module), header.pipeline
    wanted = cassette_path(root, stem, name, folder=folder, pipeline=pipeline, intercom_version=pinned)
    return wanted, earlier_path(root, stem, case, pipeline=pipeline, intercom_version=pinned)


def _orphan(path: Path, cassette: Cassette, folder: Path) -> Iterator[CassetteFinding]:
    match = _NODE.fullmatch(cassette.header.scenario)
    if match is None:
        return
    if not source_of_module(module_of(match["module"], folder)).may_hold(match["case"].partition("[")[0]):
        told, remedy = f"{cassette.header.scenario} does not exist", "record the case under its new name"
        yield CassetteFinding(path, "error", "orphan", told, f"{remedy}; if it is gone for good, move {path} away")


def unfinished(root: Path) -> Iterator[CassetteFinding]:
    """Journals that lie under a folder: recordings that did not end."""
    for journal in sorted(root.rglob(f"*.json{SUFFIX}")):
        path = journal.with_name(journal.name.removesuffix(SUFFIX))
        told = "its last recording did not end"
        yield CassetteFinding(path, "warning", "unfinished", told, f"harness cassettes recover {path}, or rm {journal}")


def unrecorded(root: Path, scenarios: Path, base: Path | None = None) -> Iterator[CassetteFinding]:
    """Return the scenario functions that no cassette belongs to.

    Where only other pipelines than the reference were recorded, they may lack the operation: a warning. What the
    reference pipeline is not run with has no cassette: a note that says why. base: where node ids are counted from, if
    it is not the folder around the scenarios.
    """
    others = [folder for folder in sorted(root.glob("@*")) if cassette_files(folder)]
    only_others = bool(others) and len(cassette_files(root)) == sum(len(cassette_files(one)) for one in others)
    folders = others if only_others else [root]
    level: Level = "warning" if only_others else "error"
    recorded = {key for folder in folders for path in cassette_files(folder) for key in _keys(path)}
    for module in sorted(scenarios.rglob("*.py")):
        name = module.relative_to(base or scenarios.parent).as_posix()
        handed = {} if only_others else what_receivers_need(module)
        for function in sorted(functions_of(module)):
            path = cassette_path(folders[0], module.stem, function, folder=folder_of_module(name))
            if not recorded.isdisjoint((f"{name}::{function}", str(path.with_suffix("")))):
                continue
            told = f"{module}::{function} has no cassette"
            if needed := handed.get(function):
                why = f"it needs a receiver that is handed the {needed}, and the reference is handed the notification"
                yield CassetteFinding(path, "note", "not run", f"{told}: {why}")
            else:
                yield CassetteFinding(path, level, "missing", told, record_command(path, f"{name}::{function}"))


def _keys(path: Path) -> tuple[str, str]:
    """Return what tells the function of a cassette: its node id by the file's own word, and its place."""
    stem = path.stem.partition("@")[0].partition("-")[0]
    return (scenario_of(path) or "").partition("[")[0], str(path.with_name(stem))


def reasons_to_record(path: Path, today: StaleCheck) -> list[str]:
    """Why the cassette of a case should be recorded: missing, unreadable, or stale by a cause; empty where not."""
    try:
        cassette = load(path)
    except CassetteProblem as problem:
        return [problem.what]
    return [
        f"{found.cause}: {found.told}" for found in stale(cassette.header, today, version_is_pinned="@" in path.stem)
    ]
