"""Who asked whom what, as the lines of a sequence diagram; where they are drawn is the template's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.report.evidence import Evidence, ExchangeRow
from harness.report.result import AnswerRow, ScenarioRow

Party: TypeAlias = Literal["harness", "pipeline", "intercom"]
LONGEST_LABEL = 58
MOST_LINES = 24
"""How many of a pipeline's requests are drawn; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One arrow, or (`start` and `end` the same) a note over the two outer parties."""

    start: Party
    end: Party
    label: str
    whole: str = ""
    kind: Literal["call", "answer", "failed", "note"] = "call"


def lines(row: ScenarioRow, evidence: Evidence) -> list[Line]:
    """The flow of one scenario, from the people it is given to its verdict."""
    by_step: dict[str, list[ExchangeRow]] = {}
    for exchange in evidence.exchanges:
        lane = "asked" if exchange.lane == "pipeline" else exchange.step
        by_step.setdefault(lane, []).append(exchange)
    asked = by_step.get("asked", [])
    if not evidence.exchanges:
        return []
    return [
        *_told("given: people, and what they have", by_step.get("given", [])),
        *_told("reads everybody", by_step.get("before", [])),
        *_calls(row.answers),
        *_asked(asked),
        *_returns(row.answers),
        *_told("reads everybody again", by_step.get("then", [])),
        _verdict(row),
    ]


def _told(what: str, exchanges: Sequence[ExchangeRow]) -> Iterator[Line]:
    if exchanges:
        yield _line("harness", "intercom", f"{what} · {len(exchanges)} requests")


def _calls(answers: Sequence[AnswerRow]) -> Iterator[Line]:
    for operation, number in _counted(answer.operation for answer in answers):
        yield _line("harness", "pipeline", operation if number == 1 else f"{operation}, {number} times")


def _counted(names: Iterator[str]) -> Iterator[tuple[str, int]]:
    held = list(names)
    for name in dict.fromkeys(held):
        yield name, held.count(name)


def _asked(exchanges: Sequence[ExchangeRow]) -> Iterator[Line]:
    for exchange in exchanges[:MOST_LINES]:
        yield _line("pipeline", "intercom", f"{exchange.method} {exchange.target}")
        said = " ".join(filter(None, (exchange.status, exchange.said, exchange.note)))
        yield _line("intercom", "pipeline", said, "answer" if exchange.good else "failed")
    if len(exchanges) > MOST_LINES:
        yield _line("pipeline", "intercom", f"… {len(exchanges) - MOST_LINES} requests more")


def _returns(answers: Sequence[AnswerRow]) -> Iterator[Line]:
    troubles = [answer.trouble for answer in answers if answer.trouble]
    if troubles:
        yield _line("pipeline", "harness", troubles[-1].partition("\n")[0], "failed")
    elif answers:
        yield _line("pipeline", "harness", "no complaint", "answer")


def _verdict(row: ScenarioRow) -> Line:
    proved = sum(claim.verdict == "proved" for claim in row.claims)
    return _line("harness", "harness", f"{row.ending}: {proved} of {len(row.claims)} claims proved", "note")


def _line(start: Party, end: Party, label: str, kind: Literal["call", "answer", "failed", "note"] = "call") -> Line:
    short = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    return Line(start, end, short, label, kind)
