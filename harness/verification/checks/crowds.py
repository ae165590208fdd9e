"""Claims about pairs who are no more than rows of the list of contacts: each of them counts, in few claims.

A crowd of 155 leads is judged by the list that every census holds, and by one read of each lead's old id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from harness.client import Reading
from harness.core.people import Lead, User
from harness.verification import sources
from harness.verification.checks import expectations as rules
from harness.verification.claims import Claim, Verdict, judged
from harness.verification.snapshot import Snapshot
from harness.verification.witnesses import witness

Pair: TypeAlias = tuple[Lead, User]
Body: TypeAlias = Mapping[str, object]

NAMED_AT_MOST: Final = 3
"""How many of a crowd a claim names; it counts all of them."""


def crowd_merged(
    pairs: Sequence[Pair], before: Snapshot, after: Snapshot, by_id: Callable[[str], Reading]
) -> Iterator[Claim]:
    """Claim that each lead is gone into their own user, and each user has what both had.

    by_id: reads what Intercom says of a contact's old id.
    """
    listed = after.listed[-1] if after.listed else None
    if not (before.complete and after.complete):
        yield Claim(_each(pairs, "lead is gone"), Verdict.UNKNOWN, "", "the list could not be read to its end")
        return
    seen = (witness("after", listed, f"{len(after.contacts)} contacts"),)
    for text, lacking in (
        (_each(pairs, "lead is gone"), [lead for lead, _ in pairs if lead.id in after.contacts]),
        (_each(pairs, "lead was merged into their own user"), _astray(pairs, after, by_id)),
        (_each(pairs, "user is there"), [user for _, user in pairs if (user.id or "") not in after.contacts]),
        (_each(pairs, "user has what both had"), [user for lead, user in pairs if _lost(lead, user, before, after)]),
    ):
        yield judged(text, not lacking, "all", _counted(lacking, len(pairs)), seen, sources.MERGE)


def _each(pairs: Sequence[Pair], text: str) -> str:
    return f"of {len(pairs)} pairs, each {text}"


def _counted(lacking: Sequence[Lead | User], number: int) -> str:
    if not lacking:
        return f"all {number}"
    names = ", ".join(str(person.email) for person in lacking[:NAMED_AT_MOST])
    return f"not {len(lacking)} of {number}: {names}{', …' if len(lacking) > NAMED_AT_MOST else ''}"


def _astray(pairs: Sequence[Pair], after: Snapshot, by_id: Callable[[str], Reading]) -> list[Lead]:
    gone = [(lead, user) for lead, user in pairs if lead.id not in after.contacts]
    return [lead for lead, user in gone if f"</contacts/{user.id}>" not in (by_id(lead.id).link or "")]


def _lost(lead: Lead, user: User, before: Snapshot, after: Snapshot) -> bool:
    """Return whether a user who is there lacks a value that they or their lead had."""
    now = after.contacts.get(user.id or "")
    if now is None:
        return False
    source, target = before.contacts.get(lead.id), before.contacts.get(user.id or "")
    return any(_wanted(source, target, name) != rules.value_of(now, name) for name in _names(source, target))


def _names(source: Body | None, target: Body | None) -> Sequence[str]:
    return ("email", "name", "phone", *rules.custom_names(source, target))


def _wanted(source: Body | None, target: Body | None, name: str) -> object:
    theirs, had = rules.value_of(target, name), rules.value_of(source, name)
    return had if rules.empty(theirs) and not rules.empty(had) else theirs
