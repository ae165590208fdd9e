"""What a new recording says otherwise than the old one, in Intercom's terms: ids by name, times by type.

For whoever looks at a recording made anew before it replaces the committed one. Two recordings that differ only in ids
and times say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.format.id_names import IdNames
from harness.cassette.format.json_diff import differences
from harness.cassette.replay.varying_fields import fits
from harness.cassette.review.drift import operation_of
from harness.cassette.review.meaning import status_of
from harness.core.json_values import Json

_HEADER = ("recorded_from", "intercom_version", "pipeline", "harness", "redaction", "format")


def changes(old: Cassette, new: Cassette) -> Iterator[str]:
    """Each difference in one line: header, requests more or fewer, then what was asked and answered otherwise."""
    for name in _HEADER:
        before, after = getattr(old.header, name), getattr(new.header, name)
        if before != after:
            yield f"{name}: {before} → {after}"
    named = IdNames(old.interactions), IdNames(new.interactions)
    for step in ("given", "when", "then"):
        for caller in ("harness", "pipeline", "webhook"):
            sides = [[i for i in found.interactions if (i.step, i.caller) == (step, caller)] for found in (old, new)]
            yield from (f"{step}, {caller}: {text}" for text in _of_caller(sides[0], sides[1], named))


def _of_caller(old: Sequence[Interaction], new: Sequence[Interaction], named: tuple[IdNames, IdNames]) -> Iterator[str]:
    before, after = ([operation_of(i.request) for i in side] for side in (old, new))
    for _, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[a:b] == after[c:d]:
            for one, other in zip(old[a:b], new[c:d], strict=True):
                yield from _in_pair(one, other, named)
            continue
        yield from (f"no more: {text}" for text in before[a:b])
        yield from (f"new: {text}" for text in after[c:d])


def _in_pair(old: Interaction, new: Interaction, named: tuple[IdNames, IdNames]) -> Iterator[str]:
    operation = operation_of(old.request)
    for part, one, other in (
        ("asks", old.request.body, new.request.body),
        ("answers", _answered(old), _answered(new)),
    ):
        for found in differences(_named(one, named[0]), _named(other, named[1])):
            if not (fits(found.old, "time") and fits(found.new, "time")):
                yield f"{operation} {part} {found}"
    if status_of(old) != status_of(new):
        yield f"{operation} answers {status_of(old)} → {status_of(new)}"


def _answered(interaction: Interaction) -> bytes:
    response = interaction.outcome.response
    return response.body if response else b""


def _named(body: bytes, names: IdNames) -> Json:
    """The body with names for its ids; the names of two recordings agree where ids turn up in the same order."""
    return tree_of(names.text(body.decode("utf-8", "replace")).encode())
