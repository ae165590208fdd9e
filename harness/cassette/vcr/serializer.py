"""Our file format for vcrpy: `vcr.VCR().register_serializer("harness", vcr_serializer)`.

With it vcrpy's own cassettes read and write files that the harness can list, show and play. What vcrpy writes this way
is redacted as any recording is. It belongs to no scenario, so it claims nothing; vcrpy ignores steps and callers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.cassette.format import document as cassette_format
from harness.cassette.format.document import Cassette, Header
from harness.cassette.recording.storage import parse
from harness.cassette.redaction.redactor import Redactor, redact
from harness.cassette.vcr.plain_yaml import from_vcr, vcr_dictionary


def deserialize(text: str) -> dict[str, object]:
    """vcrpy's dictionary in the text of one of our cassettes; a damaged one is a CassetteProblem."""
    return vcr_dictionary(parse(text.encode()))


def serialize(dictionary: Mapping[str, Any]) -> str:
    """The text of one of our cassettes for vcrpy's dictionary, redacted, with a digest."""
    redactor = Redactor(strangers=True)
    rows = tuple(redact(from_vcr(row), redactor).interaction for row in dictionary["interactions"])
    header = Header(
        scenario="", pipeline="", recorded_from="test-app", redaction=redactor.rules_version, names="pseudonyms"
    )
    return cassette_format.encode(Cassette(header, rows)).decode()
