"""No attribute was lost: those of both sides, before and after; pure functions, no request is made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from harness.client import Reading
from harness.verification.checks import expectations as rules
from harness.verification.checks.converted import Conversion, Permissions
from harness.verification.checks.expectations import Expectation, ExpectationRule
from harness.verification.claims import Claim, Verdict, Witness, judged
from harness.verification.snapshot import PersonSnapshot
from harness.verification.witnesses import witness

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

MOST_EARLY: Final = 86_400
"""Seconds by which a sign-up may lie before the first visit: some keep its day alone."""

MOST_LATE: Final = 600
"""Seconds by which a sign-up may lie ahead: clocks differ. A time zone taken for another is more."""


def expectations_of(conversion: Conversion) -> Mapping[str, Expectation]:
    """What must become of each attribute in this conversion."""
    source = conversion.source_before.body
    target = conversion.target_before.body if conversion.target_before else None
    table = dict(rules.MERGED if conversion.merged else rules.IN_PLACE)
    custom = rules.CUSTOM_MERGED if conversion.merged else rules.CUSTOM_IN_PLACE
    table.update(dict.fromkeys(rules.custom_names(source, target), custom))
    if conversion.merged and (source or {}).get("type") != "visitor":
        table["name"] = rules.LEAD_NAME
    if conversion.became_user and not conversion.merged and (source or {}).get("type") == "visitor":
        table["signed_up_at"] = rules.SIGNED_UP
    elif conversion.became_user and not conversion.merged:
        table["signed_up_at"] = rules.SIGNED_UP_OF_A_LEAD
    if conversion.became_user and not conversion.merged and PSEUDONYM in str(rules.value_of(source, "avatar")):
        del table["avatar"]  # the picture of a pseudonym goes with it (facts §2)
    return {name: row for name, row in table.items() if not (conversion.created and row.rule in OF_THE_TARGET)}


PSEUDONYM: Final = "pseudonym_avatars"
"""A part of the address of each picture that stands for a pseudonym."""

OF_THE_TARGET: Final = (ExpectationRule.TARGET_ONLY, ExpectationRule.MAY_FILL)
"""What says nothing of a target whom the pipeline itself made a moment before."""


def attributes_kept(conversion: Conversion, permissions: Permissions) -> Iterator[Claim]:
    """A claim for each attribute of which there was something to keep."""
    source, after = conversion.source_before.body, conversion.after.body
    target = conversion.target_before.body if conversion.target_before else None
    for name, expectation in expectations_of(conversion).items():
        claim = _attribute_kept(conversion, name, expectation, source, target, after)
        if claim is None:
            continue
        claim = replace(claim, what=name)
        if claim.verdict is REFUTED and permissions.covers(name):
            continue
        yield claim


def _attribute_kept(
    conversion: Conversion,
    name: str,
    expectation: Expectation,
    source: Mapping[str, object] | None,
    target: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> Claim | None:
    had, theirs, has = (rules.value_of(body, name) for body in (source, target, after))
    text = f"{name}: {expectation.rule}"
    seen = _sides(conversion, had, theirs, has)
    if after is None:
        return Claim(text, UNKNOWN, "", "nobody there to compare with", seen, source=expectation.source)
    late = name == "signed_up_at" and rules.empty(theirs) and not rules.empty(has)
    if expectation.rule is ExpectationRule.SET or late:
        missing = expectation.rule is ExpectationRule.SET and rules.empty(has)
        right = not missing and (rules.empty(has) or _is_sign_up(has, had, source, target, after))
        return judged(text, right, SIGN_UP, repr(has), seen, expectation.source, assumed=expectation.assumed)
    values = accepted_values(conversion, name, expectation)
    if values is None:
        return None
    expected = " or ".join(repr(value) for value in dict.fromkeys(map(_hashable, values)))
    verdict = PROVED if any(_same(has, value) for value in values) else REFUTED
    return Claim(text, verdict, expected, repr(has), seen, "", expectation.source, expectation.assumed)


SIGN_UP: Final = "a time in seconds, between the first visit and now"


def _is_sign_up(value: object, had: object, *bodies: Mapping[str, Any] | None) -> bool:
    """Return whether somebody can have signed up at this time, by the clock of the scenario or of this machine."""
    if value == had and not rules.empty(had):
        return True
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    made = [body["created_at"] for body in bodies if body and isinstance(body.get("created_at"), int)]
    seen = [body["updated_at"] for body in bodies if body and isinstance(body.get("updated_at"), int)]
    now = time.time()
    first, last = float(min([*made, now])), float(max([*seen, now]))
    return first - MOST_EARLY <= value <= last + MOST_LATE


def accepted_values(conversion: Conversion, name: str, expectation: Expectation) -> tuple[object, ...] | None:
    """The values that the rule allows, whichever of several sources came first; `None` where any will do."""
    target = rules.value_of(conversion.target_before.body if conversion.target_before else None, name)
    sources = [rules.value_of(side.body, name) for side in (conversion.source_before, *conversion.others)]
    if expectation.rule is ExpectationRule.OPT_OUT:
        sources = [next((value for value in sources if value), sources[0])]
    first = rules.accepted(expectation.rule, sources[0], target)
    if first is None:
        return None
    return (*first, *(v for other in sources[1:] for v in rules.accepted(expectation.rule, other, target) or ()))


def _same(one: object, other: object) -> bool:
    # Python takes True for 1; Intercom keeps them as different types of attribute.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _sides(conversion: Conversion, source: object, target: object, after: object) -> tuple[Witness, ...]:
    def read(portrait: PersonSnapshot | None) -> Reading | None:
        if portrait is None:
            return None
        return portrait.by_id if portrait.by_id is not None and portrait.by_id.found else portrait.by_uuid

    seen = [witness("before", read(conversion.source_before), f"source has {source!r}")]
    if conversion.target_before is not None:
        seen.append(witness("before", read(conversion.target_before), f"target has {target!r}"))
    return (*seen, witness("after", read(conversion.after), f"target has {after!r}"))
