"""Writes docs/assumed.md from the tables themselves: every rule that rests on a guess. `make docs` runs it.

A test holds the page against the tables, so a guess cannot be made, or settled, without the page saying so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.gateway.fault_kinds import ERRORS
from harness.sandbox import refusals
from harness.sandbox.assumptions import ASSUMPTIONS
from harness.sandbox.keeping import BELONGINGS, KEEPING
from harness.sandbox.messenger import rules as messenger
from harness.sandbox.notifications import TOPICS
from harness.sandbox.refusals import Refusal
from harness.sandbox.rules import assumed_rules
from harness.sandbox.versions import FEATURES
from harness.verification.expectations import IN_PLACE, MERGED

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# What is assumed

The sandbox's rules stand in tables, and each row names what says so. The sources are Intercom's own documentation and
OpenAPI descriptions, recordings of the real API that others have published, and public threads in which its users quote
it. *facts §N* is the section of the notes in which those sources were gathered: 1 versions, 2 converting visitors, 3
visitors, 4 leads to users, 5 contacts and what belongs to them, 7 errors and limits, 9 the Messenger, 10 identifiers
and times.

Where all of them are silent, the row is a guess and says *assumed*. A claim that rests on one still refutes on the
sandbox; if the real Intercom does otherwise, it is the guess that is wrong. This page is made from the tables
(`make docs`).
"""


def decisions() -> Iterator[tuple[str, ...]]:
    """Rows of the decision tables."""
    for table, rule in (*assumed_rules(), *messenger.assumed_rules()):
        when = ", ".join(f"{name}: {value.replace('|', ' or ')}" for name, value in rule.when.items())
        yield table, when, _outcome(rule.then), rule.source


def refused() -> Iterator[tuple[str, ...]]:
    """Refusals of which status, code or words are not known."""
    for value in (*vars(refusals).values(), *vars(messenger).values()):
        if isinstance(value, Refusal) and value.assumed:
            yield str(value.status), f"`{value.code}`", value.message, value.source


def kept() -> Iterator[tuple[str, ...]]:
    """What conversions do to one attribute or belonging."""
    for row in (*KEEPING, *BELONGINGS):
        if row.assumed:
            fates = (row.becomes_lead.value, row.becomes_user.value, row.merged.value)
            yield f"`{row.what}`", *fates, row.source


def versions() -> Iterator[tuple[str, ...]]:
    """What holds in some versions only."""
    for name, feature in FEATURES.items():
        if feature.assumed:
            yield name.replace("_", " "), str(feature.span), feature.source


def notified() -> Iterator[tuple[str, ...]]:
    """What webhooks are told of, under a topic of which nobody has shown a notification."""
    for event, topics in TOPICS.items():
        if topics.assumed:
            yield event, f"`{topics.old or 'nothing'}`", f"`{topics.new or 'nothing'}`", topics.source


def answered_on_purpose() -> Iterator[tuple[str, ...]]:
    """The words of errors that a fault answers with."""
    for status, error in ERRORS.items():
        if error.assumed:
            yield str(status), f"`{error.code}`", error.message, error.source


def elsewhere() -> Iterator[tuple[str, ...]]:
    """What no row of a table shows."""
    for one in ASSUMPTIONS:
        yield one.what, f"`{one.where}`", one.known


def expected() -> Iterator[tuple[str, ...]]:
    """What verification expects, which is written apart from what the sandbox does."""
    for change, expectations in (("changes its role in place", IN_PLACE), ("is merged into a user", MERGED)):
        for name, expectation in expectations.items():
            if expectation.assumed:
                yield f"`{name}`", f"a person who {change}", expectation.rule.value, expectation.source


def page() -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRODUCTION,
            *_section("Decisions", ("decision", "when", "then", "what is known"), decisions()),
            *_section("Words of refusals", ("status", "code", "message", "what is known"), refused()),
            *_section(
                "What a conversion keeps",
                ("what", "visitor becomes lead", "becomes a new user", "merged into a user", "what is known"),
                kept(),
            ),
            *_section("What is expected of one", ("what", "of", "expected", "what is known"), expected()),
            *_section("Looking up and showing", ("what", "where", "what is known"), elsewhere()),
            *_section("Versions", ("what", "in versions", "what is known"), versions()),
            *_section("Webhooks", ("what happens", "topic in 1.x", "topic in 2.x", "what is known"), notified()),
            *_section(
                "Words of errors on purpose", ("status", "code", "message", "what is known"), answered_on_purpose()
            ),
        ]
    )


def _outcome(then: str | Refusal) -> str:
    return then.replace("_", " ") if isinstance(then, str) else f"{then.status} {then.message}"


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return [f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
