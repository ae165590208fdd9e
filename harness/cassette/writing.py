"""The one way from a recording to a file: redacted, scanned, then put in place of the old one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.cassette import format as cassette_format
from harness.cassette.format import Cassette
from harness.cassette.redaction import RULES_VERSION, Redactor, redact
from harness.cassette.scan import refuse_leaks
from harness.cassette.storage import replace_file


def write(path: Path, cassette: Cassette, redactor: Redactor) -> Cassette:
    """Redact a cassette, refuse it where the scan still finds something, and replace the file at `path` in one step."""
    redacted = tuple(redact(interaction, redactor).interaction for interaction in cassette.interactions)
    header = replace(
        cassette.header,
        format=cassette_format.FORMAT,
        redaction=RULES_VERSION,
        names="pseudonyms" if redactor.strangers else "kept",
    )
    text = cassette_format.encode(Cassette(header, redacted))
    refuse_leaks(path, text, redactor)
    replace_file(path, text)
    return Cassette(header, redacted)
