"""Whether a read shows that something is a run's own: its marker, or the identifier under which the run drew it.

An id enters the ledger, and something is deleted, only after a read has shown this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from harness.core.json_values import Json, object_in
from harness.test_app.request_effects import Kind

CARRIES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "contact": ("email", "external_id", "user_id", "name"),
    "visitor": ("email", "external_id", "user_id", "name"),
    "company": ("company_id",),
    "tag": ("name",),
}
"""The fields in which something of each kind carries the marker of its run."""


def shows_mark(kind: Kind, shown: Json, marker: str, drawn: Iterable[str] = ()) -> bool:
    """Return whether the body of a read shows something of a run.

    drawn: uuids of the run's visitors, which are drawn at random and name nobody else.
    """
    body = object_in(shown)
    fields = [str(body.get(name) or "").lower() for name in CARRIES.get(kind, ())]
    if marker and any(marker in value for value in fields):
        return True
    uuids = {uuid for uuid in drawn if uuid}
    return kind in ("contact", "visitor") and bool(uuids & {body.get("external_id"), body.get("user_id")})


def is_among(participants: Collection[str] | None, people: Collection[str]) -> bool:
    """Return whether all who are in a conversation are a run's own people, and at least one is."""
    return bool(participants) and set(participants or ()) <= set(people)
