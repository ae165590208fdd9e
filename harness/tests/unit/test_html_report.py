"""The report's page from made-up rows: nothing gets in as markup, nothing is fetched, nothing secret is written."""

from __future__ import annotations

import base64
import json
import re
import string
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cassette.redaction.redactor import Redactor
from harness.core.errors import Problem
from harness.core.http import BrokenResponse, Exchange, Outcome, Request, Response
from harness.report.about import RunAbout
from harness.report.exchange_rows import RowEvidence, exchange_rows, readable
from harness.report.files import write_report
from harness.report.html import Foot, page
from harness.report.result import AnswerRow, AskedRow, ClaimRow, Ending, KeptRow, RunRow, ScenarioRow, WitnessRow
from harness.report.secret_cleaning import SecretCleaner
from harness.report.sequence import MOST_LINES, lines
from harness.tests.support.report_parts import unpacked

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
    made = page(run_of(scenario(), scenario(ending="proved")), [evidence()] * 2, Foot("1", 0, strangers=False)).text
    parts = unpacked(made)
    assert parts.keys() == {"drawn", "kept", "claims", "told", "exchanges", "texts"}
    assert made.count("<script") == made.count("</script>") == 1 + len(parts)
    assert "{{ 7 * 7 }}" in made
    assert any("onerror=alert(2)" in text for text in parts.pop("texts"))
    for markup in [made, *(part for kind in parts.values() for part in kind)]:
        assert "<img src=x" not in markup
        assert "alert(1)</script>" not in markup


def test_the_title_names_the_run() -> None:
    """Project, pipeline, verdict, commit and date; the head says how far the code was contained."""
    about = RunAbout("shop", "5cc43c0ffee5cc43c0ffee", "2027-01-15T10:00:00Z")
    row = replace(run_of(scenario("plain")), pipeline="Pipeline", containment="full")
    made = page(row, [evidence()], Foot("1", 0, strangers=False), about).text
    assert "<title>shop · Pipeline · refuted · 5cc43c0ffe · 2027-01-15</title>" in made
    assert "containment full" in made


def test_a_link_names_a_scenario_in_every_run() -> None:
    """An anchor is made of module and case, and two scenarios never share one."""
    rows = [scenario("plain"), scenario("plain"), scenario("other", "proved")]
    made = page(run_of(*rows), [evidence()] * 3, Foot("1", 0, strangers=False)).text
    found = re.findall(r'<details class="card scenario" id="([^"]+)"', made)
    names = ("plain-2.15", "plain-2.15-2", "other-2.15")
    assert found == [f"lead_to_user-test-{name}" for name in names]


def test_a_whole_run_is_a_page_of_a_megabyte_and_a_half_at_most() -> None:
    """Of two hundred scenarios with forty claims and sixty exchanges each, all told apart by ids of their own."""
    rows, behind = [], []
    for number in range(200):
        told = [ClaimRow(f"claim {n}: every tag is kept", "proved", "1, 2", f"{number}-{n}") for n in range(40)]
        reads = [exchange(n, "then", "GET", f"/contacts/{number:08x}{n:016x}") for n in range(60)]
        rows.append(replace(scenario("plain", "proved"), case=f"test_{number}", claims=tuple(told)))
        behind.append(RowEvidence(tuple(exchange_rows(reads, Redactor(), whole=True)), evidence().kept, "harness run"))
    made = page(run_of(*rows), behind, Foot("1", 0, strangers=False))
    assert len(made.text.encode()) < 1_500_000 < len(made.searched)


def test_a_secret_in_what_is_packed_is_found(tmp_path: Path) -> None:
    """The search looks at what the script will unpack, and not at the packed text."""
    packed = base64.b64encode(zlib.compress(SECRET.encode())).decode()
    with pytest.raises(Problem):
        SecretCleaner(Redactor(secrets=[SECRET])).write(tmp_path / "report.html", packed, SECRET)
    assert list(tmp_path.iterdir()) == []


def test_the_page_fetches_nothing() -> None:
    """No address but the ones that are shown as text, and a policy that allows the one script by its hash."""
    made = page(run_of(scenario("plain")), [evidence()], Foot("1", 0, strangers=False)).text
    assert re.findall(r'(?:src|href|action)="(?!#|data:)[^"]*"', made) == []
    assert "url(" not in made
    assert re.search(r"script-src &#39;sha256-[A-Za-z0-9+/=]{44}&#39;", made)


def test_a_run_without_scenarios_is_a_page_too() -> None:
    """It says that nothing was run, and why."""
    run = RunRow("p", "sandbox", (), 0.0, (), ("no scenario was collected",))
    made = page(run, [], Foot("1", 0, strangers=False)).text
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
    assert SECRET not in json.dumps(unpacked(written.read_text()))
    assert re.search(r"\b\d+ places were changed", written.read_text())


def test_what_would_leak_is_not_written(tmp_path: Path) -> None:
    """The last look does not trust the rules: it raises, and there is no file."""
    with pytest.raises(Problem) as caught:
        SecretCleaner(Redactor(secrets=[SECRET])).write(tmp_path / "report.html", f"one\n{SECRET}\n")
    assert SECRET not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
