"""Writes docs/assumed.md from the tables themselves: every rule that rests on a guess. `make docs` runs it.

A test holds the page against the tables, so a guess cannot be made, or settled, without the page saying so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.assumptions.evidence import Evidence, committed, standing
from harness.assumptions.probes import PROBES
from harness.assumptions.questions import Question, Section, condition
from harness.assumptions.settling import Settled, settling
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

PAGE = Path(__file__).with_suffix(".md")
EVIDENCE = Path(__file__).parent / "evidence"
"""What TEST apps answered: files that `--evidence` wrote."""

Row = tuple[str, tuple[str, ...]]
"""What a guess is called in its section, and the cells of its line."""

INTRODUCTION = """\
# What is assumed

The sandbox's rules stand in tables, and each row names what says so. The sources are Intercom's own documentation and
OpenAPI descriptions, recordings of the real API that others have published, and public threads in which its users quote
it. *facts §N* is the section of the notes in which those sources were gathered: 1 versions, 2 converting visitors, 3
visitors, 4 leads to users, 5 contacts and what belongs to them, 7 errors and limits, 9 the Messenger, 10 identifiers
and times.

Where all of them are silent, the row is a guess and says *assumed*. A claim that rests on one still refutes on the
sandbox; if the real Intercom does otherwise, it is the guess that is wrong.

*Settled by* names what settles a guess on a TEST app: scenarios, and probes, which are small things to ask
(harness/unknowns). Of the others it says why nothing does. `harness doctor --unknowns` asks just those, and
with `--evidence docs/evidence/NAME.json` its result can be committed: this page, which is made from the tables and that
evidence (`make docs`), then says of each guess whether it holds.
"""


def decisions() -> Iterator[Row]:
    """Rows of the decision tables."""
    for table, rule in (*assumed_rules(), *messenger.assumed_rules()):
        when = condition(rule.when)
        yield f"{table}: {when}", (table, when, _outcome(rule.then), rule.source)


def refused() -> Iterator[Row]:
    """Refusals of which status, code or words are not known."""
    for name, value in (*vars(intercom_errors).items(), *vars(messenger).items()):
        if isinstance(value, IntercomError) and value.assumed:
            yield name, (str(value.status), f"`{value.code}`", value.message, value.source)


def kept() -> Iterator[Row]:
    """What conversions do to one attribute or belonging."""
    for row in (*KEEPING, *BELONGINGS):
        if row.assumed:
            fates = (row.becomes_lead.value, row.becomes_user.value, row.merged.value)
            yield row.what, (f"`{row.what}`", *fates, row.source)


def versions() -> Iterator[Row]:
    """What holds in some versions only."""
    for name, feature in FEATURES.items():
        if feature.assumed:
            yield name, (name.replace("_", " "), str(feature.span), feature.source)


def notified() -> Iterator[Row]:
    """What webhooks are told of, under a topic of which nobody has shown a notification."""
    for event, topics in TOPICS.items():
        if topics.assumed:
            yield event, (event, f"`{topics.old or 'nothing'}`", f"`{topics.new or 'nothing'}`", topics.source)


def answered_on_purpose() -> Iterator[Row]:
    """The words of errors that a fault answers with."""
    for status, error in ERRORS.items():
        if error.assumed:
            yield str(status), (str(status), f"`{error.code}`", error.message, error.source)


def elsewhere() -> Iterator[Row]:
    """What no row of a table shows."""
    for one in ASSUMPTIONS:
        yield one.what, (one.what, f"`{one.where}`", one.known)


def expected() -> Iterator[Row]:
    """What verification expects, which is written apart from what the sandbox does."""
    changes = (("in place", "changes its role in place", IN_PLACE), ("merged", "is merged into a user", MERGED))
    for short, change, expectations in changes:
        for name, expectation in expectations.items():
            if expectation.assumed:
                cells = (f"`{name}`", f"a person who {change}", expectation.rule.value, expectation.source)
                yield f"{name}, {short}", cells


def page(evidence: Sequence[Evidence] | None = None) -> str:
    """The whole page, with the committed evidence unless other is given."""
    known = committed(EVIDENCE) if evidence is None else evidence
    parts: list[tuple[str, Section, tuple[str, ...], Iterator[Row]]] = [
        ("Decisions", "decisions", ("decision", "when", "then"), decisions()),
        ("Words of refusals", "refusals", ("status", "code", "message"), refused()),
        (
            "What a conversion keeps",
            "kept",
            ("what", "visitor becomes lead", "becomes a new user", "merged into a user"),
            kept(),
        ),
        ("What is expected of one", "expected", ("what", "of", "expected"), expected()),
        ("Looking up and showing", "elsewhere", ("what", "where"), elsewhere()),
        ("Versions", "versions", ("what", "in versions"), versions()),
        ("Webhooks", "webhooks", ("what happens", "topic in 1.x", "topic in 2.x"), notified()),
        ("Words of errors on purpose", "errors on purpose", ("status", "code", "message"), answered_on_purpose()),
    ]
    lines = [INTRODUCTION]
    for title, section, head, rows in parts:
        told = ((*cells, settled(Question(section, key), known)) for key, cells in rows)
        lines += _section(title, (*head, "what is known", "settled by"), told)
    return "\n".join(lines)


def settled(question: Question, evidence: Sequence[Evidence]) -> str:
    """What settles a guess, and what evidence says of it."""
    found = settling(question)
    if not isinstance(found, Settled):
        return f"nothing: {found}"
    names = ", ".join(f"probe `{name}`" if name in PROBES else f"`{name.rpartition('/')[2]}`" for name in found.by)
    said = standing(question, evidence)
    return f"{names}; **{said}**" if said else names


def _outcome(then: str | IntercomError) -> str:
    return then.replace("_", " ") if isinstance(then, str) else f"{then.status} {then.message}"


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return [f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
