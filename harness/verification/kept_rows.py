"""A conversion as a table for people to read: what source and target had, what there is now, and what became of it.

It judges nothing: the claims do that. Whether a row is right is what the claim about it says, and what no claim speaks
of is shown without a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.core import timestamps
from harness.verification.checks import expectations as rules
from harness.verification.checks import kept
from harness.verification.checks.converted import Conversion, Permissions
from harness.verification.checks.kept_belongings import BELONGINGS, entries
from harness.verification.claims import Claim, Verdict
from harness.verification.snapshot import PersonSnapshot

IDENTITY = ("id", "role", "external_id", "email")
TIMES = ("created_at", "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at")
OTHERS = ("avatar", "unsubscribed_from_emails", "has_hard_bounced", "marked_email_as_spam")
VISITOR_IDENTITY = {"external_id": "user_id", "role": "type"}


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One attribute or kind of belonging: its values as text, what became of it, and whether that is right."""

    what: str
    source: str
    target: str
    after: str
    fate: str
    right: bool | None = None


def ledger(conversion: Conversion) -> list[LedgerRow]:
    """Everything that somebody had or has; what is empty on all sides is left out."""
    return [*_attributes(conversion), *_belongings(conversion)]


def _attributes(conversion: Conversion) -> Iterator[LedgerRow]:
    bodies = _bodies(conversion)
    names = (*IDENTITY, *rules.CARRIED, *(f"location.{name}" for name in rules.PLACE), *TIMES, *OTHERS)
    verdicts = _verdicts(conversion)
    for name in (*names, *rules.custom_names(*bodies)):
        had, theirs, has = (_value(body, name) for body in bodies)
        if all(rules.empty(value) or value is False for value in (had, theirs, has)):
            continue
        fate = _fate(had, theirs, has, merged=conversion.merged)
        shown = _moment if name.endswith("_at") else _text
        yield LedgerRow(name, shown(had), shown(theirs), shown(has), fate, verdicts.get(name))


def _bodies(conversion: Conversion) -> tuple[Mapping[str, object] | None, ...]:
    target = conversion.target_before.body if conversion.target_before else None
    return conversion.source_before.body, target, conversion.after.body


def _value(body: Mapping[str, object] | None, name: str) -> object:
    if body is None:
        return None
    if body.get("type") == "visitor" and name in VISITOR_IDENTITY:
        return body.get(VISITOR_IDENTITY[name])
    value = rules.value_of(body, name)
    return value.get("image_url") if name == "avatar" and isinstance(value, Mapping) else value


def _fate(had: object, theirs: object, has: object, *, merged: bool) -> str:
    had, theirs, has = (None if rules.empty(value) else value for value in (had, theirs, has))
    if has is None:
        return "gone"
    if not merged:
        return "kept" if has == had else "new" if had is None else "replaced"
    if has == theirs:
        return "the target's" if had is None else "kept" if had == theirs else "the target's stays"
    return "moved" if has == had else "new" if had is None and theirs is None else "replaced"


def _verdicts(conversion: Conversion) -> dict[str, bool]:
    """By attribute, whether the claim about it holds; those that nothing was claimed of are absent."""
    told = kept.attributes_kept(conversion, Permissions())
    decided = [claim for claim in told if claim.verdict is not Verdict.UNKNOWN]
    return {claim.text.partition(": ")[0]: claim.verdict is Verdict.PROVED for claim in decided}


def _belongings(conversion: Conversion) -> Iterator[LedgerRow]:
    for name in BELONGINGS:
        source, target, after = (_entries(portrait, name) for portrait in conversion.sides)
        if not (source or target or after):
            continue
        wanted = source.keys() | target.keys()
        lost = wanted - after.keys()
        fate = f"{len(lost)} lost" if lost else _gathered(source, target, after)
        right = not lost if wanted else None
        yield LedgerRow(name, _listed(source), _listed(target), _listed(after), fate, right)


def _gathered(source: Mapping[str, str], target: Mapping[str, str], after: Mapping[str, str]) -> str:
    if not (source or target):
        return "new"
    more = f", {extra} new" if (extra := len(after.keys() - source.keys() - target.keys())) else ""
    return ("the target's" if not source else "united" if target else "kept") + more


def _entries(portrait: PersonSnapshot, name: str) -> dict[str, str]:
    return {key: _label(entry, key) for key, entry in entries(portrait, name).items()}


def _label(entry: Mapping[str, Any], key: str) -> str:
    said = entry.get("name") or entry.get("body") or (entry.get("source") or {}).get("body") or key
    return re.sub(r"<[^>]*>", "", str(said))


def _listed(entries: Mapping[str, str]) -> str:
    return "; ".join(entries.values())


def _text(value: object) -> str:
    return "" if rules.empty(value) else str(value)


def _moment(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return _text(value)
    return timestamps.plain(value)


def ledgers(conversions: Iterable[Conversion], claims: Iterable[Claim] = ()) -> list[list[LedgerRow]]:
    """The table of each conversion that a scenario claimed something about.

    `claims` are the scenario's: what they do not refute, because it may be written over, is called permitted.
    """
    refuted = {claim.text for claim in claims if claim.verdict is Verdict.REFUTED}
    named = {text.partition(": ")[0] for text in refuted} | {
        name for name, word in BELONGINGS.items() if f"every {word} is kept" in refuted
    }
    return [
        [_permitted(row) if row.right is False and row.what not in named else row for row in ledger(one)]
        for one in conversions
    ]


def _permitted(row: LedgerRow) -> LedgerRow:
    return replace(row, fate=f"{row.fate}, permitted", right=None)
