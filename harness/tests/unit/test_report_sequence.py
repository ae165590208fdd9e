"""The time line of a scenario: faults, waits, what was asked again, and webhooks, each where it happened."""

from __future__ import annotations

from typing import Any

from harness.core.http import Caller, Exchange, Outcome, Request, Response, in_starting_order, is_repetition
from harness.report.exchange_rows import ExchangeRow, RowEvidence
from harness.report.result import ScenarioRow
from harness.report.sequence import lines


def row(number: int, target: str, status: str = "200", **more: Any) -> ExchangeRow:
    """One request of the pipeline's, or what it was told."""
    given = {"step": "when", "caller": "pipeline", "operation": "", "method": "POST", "version": "", "sent": "",
             "answer": "", "said": "", "note": "", "reads": False, "after": number - 1, **more}  # fmt: skip
    return ExchangeRow(number=number, target=target, status=status, **given)


def drawn(*rows: ExchangeRow) -> list[str]:
    """The lines that are drawn between the pipeline and Intercom, with who starts them."""
    found = lines(ScenarioRow("m", "c", "t", "proved"), RowEvidence(rows))
    return [f"{line.start} {line.whole}" for line in found if "harness" not in (line.start, line.end)]


def test_faults_waits_and_retries_stand_where_they_happened() -> None:
    """The fault before what was lost by it, the wait before the request that came after it."""
    limited = row(1, "/merge", "429", note="fault: rate_limit")
    assert drawn(limited, row(2, "/merge", at=3.0, again=True)) == [
        "pipeline POST /merge",
        "intercom fault: rate_limit: 429",
        "pipeline 3 s go by",
        "pipeline POST /merge (again)",
        "intercom 200",
    ]


def test_an_answer_that_took_its_time_is_no_wait() -> None:
    """What the delay explains is not told twice."""
    assert drawn(row(1, "/a", delay=75.0, note="after 75 s"), row(2, "/b", at=75.5))[2] == "pipeline POST /b"


def test_a_webhook_before_the_answer_stands_between_request_and_answer() -> None:
    """Told while the request that caused it waits, with what the pipeline asks before it takes it."""
    told = row(3, "/", caller="webhook", operation="contact.merged", after=1)
    assert drawn(row(1, "/first"), row(4, "/merge", after=1), told, row(2, "/look", after=1)) == [
        "pipeline POST /first",
        "intercom 200",
        "pipeline POST /merge",
        "intercom webhook: contact.merged",
        "pipeline POST /look",
        "intercom 200",
        "pipeline webhook answered: 200",
        "intercom 200",
    ]


def exchange(number: int, after: int, caller: Caller = "pipeline", status: int = 200, body: bytes = b"") -> Exchange:
    """One exchange of the log."""
    request = Request("POST", "/merge", {}, body, caller=caller)
    return Exchange(number, 0.0, "", "", request, Outcome(Response(status)), "when", None, after)


def test_exchanges_stand_as_they_began_where_somebody_was_told() -> None:
    """What was told, and then what that gave rise to; without webhooks the order of the answers stays."""
    nested = [exchange(1, 0), exchange(2, 1), exchange(3, 1, "webhook")]
    assert [one.number for one in in_starting_order(nested)] == [1, 3, 2]
    assert [one.number for one in in_starting_order(nested[:2])] == [1, 2]


def test_only_what_was_asked_in_vain_is_asked_again() -> None:
    """The same request after an error, and not after a success or another body."""
    assert is_repetition(exchange(2, 1), [exchange(1, 0, status=503)])
    assert not is_repetition(exchange(2, 1), [exchange(1, 0)])
    assert not is_repetition(exchange(2, 1, body=b"{}"), [exchange(1, 0, status=503)])
