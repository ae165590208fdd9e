"""`harness cassettes …` as it is typed: what it prints, its exit codes, and that nothing is lost on bad input."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cassette import load
from harness.cli.main import main
from harness.tests.support.recordings import call, read, visitor_to_lead, written


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one good cassette and its scenario, and the shell standing in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "visitor_to_lead.py").write_text("def test_a_visitor_becomes_a_lead(): ...\n")
    written(cassette(tmp_path), visitor_to_lead())
    return tmp_path


def cassette(project: Path) -> Path:
    """The project's one cassette."""
    return project / "cassettes" / "visitor_to_lead" / "a_visitor_becomes_a_lead-user_id.json"


FILE = "cassettes/visitor_to_lead/a_visitor_becomes_a_lead-user_id.json"


def test_list_tells_what_there_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, and the same as JSON."""
    assert main(["cassettes", "list"]) == 0
    text = capsys.readouterr().out
    assert "\nvisitor_to_lead\n  a_visitor_becomes_a_lead-user_id  sandbox  2026-01-01T00:00:00Z  2.16" in text
    assert main(["cassettes", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["interactions"] == 4
    assert row["size"] == cassette(project).stat().st_size


def test_list_tells_once_what_is_the_same_of_all(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So that a line has room on a narrow terminal; what differs stands with each."""
    other = cassette(project).with_name("b.json")
    other.write_bytes(cassette(project).read_bytes())
    assert main(["cassettes", "list"]) == 0
    text = capsys.readouterr().out
    assert text.endswith("\nall from sandbox, recorded 2026-01-01T00:00:00Z, version 2.16, pipeline reference\n")
    assert (text.count("sandbox"), text.count("visitor_to_lead\n")) == (1, 1)
    other.write_text("{")
    assert main(["cassettes", "list"]) == 0
    assert capsys.readouterr().out.count("2026-01-01T00:00:00Z") == 1


