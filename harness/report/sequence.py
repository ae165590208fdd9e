"""Who asked whom what, as the lines of a sequence diagram; where they are drawn is the template's business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.report.exchange_rows import ExchangeRow, RowEvidence
from harness.report.result import AnswerRow, ScenarioRow

Party: TypeAlias = Literal["harness", "pipeline", "intercom"]
Kind: TypeAlias = Literal["call", "answer", "failed", "note", "wait"]
LONGEST_LABEL = 58
WAIT = 1.0
"""Seconds by the scenario's clock that are worth a line."""
MOST_LINES = 24
"""How many of a pipeline's requests are drawn; the rest are counted."""


@dataclass(frozen=True, slots=True)
class SequenceLine:
    """One arrow, or (`start` and `end` the same) a note over the two outer parties."""

    start: Party
    end: Party
    label: str
    whole: str = ""
    kind: Kind = "call"


def lines(row: ScenarioRow, evidence: RowEvidence) -> list[SequenceLine]:
    """The flow of one scenario, from the people it is given to its verdict."""
    by_step: dict[str, list[ExchangeRow]] = {}
    for exchange in evidence.exchanges:
        caller = exchange.step if exchange.caller == "harness" else "asked"
        by_step.setdefault(caller, []).append(exchange)
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


def _told(what: str, exchanges: Sequence[ExchangeRow]) -> Iterator[SequenceLine]:
    if exchanges:
        yield _line("harness", "intercom", f"{what} · {len(exchanges)} requests")


def _calls(answers: Sequence[AnswerRow]) -> Iterator[SequenceLine]:
    for operation, number in _counted(answer.operation for answer in answers):
        yield _line("harness", "pipeline", operation if number == 1 else f"{operation}, {number} times")


def _counted(names: Iterator[str]) -> Iterator[tuple[str, int]]:
    held = list(names)
    for name in dict.fromkeys(held):
        yield name, held.count(name)


def _asked(exchanges: Sequence[ExchangeRow]) -> Iterator[SequenceLine]:
    drawn = exchanges[:MOST_LINES]
    moments = [((one.after, 1, -one.number), one, True) for one in drawn] + [
        ((one.number, 0, 0), one, False) for one in drawn
    ]
    before = drawn[0].at if drawn else 0.0
    for _, exchange, begins in sorted(moments, key=lambda moment: moment[0]):
        if begins and exchange.at - before >= WAIT:
            yield _line("pipeline", "intercom", f"{exchange.at - before:g} s go by", "wait")
        before = max(before, exchange.at + (0 if begins else exchange.delay))
        yield _begun(exchange) if begins else _answered(exchange)
    if len(exchanges) > MOST_LINES:
        yield _line("pipeline", "intercom", f"… {len(exchanges) - MOST_LINES} requests more")


def _begun(exchange: ExchangeRow) -> SequenceLine:
    if exchange.caller == "webhook":
        return _line("intercom", "pipeline", f"webhook: {exchange.operation}")
    return _line("pipeline", "intercom", f"{exchange.method} {exchange.target}{' (again)' if exchange.again else ''}")


def _answered(exchange: ExchangeRow) -> SequenceLine:
    said = " ".join(filter(None, (exchange.status, exchange.said)))
    said = f"{exchange.note}: {said}" if exchange.note else said
    kind: Kind = "answer" if exchange.good else "failed"
    if exchange.caller == "webhook":
        return _line("pipeline", "intercom", f"webhook answered: {said}", kind)
    return _line("intercom", "pipeline", said, kind)


def _returns(answers: Sequence[AnswerRow]) -> Iterator[SequenceLine]:
    troubles = [answer.trouble for answer in answers if answer.trouble]
    if troubles:
        yield _line("pipeline", "harness", troubles[-1].partition("\n")[0], "failed")
    elif answers:
        yield _line("pipeline", "harness", "no complaint", "answer")


def _verdict(row: ScenarioRow) -> SequenceLine:
    proved = sum(claim.verdict == "proved" for claim in row.claims)
    return _line("harness", "harness", f"{row.ending}: {proved} of {len(row.claims)} claims proved", "note")


def _line(start: Party, end: Party, label: str, kind: Kind = "call") -> SequenceLine:
    short = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    return SequenceLine(start, end, short, label, kind)
