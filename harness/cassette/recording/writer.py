"""The one way from a recording to a file: redacted, scanned, then put in place of the old one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from harness.cassette.cassette_errors import CannotRecord, CassetteProblem
from harness.cassette.format import document as cassette_format
from harness.cassette.format.document import Cassette
from harness.cassette.recording.storage import check_namesake, load, replace_file
from harness.cassette.redaction.leak_scan import refuse_leaks
from harness.cassette.redaction.redactor import Redactor, redact

Show: TypeAlias = Callable[[Path, Cassette], None]
"""Something that looks at a new cassette before it is written."""


def write(path: Path, cassette: Cassette, redactor: Redactor, show: Show | None = None) -> Cassette:
    """Redact a cassette, refuse it where the scan still finds something, and replace the file at `path` in one step."""
    redacted = tuple(redact(interaction, redactor).interaction for interaction in cassette.interactions)
    header = replace(
        cassette.header,
        format=cassette_format.FORMAT,
        redaction=redactor.rules_version,
        names="pseudonyms" if redactor.strangers else "kept",
    )
    text = cassette_format.encode(Cassette(header, redacted))
    refuse_leaks(path, text, redactor)
    written = Cassette(header, redacted)
    if show is not None:
        show(path, written)
    replace_file(path, text)
    return written


def refuse_namesake(path: Path, pipeline_spec: str) -> None:
    """Raise OtherPipeline where the cassette that is there belongs to another pipeline of the same name."""
    try:
        header = load(path).header
    except CassetteProblem:
        return  # there is none, or none that anybody could play
    check_namesake(path, header, pipeline_spec)


def refuse_to_replace(path: Path) -> None:
    """Raise CannotRecord where a cassette is there already: nobody watches what would take its place."""
    if path.exists():
        raise CannotRecord(
            f"{path} is there, and is not recorded over where CI is set.",
            path=path,
            why="a recording that nobody looked at would make every later replay green",
            remedy="record and look at it on your own machine; to do it here all the same: --record-in-ci",
        )
