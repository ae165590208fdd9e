"""What hangs on people, before and after: nothing of it is lost, changed, or made up. No request is made here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.client import Reading
from harness.verification import difference, sources
from harness.verification.checks.consent import consent_kept
from harness.verification.checks.converted import Conversion, Permissions
from harness.verification.claims import Claim, Verdict, judged
from harness.verification.snapshot import PersonSnapshot, lasting
from harness.verification.witnesses import witness

BELONGINGS: Final = {
    "tags": "tag", "notes": "note", "companies": "company", "conversations": "conversation", "events": "event",
}  # fmt: skip
"""The kinds of belongings: how a snapshot names the read, and the word for one of them."""

MOVED: Final = (
    "id",
    "type",
    "contacts",
    "updated_at",
    "author",
    "contact",
    "intercom_user_id",
    "user_id",
    "email",
    "applied_at",
)
"""What says nothing of a belonging, or changes with a merge: whose it is."""

Entries = Mapping[str, Mapping[str, object]]


def belongings_kept(conversion: Conversion, permissions: Permissions | None = None) -> Iterator[Claim]:
    """Tags and companies united, notes, conversations and events moved, each as it was; consent of both sides kept.

    What a belonging says may be changed where its kind is permitted (`may_write = ["conversations"]`).
    """
    allowed = permissions or Permissions()
    for name, word in BELONGINGS.items():
        source, target, after = (entries(side, name) for side in conversion.sides)
        yield from _all_there(conversion, name, word, {**source, **target}, after)
        for claim in _as_they_were(conversion, name, word, {**source, **target}, after):
            if claim.proved or not allowed.covers(name):
                yield claim
    yield from consent_kept(conversion)


def entries(portrait: PersonSnapshot, name: str) -> dict[str, Mapping[str, object]]:
    """Return the belongings of one kind by id, each with what has to stay as it is."""
    reading: Reading | None = getattr(portrait, name)
    if reading is None or not isinstance(reading.answer, Mapping):
        return {}
    listed: list[Any] = next(
        (reading.answer[key] for key in ("data", "conversations", "events") if reading.answer.get(key)), []
    )
    found = [portrait.talks[one["id"]].answer if _is_read(portrait, one) else one for one in listed]
    if name == "events":
        return {_event_key(one): {} for one in found}
    return {str(one["id"]): _fixed(lasting(one) if name == "companies" else one) for one in found}


def _is_read(portrait: PersonSnapshot, entry: Mapping[str, object]) -> bool:
    reading = portrait.talks.get(str(entry.get("id")))
    return reading is not None and reading.found and isinstance(reading.answer, Mapping)


def _event_key(event: Mapping[str, object]) -> str:
    more = json.dumps(event.get("metadata"), sort_keys=True)
    return f"{event.get('event_name')} at {event.get('created_at')}{'' if more in ('null', '{}') else f' {more}'}"


def _fixed(entry: object) -> Any:
    if isinstance(entry, Mapping):
        return {name: _fixed(value) for name, value in entry.items() if name not in MOVED}
    return [_fixed(one) for one in entry] if isinstance(entry, list) else entry


def _all_there(conversion: Conversion, name: str, word: str, wanted: Entries, after: Entries) -> Iterator[Claim]:
    if not wanted:
        return
    text, expected = f"every {word} is kept", ", ".join(sorted(wanted))
    seen = tuple(
        witness(when, reading, f"{len(there)} there: {', '.join(sorted(there)) or 'none'}")
        for when, side in zip(("before", "before", "after"), conversion.sides, strict=True)
        if (reading := getattr(side, name)) is not None
        for there in [entries(side, name)]
    )
    reading = getattr(conversion.after, name)
    if reading is None or not reading.found:
        found = "no conclusive read afterwards"
        yield Claim(text, Verdict.UNKNOWN, expected, found, seen, source=sources.MERGE, what=name)
        return
    lost = sorted(wanted.keys() - after.keys())
    found = f"lost: {', '.join(lost)}" if lost else f"all {len(wanted)}"
    yield judged(text, not lost, expected, found, seen, sources.MERGE, what=name, things=tuple(lost))


def _as_they_were(conversion: Conversion, name: str, word: str, wanted: Entries, after: Entries) -> Iterator[Claim]:
    """Claim that what is still there says what it said: names, bodies, states, assignees."""
    still = [key for key in sorted(wanted.keys() & after.keys()) if wanted[key]]
    if not still:
        return
    changed = {key: difference.told(wanted[key], after[key]) for key in still if wanted[key] != after[key]}
    text = f"every {word} is as it was"
    found = "; ".join(f"{word} {key}: {told}" for key, told in changed.items()) or f"all {len(still)}"
    seen = (witness("after", getattr(conversion.after, name)),)
    yield judged(text, not changed, "as before", found, seen, sources.MERGE, what=name, things=tuple(changed))
