"""Where cassettes lie, and how their files are read and replaced: whole, or not at all."""

from __future__ import annotations

import codecs
import contextlib
import os
import tempfile
from pathlib import Path

import msgspec

from harness.cassette.cassette_errors import (
    CassetteProblem,
    EditedByHand,
    EmptyCassette,
    NewerFormat,
    OtherPipeline,
    OtherVersion,
    TruncatedCassette,
    UndecodableCassette,
    UnmergedCassette,
    missing,
    record_command,
    unwritable,
)
from harness.cassette.format import document as cassette_format
from harness.cassette.format.document import Cassette, Header
from harness.core.text_files import Unmerged, text_of

_TRUNCATED = "truncated"


def cassette_files(root: Path) -> list[Path]:
    """The cassettes under a folder, in order."""
    return sorted(path for path in root.rglob("*.json") if path.is_file() and not path.name.startswith("."))


def load(
    path: Path, *, pipeline: str | None = None, pipeline_spec: str = "", intercom_version: str | None = None
) -> Cassette:
    """Read a cassette, or raise the CassetteProblem that says why it cannot be played.

    Where `pipeline`, `pipeline_spec` or `intercom_version` are given, the cassette must be one of theirs.
    """
    cassette = _checked(path, _read(path))
    _check_owner(path, cassette.header, pipeline, intercom_version)
    check_namesake(path, cassette.header, pipeline_spec)
    return cassette


def _checked(path: Path, data: bytes) -> Cassette:
    compact = _compact(path, data)
    _check_format(path, compact)
    if (stated := cassette_format.stated_digest(compact)) != cassette_format.content_digest(compact):
        raise _edited(path, stated)
    return _decoded(path, compact)


def parse(data: bytes) -> Cassette:
    """The cassette in a text that came from somewhere else than a file; raises CassetteProblem as `load` does."""
    return _checked(Path("-"), data)


def load_edited(path: Path) -> Cassette:
    """Read a cassette whatever its digest says; for accepting one that was edited by hand."""
    compact = _compact(path, _read(path))
    _check_format(path, compact)
    return _decoded(path, compact)


def _decoded(path: Path, compact: bytes) -> Cassette:
    try:
        return cassette_format.decode(compact)
    except (msgspec.DecodeError, ValueError) as error:
        raise _undecodable(path, str(error)) from None


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise missing(path) from None
    except OSError as error:
        raise UndecodableCassette(
            f"{path} cannot be read.", path=path, evidence=error.strerror or "", remedy="make it a readable file"
        ) from None
    if not data.strip():
        raise EmptyCassette(
            f"{path} is empty.",
            path=path,
            evidence=f"{len(data)} bytes",
            why="whatever wrote or copied it was stopped; the harness itself replaces cassettes whole",
            remedy=_restore(path),
        )
    return data


def _compact(path: Path, data: bytes) -> bytes:
    try:
        data = data.removeprefix(codecs.BOM_UTF8)
        data.decode()
        compact = msgspec.json.format(data, indent=-1)
        msgspec.json.decode(compact)
    except UnicodeDecodeError as error:
        raise _undecodable(path, f"byte {error.start} is not UTF-8") from None
    except (msgspec.DecodeError, RecursionError) as error:
        _refuse_unmerged(path, data)
        if _TRUNCATED in str(error):
            raise TruncatedCassette(
                f"{path} stops in the middle.",
                path=path,
                evidence=f"{len(data)} bytes, and the JSON does not end",
                why="whatever copied it was stopped; the harness itself replaces cassettes whole",
                remedy=_restore(path),
            ) from None
        raise _undecodable(path, str(error)) from None
    return compact


def _refuse_unmerged(path: Path, data: bytes) -> None:
    try:
        text_of(data, str(path), f", and if that is not what a run says today: {record_command(path)}")
    except Unmerged as problem:
        raise UnmergedCassette(
            problem.what, path=path, evidence=problem.evidence, why=problem.why, remedy=problem.remedy
        ) from None


class _Envelope(msgspec.Struct):
    version: int
    metadata: dict[str, msgspec.Raw]


def _check_format(path: Path, compact: bytes) -> None:
    try:
        envelope = msgspec.json.decode(compact, type=_Envelope)
        number = msgspec.json.decode(envelope.metadata["format"], type=int)
    except (msgspec.DecodeError, KeyError):
        raise UndecodableCassette(
            f"{path} is JSON, but not a cassette of the harness.",
            path=path,
            why="it may be one that vcrpy wrote",
            remedy=f"harness cassettes import {path}, or {record_command(path)}",
        ) from None
    if number > cassette_format.FORMAT or envelope.version > cassette_format.VCR_VERSION:
        raise NewerFormat(
            f"{path} was written by a later harness.",
            path=path,
            evidence=f"format {number}, and this harness reads up to {cassette_format.FORMAT}",
            remedy=f"update the harness, or {record_command(path)}",
        )


def _check_owner(path: Path, header: Header, pipeline: str | None, intercom_version: str | None) -> None:
    if pipeline is not None and header.pipeline != pipeline:
        raise OtherPipeline(
            f"{path} holds the run of another pipeline.",
            path=path,
            evidence=f"recorded with {header.pipeline!r}, asked for with {pipeline!r}",
            remedy=record_command(path),
        )
    if intercom_version is not None and header.intercom_version != intercom_version:
        raise OtherVersion(
            f"{path} holds a run with another API version.",
            path=path,
            evidence=f"recorded with {header.intercom_version or 'none'}, asked for with {intercom_version}",
            remedy=record_command(path),
        )


def check_namesake(path: Path, header: Header, pipeline_spec: str) -> None:
    """Raise OtherPipeline where two pipelines of one name would share a cassette."""
    if pipeline_spec and header.pipeline_spec not in ("", pipeline_spec):
        folder = next((parent for parent in path.parents if parent.name.startswith("@")), path.parent)
        raise OtherPipeline(
            f"{path} belongs to another pipeline that is called {header.pipeline!r} as well.",
            path=path,
            evidence=f"recorded with --pipeline {header.pipeline_spec}, asked for with --pipeline {pipeline_spec}",
            why="cassettes lie under the name of their pipeline, and two have the same",
            remedy=f"give one of them another name, or another folder with --cassettes; if it moved: "
            f"mv {folder} {folder}.before, and record it anew",
        )


def _edited(path: Path, stated: str) -> CassetteProblem:
    return EditedByHand(
        f"{path} was changed after it was recorded.",
        path=path,
        evidence="its content does not fit the digest in its header" if stated else "its header states no digest",
        why="somebody edited it, a merge joined two versions, or the disk lost a bit",
        remedy=f"{_restore(path)}; to take it as it is: harness cassettes accept {path} --reason '…'",
    )


def _undecodable(path: Path, evidence: str) -> CassetteProblem:
    return UndecodableCassette(
        f"{path} is not a readable cassette.",
        path=path,
        evidence=evidence,
        why="it was damaged or edited",
        remedy=_restore(path),
    )


def _restore(path: Path) -> str:
    return f"git checkout -- {path}, or {record_command(path)}"


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file in one step: a reader sees the old file or the new one, never a part."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        _write_and_rename(handle, Path(name), path, data)
    except OSError as error:
        raise unwritable(path, error) from None


def _write_and_rename(handle: int, written: Path, path: Path, data: bytes) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            written.unlink()
        raise
