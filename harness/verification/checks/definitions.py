"""What a workspace defines for everybody in it: its data attributes are there as before, and none was made in vain.

A pipeline may define an attribute that it writes. One that it archives is lost to everybody, and one for each
conversion fills a workspace that has room for a few hundred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.client import Reading
from harness.verification.checks.converted import Conversion
from harness.verification.claims import Claim, judged
from harness.verification.snapshot import PersonSnapshot, Snapshot
from harness.verification.witnesses import witness


def attributes_defined(before: Snapshot, after: Snapshot) -> Iterator[Claim]:
    """Claim that no data attribute was archived, and that each new one is used by somebody."""
    had, has = _names(before.attributes), _names(after.attributes)
    if not had or not has:
        return
    seen = (
        witness("before", before.attributes, f"{len(had)} attributes"),
        witness("after", after.attributes, f"{len(has)} attributes"),
    )
    gone, unused = sorted(had - has), sorted(name for name in has - had if not _is_used(name, after))
    found = f"gone: {', '.join(gone)}" if gone else "all as they were"
    yield judged("no data attribute of the workspace was archived", not gone, f"{len(had)}", found, seen)
    if has - had:
        found = f"nobody has a value of {', '.join(unused)}" if unused else "each is used"
        yield judged("no data attribute was made in vain", not unused, "each is used", found, seen)


def _names(reading: Reading | None) -> frozenset[str]:
    if reading is None or not reading.found or not isinstance(reading.answer, Mapping):
        return frozenset()
    rows = reading.answer.get("data", [])
    return frozenset(str(row["name"]) for row in rows if row.get("custom") and not row.get("archived"))


def _is_used(name: str, after: Snapshot) -> bool:
    bodies = after.contacts.values()
    return any((body.get("custom_attributes") or {}).get(name) is not None for body in bodies)


def notes_once(conversion: Conversion) -> Iterator[Claim]:
    """Claim that no note of source or target stands there more often than before; a merge moves them by itself."""
    had: Counter[str] = Counter()
    for side in conversion.owners:
        had += _bodies(side)
    if not had:
        return
    doubled = sorted(body for body, times in _bodies(conversion.after).items() if 0 < had[body] < times)
    found = f"more often than before: {'; '.join(doubled)}" if doubled else "each as often as before"
    seen = (witness("after", conversion.after.notes),)
    yield judged("no note stands there twice", not doubled, "each as often as before", found, seen, what="notes")


def _bodies(side: PersonSnapshot) -> Counter[str]:
    answer = side.notes.answer if side.notes is not None and side.notes.found else None
    rows = answer.get("data", []) if isinstance(answer, Mapping) else []
    return Counter(str(row.get("body")) for row in rows)
