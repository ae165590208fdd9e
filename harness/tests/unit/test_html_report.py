"""The report's page from made-up rows: nothing gets in as markup, nothing is fetched, nothing secret is written."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest

from harness.cassette.redaction.redactor import Redactor
from harness.core.errors import Problem
from harness.core.http import BrokenResponse, Exchange, Outcome, Request, Response
from harness.report.exchange_rows import RowEvidence, exchange_rows, readable
from harness.report.files import write_report
from harness.report.html import Foot, page
from harness.report.result import AnswerRow, AskedRow, ClaimRow, Ending, KeptRow, RunRow, ScenarioRow, WitnessRow
from harness.report.secret_cleaning import SecretCleaner
from harness.report.sequence import MOST_LINES, lines

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{ 7 * 7 }}__TEXTS__"
SECRET = "".join(reversed(string.ascii_letters))[:40]


def exchange(number: int, step: str, method: str, target: str, caller: str = "harness", status: int = 200) -> Exchange:
    """One exchange whose answer tells of somebody with a hostile name."""
    request = Request(method, target, {"content-type": "application/json"}, b'{"name": "%b"}' % b"x", caller=caller)  # type: ignore[arg-type]
    body = json.dumps({"type": "contact", "role": "lead", "id": "6955", "name": HOSTILE, "phone": None}).encode()
    outcome = Outcome(Response(status, {"intercom-version": "2.15", "content-type": "application/json"}, body))
    return Exchange(number, 0.0, "w", "op", request, outcome, step)  # type: ignore[arg-type]


EXCHANGES = [
    exchange(1, "given", "POST", "/contacts"),
    exchange(2, "given", "GET", "/contacts/6955"),
    exchange(3, "when", "POST", "/contacts/merge", "pipeline"),
    exchange(4, "then", "GET", "/contacts/6955", status=404),
]


def scenario(text: str = HOSTILE, ending: Ending = "refuted") -> ScenarioRow:
    """A scenario in which every text is the same."""
    claim = ClaimRow(
        text,
        ending if ending == "proved" else "refuted",
        text,
        text,
        text,
        text,
        True,
        (WitnessRow("before", text, text),),
    )
    answer = AnswerRow("lead_to_user", text, text, text, 1)
    return ScenarioRow(
        "lead_to_user",
        f"test[{text}]",
        text,
        ending,
        1.0,
        text,
        (claim,),
        (AskedRow(text, text, "200", text),),
        (answer,),
        (text,),
        "2.15",
    )


def evidence(whole: bool = True) -> RowEvidence:
    """What stands behind it."""
    kept = (KeptRow("name", HOSTILE, HOSTILE, HOSTILE, "replaced", False),)
    return RowEvidence(tuple(exchange_rows(EXCHANGES, Redactor(), whole=whole)), (kept,), f"harness run {HOSTILE}")


def run_of(*rows: ScenarioRow) -> RunRow:
    """A run of these."""
    return RunRow(HOSTILE, HOSTILE, ("2.15",), 1.0, rows, (HOSTILE,))


def test_nothing_gets_in_as_markup() -> None:
    """Every text of every row is escaped: in the page, in its drawing and in what its script holds."""
    made = page(run_of(scenario()), [evidence()], Foot("1", 0, strangers=False))
    assert "<img src=x" not in made
    assert "alert(1)</script>" not in made
    assert made.count("<script") == made.count("</script>") == 2
    assert "{{ 7 * 7 }}" in made
    texts = re.search(r'id="texts">(.*?)</script>', made, re.DOTALL)
    assert texts is not None
    assert any("onerror=alert(2)" in text for text in json.loads(texts[1]))


def test_the_page_fetches_nothing() -> None:
    """No address but the ones that are shown as text, and a policy that allows the one script by its hash."""
    made = page(run_of(scenario("plain")), [evidence()], Foot("1", 0, strangers=False))
    assert re.findall(r'(?:src|href|action)="(?!#|data:)[^"]*"', made) == []
    assert "url(" not in made
    assert re.search(r"script-src &#39;sha256-[A-Za-z0-9+/=]{44}&#39;", made)


def test_a_run_without_scenarios_is_a_page_too() -> None:
    """It says that nothing was run, and why."""
    made = page(RunRow("p", "sandbox", (), 0.0, (), ("no scenario was collected",)), [], Foot("1", 0, strangers=False))
    assert "nothing was run" in made
    assert "no scenario was collected" in made


def test_the_diagram_tells_who_asked_whom() -> None:
    """From the people to the verdict, with the pipeline's own requests in the middle."""
    told = lines(scenario("plain"), evidence())
    assert [(line.start, line.end, line.kind) for line in told] == [
        ("harness", "intercom", "call"),
        ("harness", "intercom", "call"),
        ("harness", "pipeline", "call"),
        ("pipeline", "intercom", "call"),
        ("intercom", "pipeline", "answer"),
        ("pipeline", "harness", "failed"),
        ("harness", "intercom", "call"),
        ("harness", "harness", "note"),
    ]
    assert told[3].whole == "POST /contacts/merge"
    assert told[4].whole == "200 lead 6955"


