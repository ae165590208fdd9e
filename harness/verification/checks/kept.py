"""Nothing was lost: attributes and belongings of both sides, before and after; pure functions, no request is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.client import Reading
from harness.verification import sources
from harness.verification.checks import expectations as rules
from harness.verification.checks.expectations import Expectation, ExpectationRule
from harness.verification.claims import Claim, Verdict, Witness, judged
from harness.verification.snapshot import PersonSnapshot, ids_in
from harness.verification.witnesses import witness

PROVED, REFUTED, UNKNOWN = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN

BELONGINGS = {"tags": "tag", "notes": "note", "companies": "company", "conversations": "conversation"}


@dataclass(slots=True)
class Permissions:
    """What may be done all the same: `allowed` by the scenario, `standing` by the pipeline's settings.

    A scenario must need what it allows. A pipeline's settings stand for a whole run: one scenario need not use them.
    """

    allowed: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)

    def covers(self, name: str) -> bool:
        """Whether this is allowed, such as the change of an attribute; remembers that the permission was needed."""
        if name in self.allowed | self.standing:
            self.used.add(name)
            return True
        return False

    @property
    def unused(self) -> frozenset[str]:
        """Permissions of the scenario that nothing needed."""
        return self.allowed - self.used


@dataclass(frozen=True, slots=True)
class Conversion:
    """Who was converted into whom, as read before and after; `target_before` is `None` where nobody was there.

    `others` were folded into the same user as well: any of them may have filled a gap.
    """

    who: str
    source_before: PersonSnapshot
    target_before: PersonSnapshot | None
    after: PersonSnapshot
    became_user: bool = True
    others: tuple[PersonSnapshot, ...] = ()

    @property
    def merged(self) -> bool:
        """Whether the source was folded into somebody who existed."""
        return self.target_before is not None


def expectations_of(conversion: Conversion) -> Mapping[str, Expectation]:
    """What must become of each attribute in this conversion."""
    source = conversion.source_before.body
    target = conversion.target_before.body if conversion.target_before else None
    table = dict(rules.MERGED if conversion.merged else rules.IN_PLACE)
    custom = rules.CUSTOM_MERGED if conversion.merged else rules.CUSTOM_IN_PLACE
    table.update(dict.fromkeys(rules.custom_names(source, target), custom))
    if conversion.became_user and not conversion.merged:
        table["signed_up_at"] = rules.SIGNED_UP
    return table


def attributes_kept(conversion: Conversion, permissions: Permissions) -> Iterator[Claim]:
    """A claim for each attribute of which there was something to keep."""
    source, after = conversion.source_before.body, conversion.after.body
    target = conversion.target_before.body if conversion.target_before else None
    for name, expectation in expectations_of(conversion).items():
        claim = _attribute_kept(conversion, name, expectation, source, target, after)
        if claim is None:
            continue
        if claim.verdict is REFUTED and permissions.covers(name):
            continue
        yield claim


def _attribute_kept(
    conversion: Conversion,
    name: str,
    expectation: Expectation,
    source: Mapping[str, Any] | None,
    target: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> Claim | None:
    had, theirs, has = (rules.value_of(body, name) for body in (source, target, after))
    text = f"{name}: {expectation.rule}"
    seen = _sides(conversion, had, theirs, has)
    if after is None:
        return Claim(text, UNKNOWN, "", "nobody there to compare with", seen, source=expectation.source)
    if expectation.rule is ExpectationRule.SET:
        verdict = REFUTED if rules.empty(has) else PROVED
        return Claim(text, verdict, "a time", repr(has), seen, "", expectation.source, expectation.assumed)
    if expectation.rule is ExpectationRule.NEVER_SOURCES and rules.empty(theirs) and not rules.empty(had):
        return judged(text, not _same(has, had), f"not {had!r}", repr(has), seen, expectation.source)
    values = accepted_values(conversion, name, expectation)
    if values is None:
        return None
    expected = " or ".join(repr(value) for value in dict.fromkeys(map(_hashable, values)))
    verdict = PROVED if any(_same(has, value) for value in values) else REFUTED
    return Claim(text, verdict, expected, repr(has), seen, "", expectation.source, expectation.assumed)


def accepted_values(conversion: Conversion, name: str, expectation: Expectation) -> tuple[Any, ...] | None:
    """The values that the rule allows, whichever of several sources came first; `None` where any will do."""
    target = rules.value_of(conversion.target_before.body if conversion.target_before else None, name)
    sources = [rules.value_of(side.body, name) for side in (conversion.source_before, *conversion.others)]
    if expectation.rule is ExpectationRule.OPT_OUT:
        sources = [next((value for value in sources if value), sources[0])]
    first = rules.accepted(expectation.rule, sources[0], target)
    if first is None:
        return None
    return (*first, *(v for other in sources[1:] for v in rules.accepted(expectation.rule, other, target) or ()))


def _same(one: Any, other: Any) -> bool:
    # Python takes True for 1; Intercom keeps them as different types of attribute.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _sides(conversion: Conversion, source: Any, target: Any, after: Any) -> tuple[Witness, ...]:
    def read(portrait: PersonSnapshot | None) -> Reading | None:
        if portrait is None:
            return None
        return portrait.by_id if portrait.by_id is not None and portrait.by_id.found else portrait.by_uuid

    seen = [witness("before", read(conversion.source_before), f"source has {source!r}")]
    if conversion.target_before is not None:
        seen.append(witness("before", read(conversion.target_before), f"target has {target!r}"))
    return (*seen, witness("after", read(conversion.after), f"target has {after!r}"))


def belongings_kept(conversion: Conversion) -> Iterator[Claim]:
    """Tags and companies united, notes and conversations moved, opt-outs of either side kept."""
    for name, word in BELONGINGS.items():
        source = getattr(conversion.source_before, name)
        target = getattr(conversion.target_before, name) if conversion.target_before else None
        after = getattr(conversion.after, name)
        yield from _united(f"every {word} is kept", source, target, after, sources.MERGE)
    yield from _opt_outs_kept(conversion)


def _united(
    text: str, source: Reading | None, target: Reading | None, after: Reading | None, fact: str
) -> Iterator[Claim]:
    wanted = ids_in(source) | ids_in(target)
    if not wanted:
        return
    seen = tuple(
        witness(when, reading, f"{len(ids_in(reading))} there: {', '.join(sorted(ids_in(reading))) or 'none'}")
        for when, reading in (("before", source), ("before", target), ("after", after))
        if reading is not None
    )
    expected = ", ".join(sorted(wanted))
    if after is None or not after.found:
        yield Claim(text, UNKNOWN, expected, "no conclusive read afterwards", seen, source=fact)
        return
    lost = wanted - ids_in(after)
    found = f"lost: {', '.join(sorted(lost))}" if lost else f"all {len(wanted)}"
    yield Claim(text, REFUTED if lost else PROVED, expected, found, seen, source=fact)


def _opt_outs_kept(conversion: Conversion) -> Iterator[Claim]:
    target = conversion.target_before.subscriptions if conversion.target_before else None
    wanted = _opted_out(conversion.source_before.subscriptions) | _opted_out(target)
    if not wanted:
        return
    after = conversion.after.subscriptions
    text, fact = "no opt-out is lost", sources.MERGE
    seen = (witness("before", conversion.source_before.subscriptions), witness("after", after))
    if after is None or not after.found:
        yield Claim(text, UNKNOWN, ", ".join(sorted(wanted)), "no conclusive read", seen, source=fact, assumed=True)
        return
    lost = wanted - _opted_out(after)
    found = f"lost: {', '.join(sorted(lost))}" if lost else "all"
    verdict = REFUTED if lost else PROVED
    yield Claim(text, verdict, ", ".join(sorted(wanted)), found, seen, "", fact, conversion.merged)


def _opted_out(reading: Reading | None) -> frozenset[str]:
    if reading is None or not isinstance(reading.answer, Mapping):
        return frozenset()
    return frozenset(str(e["id"]) for e in reading.answer.get("data", []) if e.get("consent_type") == "opt_out")


def additions(conversion: Conversion) -> Iterator[str]:
    """What the target has now that neither side had: allowed, and told."""
    after = conversion.after.body
    if after is None:
        return
    bodies = (conversion.source_before.body, conversion.target_before.body if conversion.target_before else None)
    for name in (*rules.CARRIED, *rules.custom_names(after)):
        if not rules.empty(rules.value_of(after, name)) and all(rules.empty(rules.value_of(b, name)) for b in bodies):
            yield f"{name} = {rules.value_of(after, name)!r}"
    for name, word in BELONGINGS.items():
        known = ids_in(getattr(conversion.source_before, name))
        if conversion.target_before:
            known |= ids_in(getattr(conversion.target_before, name))
        for entry in sorted(ids_in(getattr(conversion.after, name)) - known):
            yield f"{word} {entry}"
