"""Every guess there is, told from the tables that hold them; a guess cannot be made without standing here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.gateway.middleware.fault_kinds import ERRORS
from harness.sandbox.messenger import messenger_rules as messenger
from harness.sandbox.rules import intercom_errors
from harness.sandbox.rules.assumptions import ASSUMPTIONS
from harness.sandbox.rules.conversion_rules import assumed_rules
from harness.sandbox.rules.intercom_errors import IntercomError
from harness.sandbox.rules.merge_policy import BELONGINGS, KEEPING
from harness.sandbox.rules.versions import FEATURES
from harness.sandbox.store.topics import TOPICS
from harness.verification.checks.expectations import IN_PLACE, MERGED

Section: TypeAlias = Literal[
    "decisions", "refusals", "kept", "expected", "elsewhere", "versions", "webhooks", "errors on purpose"
]


@dataclass(frozen=True, slots=True)
class Question:
    """One guess: the section of docs/assumed.md in which it stands, and its name there, unique within the section."""

    section: Section
    key: str

    def __str__(self) -> str:
        return f"{self.section}: {self.key}"


def questions() -> Iterator[Question]:
    """All guesses, section by section."""
    for table, rule in (*assumed_rules(), *messenger.assumed_rules()):
        yield Question("decisions", f"{table}: {condition(rule.when)}")
    for module in (intercom_errors, messenger):
        for name, value in vars(module).items():
            if isinstance(value, IntercomError) and value.assumed:
                yield Question("refusals", name)
    yield from (Question("kept", row.what) for row in (*KEEPING, *BELONGINGS) if row.assumed)
    for change, expectations in (("in place", IN_PLACE), ("merged", MERGED)):
        for name, expectation in expectations.items():
            if expectation.assumed:
                yield Question("expected", f"{name}, {change}")
    yield from (Question("elsewhere", one.what) for one in ASSUMPTIONS)
    yield from (Question("versions", name) for name, feature in FEATURES.items() if feature.assumed)
    yield from (Question("webhooks", event) for event, topics in TOPICS.items() if topics.assumed)
    yield from (Question("errors on purpose", str(status)) for status, error in ERRORS.items() if error.assumed)


def condition(when: dict[str, str] | object) -> str:
    """When a row of a decision table holds, in words."""
    assert hasattr(when, "items")
    return ", ".join(f"{name}: {value.replace('|', ' or ')}" for name, value in when.items())