def test_a_long_flow_is_drawn_in_part_and_counted() -> None:
    """A pipeline that asks a thousand times does not make a picture of a thousand lines."""
    many = [exchange(number, "when", "GET", "/contacts", "pipeline") for number in range(1, 1001)]
    told = lines(scenario("plain"), RowEvidence(tuple(exchange_rows(many, Redactor(), whole=True))))
    assert len(told) < 2 * MOST_LINES + 8
    assert any(line.label == f"… {1000 - MOST_LINES} requests more" for line in told)


def test_a_lost_answer_is_told_as_one() -> None:
    """Done and never heard of: the note says how it broke."""
    request = Request("POST", "/contacts/merge", caller="pipeline")
    lost = Exchange(1, 0.0, "w", "op", request, Outcome(BrokenResponse("reset_after", Response(200)), 1.5), "when")
    (row,) = exchange_rows([lost], Redactor(), whole=True)
    assert (row.note, row.good) == ("broken: reset after, after 1.5 s", False)


def test_bodies_are_shown_without_what_is_empty_and_not_for_ever() -> None:
    """Half of a contact is null; and 100 kB are cut with a count of the rest."""
    assert json.loads(readable(b'{"a": null, "b": "", "c": [], "d": {"e": 0, "f": false}}')) == {
        "d": {"e": 0, "f": False}
    }
    assert readable(b"\xff\xfe") == "\ufffd\ufffd"
    assert readable(b"x" * 100_000).endswith("\n… 80000 characters more")


def test_a_known_secret_reaches_none_of_the_files(tmp_path: Path) -> None:
    """Wherever a pipeline printed it; the foot counts the places."""
    cleaner = SecretCleaner(Redactor(secrets=[SECRET]))
    row = scenario(f"the token is {SECRET} and the mail real.person@customer.io")
    written = write_report(tmp_path, run_of(row), [RowEvidence()], f"<svg>{SECRET}</svg>", cleaner, "1")
    assert written == tmp_path / "report.html"
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.json", "report.md", "run.svg"}
    for path in tmp_path.iterdir():
        assert SECRET not in path.read_text()
        assert "customer.io" not in path.read_text()
    assert "[redacted]" in written.read_text()
    assert re.search(r"\b\d+ places were changed", written.read_text())


def test_what_would_leak_is_not_written(tmp_path: Path) -> None:
    """The last look does not trust the rules: it raises, and there is no file."""
    with pytest.raises(Problem) as caught:
        SecretCleaner(Redactor(secrets=[SECRET])).write(tmp_path / "report.html", f"one\n{SECRET}\n")
    assert SECRET not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
