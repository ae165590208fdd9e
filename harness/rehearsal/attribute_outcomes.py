"""What became of a person's own attributes, held against what Intercom's rules say of a conversion.

The rules are verification's reading of the facts, not the sandbox's. Documents are plain mappings as the store keeps
them: a key that is missing has its default, which counts as empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from harness.verification import sources
from harness.verification.checks.expectations import (
    IN_PLACE,
    LEAD_NAME,
    MERGED,
    Expectation,
    ExpectationRule,
)

Document: TypeAlias = Mapping[str, object]
"""A person as the store keeps one: attribute to value, defaults left out."""

Outcome: TypeAlias = Literal["kept", "filled", "dropped", "overwritten", "lost", "added", "undone"]
"""`dropped` is by a rule; `undone` is an opt-out that holds no more."""

BAD: Final = frozenset({"overwritten", "lost", "undone"})

OPT_OUTS: Final = frozenset({"unsubscribed_from_emails", "unsubscribed_from_sms", "marked_email_as_spam"})
"""Attributes by which a person has said no."""

FREE: Final = frozenset({
    "person_id", "kind", "updated_at", "owns", "had", "archived", "custom_attributes", "further", "avatar",
    "signed_up_at", "session_count",
})  # fmt: skip
"""Attributes that are not judged: they follow from the change itself, or are worked out by Intercom."""

DEFAULT_MERGED: Final = Expectation(ExpectationRule.TARGET_WINS, sources.MERGE)
DEFAULT_IN_PLACE: Final = Expectation(ExpectationRule.KEPT, sources.CONVERSION)
ONLY_TARGETS: Final = Expectation(ExpectationRule.TARGET_ONLY, sources.MERGE, assumed=True)
MERGE_RULES: Final[Mapping[str, Expectation]] = {
    **MERGED,
    "name": LEAD_NAME,
    "pseudonym": ONLY_TARGETS,
    "channel": ONLY_TARGETS,
    **dict.fromkeys(
        ("last_replied_at", "last_contacted_at", "last_email_opened_at", "last_email_clicked_at"),
        Expectation(ExpectationRule.EITHER, sources.MERGE),
    ),
}
GIVEN_IN_PLACE: Final = frozenset({"external_id", "pseudonym", "channel"})
"""Attributes that a conversion in place may set or drop."""


class AttributeOutcome(NamedTuple):
    """What became of one attribute. came: the values of those who were merged in. rule: set where it is assumed."""

    name: str
    outcome: Outcome
    came: tuple[object, ...]
    before: object
    after: object
    rule: str = ""


def flat(document: Document) -> dict[str, object]:
    """Return a document with each custom attribute and further field as an attribute of its own."""
    found = {name: value for name, value in document.items() if name not in ("custom_attributes", "further")}
    for group, prefix in (("custom_attributes", "custom_attributes."), ("further", "")):
        inner = document.get(group)
        if isinstance(inner, dict):
            found |= {f"{prefix}{name}": value for name, value in inner.items()}
    return found


def merged_outcomes(merged: Sequence[Document], before: Document | None, after: Document) -> Iterator[AttributeOutcome]:
    """Yield what became of the attributes of some people and of the person they were merged into.

    before: `None` where that person was made meanwhile.
    """
    theirs, mine, now = [flat(one) for one in merged], flat(before or {}), flat(after)
    for name in {name: None for one in (mine, now, *theirs) for name in one}:
        if name in FREE:
            continue
        came = tuple(value for one in theirs if not _empty(value := one.get(name)))
        rule = MERGE_RULES.get(name, DEFAULT_MERGED)
        outcome = _merged(name, rule.rule, came, mine.get(name), now.get(name), new=before is None)
        if outcome != "kept" or came:
            decided = rule.assumed and any(value != now.get(name) for value in came)
            told = f"{name}: {rule.rule.value}" if decided else ""
            yield AttributeOutcome(name, outcome, came, mine.get(name), now.get(name), told)


def _merged(
    name: str, rule: ExpectationRule, came: tuple[object, ...], before: object, after: object, *, new: bool
) -> Outcome:
    if rule is ExpectationRule.OPT_OUT or name == "blocked":
        said_no = bool(before or came)
        return "undone" if said_no and not after else "added" if after and not said_no else "kept"
    if not _empty(before):
        if after == before:
            different = any(value != before for value in came)
            return "dropped" if different else "kept"
        if rule is ExpectationRule.EITHER and after in came:
            return "kept"
        return "lost" if _empty(after) else "overwritten"
    if _empty(after):
        return "lost" if came and rule is ExpectationRule.TARGET_WINS else "dropped" if came else "kept"
    if after in came:
        return "filled"
    return "added" if new or not came or rule is ExpectationRule.TARGET_ONLY else "overwritten"


def converted_outcomes(before: Document, after: Document) -> Iterator[AttributeOutcome]:
    """Yield what became of the attributes of a person who was converted and kept the id."""
    mine, now = flat(before), flat(after)
    for name in {name: None for one in (mine, now) for name in one}:
        if name in FREE or name in GIVEN_IN_PLACE:
            continue
        was, is_now = mine.get(name), now.get(name)
        if was == is_now:
            continue
        rule = IN_PLACE.get(name, DEFAULT_IN_PLACE)
        told = f"{name}: {rule.rule.value}" if rule.assumed else ""
        yield AttributeOutcome(name, _changed(name, was, is_now), (), was, is_now, told)


def changed_outcomes(before: Document, after: Document) -> Iterator[AttributeOutcome]:
    """Yield what became of the attributes of a person who was neither converted nor merged into."""
    mine, now = flat(before), flat(after)
    for name in {name: None for one in (mine, now) for name in one}:
        was, is_now = mine.get(name), now.get(name)
        if was != is_now and (name not in FREE or name in ("signed_up_at", "avatar")):
            yield AttributeOutcome(name, _changed(name, was, is_now), (), was, is_now)


def _changed(name: str, before: object, after: object) -> Outcome:
    if name in OPT_OUTS and before and not after:
        return "undone"
    if _empty(before):
        return "added"
    return "lost" if _empty(after) else "overwritten"


def _empty(value: object) -> bool:
    return value is None or value in ("", {}, [])
