"""The table of operators: each is one line here and one function, which makes changes of one observed request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.core.errors import Problem
from harness.mutation import answer_changes as answers
from harness.mutation import conversion_changes as conversion
from harness.mutation import delivery_changes as delivery
from harness.mutation import extra_writes as extra
from harness.mutation import field_changes as fields
from harness.mutation.mutant import Mutant, MutantKey, Operator
from harness.mutation.observed_request import ObservedRequest

FIELD = "a person for whom this field makes a difference"
PERSON = "somebody else who has what this names, and who may not be changed"
TEXT = "a person with such a text: blanks, capitals, more than 32 characters, letters with accents"
WRITE = "a person who has something there, and a claim that it stays"
ANSWER = "a pipeline that believes what it is answered, and a claim about what it makes of it"

OPERATORS: Final = (
    Operator("lost", "delivery", delivery.lost, "a claim that what was asked was done"),
    Operator("doubled", "delivery", delivery.doubled, "something that must be there once"),
    Operator("late", "delivery", delivery.late, "a second request that depends on the first"),
    Operator("omitted", "fields", fields.omitted, FIELD),
    Operator("nulled", "fields", fields.nulled, FIELD),
    Operator("blanked", "fields", fields.blanked, FIELD),
    Operator("defaulted", "fields", fields.defaulted, FIELD),
    Operator("taken from a bystander", "fields", fields.taken_from("bystander"), PERSON),
    Operator("taken from the source", "fields", fields.taken_from("source"), FIELD),
    Operator("taken from the target", "fields", fields.taken_from("target"), FIELD),
    Operator("swapped", "identifiers", fields.swapped, "a source and a target who are told apart"),
    Operator("retargeted", "identifiers", fields.retargeted, PERSON),
    Operator("of another kind", "identifiers", fields.of_another_kind, "a person who has several identifiers"),
    Operator("trimmed", "strings", fields.trimmed, TEXT),
    Operator("cased", "strings", fields.cased, TEXT),
    Operator("cut at 32", "strings", fields.cut, TEXT),
    Operator("folded to ASCII", "strings", fields.folded, TEXT),
    Operator("decomposed", "strings", fields.decomposed, TEXT),
    Operator("as text", "values", fields.as_text, FIELD),
    Operator("as number", "values", fields.as_number, "an identifier that looks like a number"),
    Operator("in milliseconds", "values", fields.in_milliseconds, "a time that is written"),
    Operator("list cut to the first", "values", fields.first_only, "a person with several entries there"),
    Operator("list doubled", "values", fields.list_doubled, "a claim that each entry is there once"),
    Operator("turned into create", "conversion", conversion.into_create, "a claim that the source is gone"),
    Operator("turned into update", "conversion", conversion.into_update, "a claim that the source is gone"),
    Operator("turned into archive", "conversion", conversion.into_archive, "a claim that the target has all they had"),
    Operator("turned into delete", "conversion", conversion.into_delete, "a claim that the target has all they had"),
    Operator("turned the other way", "conversion", conversion.into_other_direction, "a target who may be merged"),
    Operator("turned into the other role", "conversion", conversion.into_other_role, "a claim about the role"),
    *extra.operators(WRITE),
    Operator("stale", "answers", answers.stale, ANSWER),
    Operator("first page only", "answers", answers.first_page, "more people than a page shows"),
    Operator("another contact first", "answers", answers.another_first, ANSWER),
    Operator("wrong count", "answers", answers.wrong_count, ANSWER),
    Operator("error as 200", "answers", answers.error_as_success, "a request that Intercom refuses"),
    Operator("200 as error", "answers", answers.success_as_error(500), ANSWER),
    Operator("200 as refusal", "answers", answers.success_as_error(422), ANSWER),
    Operator("without body", "answers", answers.without_body, ANSWER),
    Operator("path unescaped", "envelope", delivery.unescaped, "an identifier with a sign that has to be escaped"),
    Operator("another version", "envelope", delivery.another_version, "an operation that differs between versions"),
    Operator("another token", "envelope", delivery.another_token, "a claim that it was done in this workspace"),
    Operator("another region", "envelope", delivery.another_region, "a claim that it was done in this workspace"),
    Operator("secret in a note", "secrets", delivery.leaked("note"), "any claim at all", leaks=True),
    Operator("secret in an attribute", "secrets", delivery.leaked("attribute"), "any claim at all", leaks=True),
    Operator("secret in an event", "secrets", delivery.leaked("event"), "any claim at all", leaks=True),
    Operator("secret in the URL", "secrets", delivery.leaked("url"), "any claim at all", leaks=True),
)  # fmt: skip
"""All operators, family by family."""


def chosen(names: Sequence[str]) -> Sequence[Operator]:
    """Return the operators of some names or families; all, where there are none.

    Raises:
        Problem: there is no operator, and no family, of such a name.
    """
    if not names:
        return OPERATORS
    families = {one.family for one in OPERATORS}
    known = {one.name for one in OPERATORS}
    if unknown := [name for name in names if name not in known and name not in families]:
        raise Problem(
            f"there is no operator {unknown[0]!r}",
            evidence="families: " + ", ".join(dict.fromkeys(one.family for one in OPERATORS)),
            remedy="name a family or an operator; harness mutate --list shows all",
        )
    return [one for one in OPERATORS if one.name in names or one.family in names]


def mutants_of(request: ObservedRequest, operators: Sequence[Operator]) -> Iterator[Mutant]:
    """Yield the mutants that operators make of one request."""
    numbers: dict[MutantKey, int] = {}
    for operator in operators:
        for change in operator.changes(request):
            if request.occurrence and change.ask is not None and not change.once:
                continue  # the mutant of the first such request is in force here as well
            mutant = Mutant(operator, request, change)
            number = numbers[mutant.key] = numbers.get(mutant.key, -1) + 1
            yield Mutant(operator, request, change, number)
