"""What a report shows of a scenario beyond its result: every exchange, what was kept, how to run it again.

Exchanges pass the cassettes' redaction on their way here, so nothing else ever sees them as they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harness.cassette.redaction.redactor import Redactor
from harness.core.foreign_values import parsed
from harness.core.http import BrokenResponse, Exchange, Outcome, Request, Response, in_starting_order, is_repetition
from harness.core.json_values import Json
from harness.report.result import KeptRow

LONGEST_BODY = 20_000
"""How much of one body a report shows, in characters."""


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """One request with its answer. `step` is given, before, when or then; `reads` tells whether it changes nothing."""

    number: int
    step: str
    caller: str
    operation: str
    method: str
    target: str
    version: str
    status: str
    sent: str
    answer: str
    said: str
    note: str
    reads: bool
    at: float = 0.0
    """Seconds by the scenario's clock since its first exchange."""
    delay: float = 0.0
    """Seconds that its answer took."""
    after: int = 0
    """How many exchanges were over when it began."""
    again: bool = False
    """Whether the same was asked before, in vain."""

    @property
    def good(self) -> bool:
        """Whether it was answered with success."""
        return self.status.startswith("2") and not self.note


@dataclass(frozen=True, slots=True)
class RowEvidence:
    """What stands behind one scenario's row; `kept` holds a table for each conversion that was claimed."""

    exchanges: Sequence[ExchangeRow] = ()
    kept: Sequence[Sequence[KeptRow]] = ()
    reproduce: str = ""


def exchange_rows(exchanges: Iterable[Exchange], redactor: Redactor, *, whole: bool) -> list[ExchangeRow]:
    """The exchanges of a scenario, redacted; those of the given are told from the first look at everybody.

    Not `whole`, the harness's own are without their answers' bodies: what they showed stands in the claims' witnesses.
    """
    held = in_starting_order(exchanges)
    made = max((e.number for e in held if e.step == "given" and not _reads(e.request)), default=0)
    rows = [
        replace(
            _row(exchange, redactor, made),
            at=exchange.at - held[0].at,
            again=exchange.request.caller == "pipeline" and is_repetition(exchange, held[:place]),
        )
        for place, exchange in enumerate(held)
    ]
    return rows if whole else [row if row.caller != "harness" else replace(row, answer="") for row in rows]


def _row(exchange: Exchange, redactor: Redactor, made: int) -> ExchangeRow:
    request = redactor.request(exchange.request)
    outcome = redactor.outcome(exchange.outcome, exchange.request)
    response = outcome.response
    step = exchange.step or "outside"
    return ExchangeRow(
        exchange.number,
        "before" if step == "given" and exchange.number > made else step,
        request.caller,
        exchange.operation,
        request.method,
        request.target,
        response.headers.get("intercom-version", "") if response else "",
        str(response.status) if response else "no answer",
        readable(request.body),
        readable(response.body) if response else "",
        " · ".join(filter(None, [_said(response), _unread(exchange)])),
        _note(outcome),
        _reads(request),
        after=exchange.after,
        delay=outcome.delay,
    )


def _unread(exchange: Exchange) -> str:
    return f"Intercom does not read {', '.join(exchange.unread)}" if exchange.unread else ""


def _reads(request: Request) -> bool:
    return request.method == "GET" or request.path.endswith("/search")


def _note(outcome: Outcome) -> str:
    notes = [outcome.refused or "", f"fault: {outcome.fault}" if outcome.fault else ""]
    if isinstance(outcome.answer, BrokenResponse):
        notes.append(f"broken: {outcome.answer.kind.replace('_', ' ')}")
    if outcome.delay:
        notes.append(f"after {outcome.delay:g} s")
    return ", ".join(filter(None, notes))


def _said(response: Response | None) -> str:
    """An answer in a few words: whom it shows, how many it found, or what the error is."""
    body = response.json() if response else None
    if not isinstance(body, dict):
        return ""
    if errors := body.get("errors"):
        first = errors[0] if isinstance(errors, list) else None
        return str(first.get("code", "error")) if isinstance(first, dict) else "error"
    if "total_count" in body:
        return f"{body['total_count']} found"
    return f"{body.get('role') or body.get('type') or ''} {body.get('id') or ''}".strip()


def readable(body: bytes) -> str:
    """A body as text: JSON indented, without its empty members, and no longer than a report shows."""
    if not body:
        return ""
    try:
        text = json.dumps(_filled(parsed(body)), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n… {len(text) - LONGEST_BODY} characters more"


def _filled(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in value.items() if item not in (None, "", [], {})}
    return [_filled(item) for item in value] if isinstance(value, list) else value