def test_list_shows_a_damaged_one_without_stopping(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read is a line of its own."""
    cassette(project).with_name("broken.json").write_text("{")
    assert main(["cassettes", "list"]) == 0
    assert "truncated cassette" in capsys.readouterr().out


def test_check_passes_what_proves_itself(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Silence is not enough: it says how many it looked at."""
    assert main(["cassettes", "check"]) == 0
    assert capsys.readouterr().out == "1 cassette(s) checked: no error(s)\n"


def test_check_finds_a_recording_without_proof(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, the missing piece, and the command that records it anew."""
    written(cassette(project), visitor_to_lead()[:-1])
    assert main(["cassettes", "check"]) == 1
    text = capsys.readouterr().out
    assert "no read shows the target" in text
    assert "harness run 'scenarios/visitor_to_lead.py::test_a_visitor_becomes_a_lead[user_id]' --record" in text


def test_check_finds_what_was_edited_and_orphans(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON too."""
    path = cassette(project)
    path.write_text(path.read_text().replace("Violet", "Yellow"))
    (project / "scenarios" / "refusals.py").write_text("def test_twin(): ...\n")
    assert main(["cassettes", "check", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [found["kind"] for found in report["findings"]] == ["edited by hand", "missing"]


@pytest.mark.parametrize("text", ["", "{", "interactions: []", "[]"])
def test_check_cannot_say_anything_of_an_unreadable_one(text: str, project: Path) -> None:
    """Exit code 2: it could not be checked."""
    cassette(project).write_text(text)
    assert main(["cassettes", "check"]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--cassettes", "nowhere"],
        ["check", "--cassettes", "nowhere"],
        ["show", "nowhere.json"],
        ["export", "nowhere.json"],
        ["recover", FILE],
        ["accept", FILE, "--reason", " "],
        ["accept", FILE],
        ["import", "nowhere.yaml"],
        ["diff", FILE, "--against", "nothing"],
        ["diff", "nowhere.json"],
        ["unheard"],
    ],
)
def test_what_cannot_be_done_is_said_once_without_a_traceback(
    words: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one message, nothing written and nothing lost."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert main(["cassettes", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err
    assert "Traceback" not in told.err
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_show_prints_a_conversation(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who asked what, step by step, with names for the ids."""
    assert main(["cassettes", "show", FILE]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "A visitor becomes a lead"
    assert "  harness  → GET /visitors?user_id={visitor_1.user_id}  [2.16]" in lines
    assert "  pipeline → POST /visitors/convert  [2.16]" in lines
    assert "           ← 404 not_found: not there" in lines
    assert lines.index("given") < lines.index("when") < lines.index("then")
    assert main(["cassettes", "show", FILE, "--bodies"]) == 0
    assert '"name": "Violet Suitcase"' in capsys.readouterr().out


def test_export_and_import_go_there_and_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """YAML on stdout or in a file; an import does not overwrite."""
    assert main(["cassettes", "export", FILE]) == 0
    printed = capsys.readouterr().out
    assert main(["cassettes", "export", FILE, "-o", "plain.yaml"]) == 0
    assert (project / "plain.yaml").read_text() == printed
    assert main(["cassettes", "import", "plain.yaml"]) == 0
    assert len(load(project / "plain.json").interactions) == 4
    assert main(["cassettes", "import", "plain.yaml"]) == 2


def test_an_import_is_cleaned_of_secrets_that_are_set_here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of variables that look like credentials are covered."""
    token = secrets.token_urlsafe(20)
    monkeypatch.setenv("OUR_API_TOKEN", token)
    written(project / "a.json", [call("POST", "/contacts", {"note": f"x{token}y"}, 200, {})], scenario="")
    assert main(["cassettes", "export", "a.json", "-o", "a.yaml"]) == 0
    (project / "a.json").unlink()
    assert main(["cassettes", "import", "a.yaml"]) == 0
    assert token not in (project / "a.json").read_text()


def test_accept_takes_an_edited_cassette_with_a_reason(project: Path) -> None:
    """The one way to take it; the reason stands in its header."""
    path = cassette(project)
    path.write_text(path.read_text().replace("Violet", "Yellow"))
    assert main(["cassettes", "check"]) == 1
    assert main(["cassettes", "accept", FILE, "--reason", "another colour"]) == 0
    assert main(["cassettes", "check"]) == 0
    assert load(path).header.accepted == "another colour"


def test_recover_saves_beside_the_old_cassette(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a killed recording saw is a file of its own, and the check says that it is no whole recording."""
    code = (
        "import os, signal, sys; from pathlib import Path; from harness.cassette import Recorder;"
        "from harness.tests.support.recordings import Echo, Stage, ask, header;"
        "r = Recorder(Stage(), path=Path(sys.argv[1]), header=header()); r.middleware(ask('GET', '/me'), Echo());"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code, str(cassette(project))], check=False, cwd=root)
    before = cassette(project).read_bytes()
    assert main(["cassettes", "check"]) == 0
    assert "its last recording did not end" in capsys.readouterr().out
    assert main(["cassettes", "recover", FILE]) == 0
    assert cassette(project).read_bytes() == before
    assert len(load(cassette(project).with_suffix(".recovered.json")).interactions) == 1
    assert main(["cassettes", "check"]) == 1
    assert "recovered" in capsys.readouterr().out


def test_diff_finds_where_the_sandbox_answers_otherwise(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sample is made up: the sandbox says more, and words it otherwise. Only another status is an error."""
    assert main(["cassettes", "diff", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["drift"]
    assert {row["tier"] for row in rows} == {"info", "warning"}
    interactions = visitor_to_lead()
    interactions[2] = read("then", interactions[2].request.target, 410)
    written(cassette(project), interactions)
    assert main(["cassettes", "diff", FILE]) == 1
    text = capsys.readouterr().out
    assert f"error: {FILE}: GET /visitors : recorded 410, now 404" in text
    assert '[[ignore]]\noperation = "GET /visitors"\npath = ""\nkind = "status"' in text


def test_diff_leaves_out_what_cannot_be_asked_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a teammate did, and what several workers asked at once; each with its reason, and never silently."""
    ordinary = visitor_to_lead()
    merged = {"kind": "user", "email": "ada@example.com", "past_the_gateway": "merged away"}
    others = cassette(project).parent
    written(others / "merged_away.json", ordinary, people=(merged,))
    written(others / "together.json", [replace(i, block="parallel 1" if i.step == "when" else "") for i in ordinary])
    assert main(["cassettes", "diff"]) == 0
    text = capsys.readouterr().out
    assert (
        "cannot be diffed: cassettes/visitor_to_lead/merged_away.json: a user was merged away past the gateway" in text
    )
    assert "cannot be diffed: cassettes/visitor_to_lead/together.json: some of it was asked by several workers" in text
    assert "1 cassette(s) compared" in text
    assert main(["cassettes", "diff", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["cannot_be_diffed"]) == 2
    assert main(["cassettes", "diff", "cassettes/visitor_to_lead/together.json"]) == 2
    assert "None of these cassettes can be diffed" in capsys.readouterr().err


def test_diff_asks_no_test_app_that_nobody_named(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without settings it says which are missing; where CI is set it asks none at all."""
    assert main(["cassettes", "diff", "--against", "test-app"]) == 2
    assert "INTERCOM_TEST_ACCESS_TOKEN is missing" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert main(["cassettes", "diff", "--against", "test-app"]) == 2
    assert "where CI is set no TEST app is contacted" in capsys.readouterr().err


def test_a_commands_cassette_names_the_command_that_records_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What belongs to no scenario was recorded by `harness exec`."""
    path = project / "cassettes/job/nightly.json"
    written(path, visitor_to_lead(), scenario="", pipeline="")
    path.write_text(path.read_text().replace('"sandbox"', '"test-app"', 1))
    assert main(["cassettes", "check"]) == 1
    assert "harness exec --record --cassette cassettes/job/nightly.json -- COMMAND" in capsys.readouterr().out


def test_compare_tells_what_a_new_recording_says_otherwise(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other ids and times are the same recording; another value, request or status is not."""
    new = project / "new.json"
    text = cassette(project).read_text().replace("695563800000000000000001", "795563800000000000000009")
    new.write_text(text.replace("8a88a590", "9b88a590"))
    assert main(["cassettes", "accept", "new.json", "--reason", "other ids"]) == 0
    capsys.readouterr()
    assert main(["cassettes", "compare", FILE, "new.json"]) == 0
    assert capsys.readouterr().out == "no difference(s)\n"
    other = visitor_to_lead()
    other[2] = read("then", other[2].request.target, 410)
    written(new, [*other, read("then", "/me", 200, {})], pipeline="ours")
    assert main(["cassettes", "compare", FILE, "new.json"]) == 1
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "pipeline: reference → ours",
        "then, harness: GET /visitors answers 404 → 410",
        "then, harness: new: GET /me",
    ]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a first line of help and an example."""
    for name in ("list", "check", "show", "export", "import", "recover", "accept", "diff", "compare"):
        assert main(["cassettes", name, "--help"]) == 0
        assert f"harness cassettes {name}" in capsys.readouterr().out.partition("Options:")[0].partition("\n")[2]
