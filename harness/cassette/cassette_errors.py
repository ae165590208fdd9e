"""What can be wrong with a cassette, each its own type, so that a caller can tell them apart without reading text.

CassetteProblem
├── MissingCassette        there is no such file
├── EmptyCassette          there is one, without a byte in it
├── TruncatedCassette      it stops in the middle
├── UndecodableCassette    it is no JSON, or no cassette
├── UnmergedCassette       git has left both sides of a conflict in it
├── NewerFormat            a later harness wrote it
├── EditedByHand           its digest does not fit its content
├── OtherPipeline          it holds another pipeline's run
├── OtherVersion           it holds another API version's run
├── AlreadyRecording       somebody else records it at this moment
├── CannotRecord           what was seen may not become a cassette
├── RefusedToWrite         something secret or personal is still in it
└── ReplayFailed           the replay asked for something else, or for less, than was recorded
"""

from __future__ import annotations

import json
import re
import shlex
from glob import escape
from pathlib import Path

from harness.cassette.case_names import MAIN_FOLDER, case_name, folder_of_module
from harness.config.stock import STOCK, module_of
from harness.core.errors import Problem

_SCENARIO = re.compile(rb'"scenario": *("(?:[^"\\]|\\.)*")')
"""In the header: a node id, which `-k` could not say without meaning other cases too; empty where there is none."""
_SPEC = re.compile(rb'"pipeline_spec": *("(?:[^"\\]|\\.)*")')


class CassetteProblem(Problem):
    """Anything that keeps a cassette from being played or written; `path` says which one."""

    def __init__(
        self, what: str, *, path: Path | None = None, evidence: str = "", why: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, evidence=evidence, why=why, remedy=remedy)
        self.path = path


class MissingCassette(CassetteProblem):
    """There is no such file."""


class EmptyCassette(CassetteProblem):
    """The file has nothing in it."""


class TruncatedCassette(CassetteProblem):
    """The file stops in the middle."""


class UndecodableCassette(CassetteProblem):
    """The file is no JSON, or not a cassette of ours."""


class UnmergedCassette(CassetteProblem):
    """Git has left both sides of a conflict in the file."""


class NewerFormat(CassetteProblem):
    """A later harness wrote the file."""


class EditedByHand(CassetteProblem):
    """The digest in the header does not fit the content."""


class OtherPipeline(CassetteProblem):
    """The cassette holds the run of another pipeline."""


class OtherVersion(CassetteProblem):
    """The cassette holds a run with another API version."""


class AlreadyRecording(CassetteProblem):
    """Another recorder holds this cassette."""


class CannotRecord(CassetteProblem):
    """What was seen may not become a cassette."""


class RefusedToWrite(CassetteProblem):
    """Something secret or personal would have reached the disk."""


def unwritable(path: Path, error: OSError) -> CannotRecord:
    """The problem that a file or its folder cannot be written."""
    return CannotRecord(
        f"{path} cannot be written.",
        path=path,
        evidence=error.strerror or type(error).__name__,
        remedy="make its folder writable, or name another with --cassettes",
    )


def record_command(path: Path, scenario: str = "") -> str:
    """Return the command that records the cassette at `path` (anew), read from where it lies and what stands in it.

    scenario: the node id of its case, if it is known.
    """
    node_id = scenario or scenario_of(path)
    if node_id == "":
        return exec_command(path)
    stem = path.with_suffix("")
    case, _, version = stem.name.partition("@")
    pipeline = next((part[1:] for part in stem.parts[:-1] if part.startswith("@")), "")
    node_id = node_id or f"{_module_of(stem)}::{case_name(case)}"
    words = ["harness", "run", node_id, "--record"]
    words += ["--intercom-version", version] if version else []
    root = _root_of(stem, node_id, named=bool(pipeline))
    words += ["--cassettes", str(root)] if root.name not in ("", "cassettes") else []
    spec = _header_text(path, _SPEC)
    words += ["--pipeline", spec] if spec else []
    command = " ".join(shlex.quote(word) for word in words)
    return f"{command} --pipeline SPEC   (SPEC: what {pipeline!r} stands for)" if pipeline and not spec else command


def _root_of(stem: Path, node_id: str, *, named: bool) -> Path:
    """Return the folder of all cassettes. named: whether the pipeline has a folder of its own in it."""
    folders = folder_of_module(node_id.partition("::")[0])
    if len(stem.parts) > len(folders) + 2 and stem.parts[-2 - len(folders) : -2] != folders:
        folders = ()  # where earlier releases put it
    depth = len(folders) + (2 if named else 1)
    return stem.parents[depth] if len(stem.parents) > depth else stem.parent


def _module_of(stem: Path) -> str:
    """Return the scenario module of a cassette that is not there: the project's own, or the stock one of that name."""
    name = f"{stem.parent.name.partition('~~')[0]}.py"
    folders = [place.parent for place in stem.parents[1:4]]
    own = any((folder / MAIN_FOLDER / name).is_file() for folder in folders)
    return f"{MAIN_FOLDER}/{name}" if own or not module_of(STOCK + name, Path()).is_file() else f"{STOCK}{name}"


def missing(path: Path) -> MissingCassette:
    """There is no cassette at `path`; where the case was recorded with another pipeline, that is said."""
    told = f"There is no cassette for this case: {path}"
    others = _with_other_pipelines(path)
    if not others:
        why = "it was never recorded, or the case was renamed"
        return MissingCassette(told, path=path, why=why, remedy=record_command(path))
    spec = shlex.quote(_header_text(others[0], _SPEC) or "SPEC")
    return MissingCassette(
        told,
        path=path,
        evidence=f"there is {others[0]}",
        why="it was recorded with another pipeline than the harness's own, and each has recordings of its own",
        remedy=f"play it with --pipeline {spec}, or record it without: {record_command(path)}",
    )


def _with_other_pipelines(path: Path) -> list[Path]:
    """Where the same case lies that a pipeline of somebody's own was recorded with, for a path of the harness's own."""
    if any(part.startswith("@") for part in path.parts[:-1]):
        return []
    roots = path.parents[1:6]  # a module may stand in folders
    return [found for root in roots for found in sorted(root.glob(f"@*/{escape(str(path.relative_to(root)))}"))]


def exec_command(path: Path) -> str:
    """The command that records the traffic of somebody's own command into `path`."""
    return f"harness exec --record --cassette {shlex.quote(str(path))} -- COMMAND"


def _head(path: Path) -> bytes:
    """Where a cassette says whose it is; empty where it says nothing."""
    try:
        with path.open("rb") as file:
            return file.read(2048)
    except OSError:
        return b""


def scenario_of(path: Path) -> str | None:
    """The node id that a cassette was recorded from, by its own word; `None` where it says nothing."""
    return _header_text(path, _SCENARIO)


def _header_text(path: Path, pattern: re.Pattern[bytes]) -> str | None:
    found = pattern.search(_head(path))
    try:
        return str(json.loads(found[1])) if found else None
    except ValueError:
        return None
