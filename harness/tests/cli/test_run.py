"""`harness run`: exit codes, what cannot be run, what a pipeline may do wrong, and where the result goes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from harness.cli import main

ROOT = Path(__file__).resolve().parents[3]
ZOO = "harness.zoo"
FLOW = "scenarios/visitor_to_lead.py"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Harness: TypeAlias = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two of the scenario modules in it, where one is; what a run sets outside of it is put back."""
    _forget_modules()
    folder = tmp_path / "project"
    (folder / "scenarios").mkdir(parents=True)
    for name in ("visitor_to_lead", "refusals"):
        shutil.copy(ROOT / "scenarios" / f"{name}.py", folder / "scenarios")
    (folder / "pyproject.toml").write_text("")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("INTERCOM_BASE_URL", "INTERCOM_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "")
    yield folder
    _forget_modules()


@pytest.fixture
def harness(project: Path, capsys: pytest.CaptureFixture[str]) -> Harness:
    """Runs the command line in this process."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(list(arguments))
        return Ran(code, *capsys.readouterr())

    return run


def _forget_modules() -> None:
    # pytest keeps what it has imported under the path below the project's folder, and each test has such a folder.
    for name in [name for name in sys.modules if name.startswith(("shop_", "scenarios"))]:
        del sys.modules[name]


def _files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)) for path in found}


# --- exit codes -----------------------------------------------------------------------------------


def test_all_proved_is_0_and_nothing_is_written(harness: Harness, project: Path) -> None:
    """A line per scenario, totals and no word on stderr."""
    before = _files(project)
    ran = harness("run")
    assert (ran.code, ran.err) == (0, "")
    assert "11 proved  0 refuted" in ran.out
    assert ran.out.count("A visitor becomes a lead with everything they carried") == 2
    assert _files(project) == before


def test_something_refuted_is_1_with_its_evidence(harness: Harness) -> None:
    """Claim, expectation, finding, likely reason, reads before and after, and the pipeline's requests in order."""
    ran = harness("run", FLOW, "--pipeline", f"{ZOO}.losses:DropsTheCampaign")
    assert (ran.code, ran.err) == (1, "")
    assert "0 proved  2 refuted" in ran.out
    told = ran.out.partition("REFUTED")[2]
    for part in (
        "custom_attributes.campaign",
        "expected",
        "found",
        "likely",
        "before",
        "after",
        "POST /visitors/convert",
    ):
        assert part in told
    assert told.index("POST /visitors/convert") < told.index("PUT /contacts/")


def test_nothing_that_matches_is_2(harness: Harness) -> None:
    """A run that ran nothing proves nothing."""
    ran = harness("run", FLOW, "-k", "no_such_name")
    assert ran.code == 2
    assert "nothing was run: no scenario matches -k 'no_such_name'" in ran.out


def test_a_case_can_be_picked_by_name_and_by_path(harness: Harness) -> None:
    """As pytest's own `-k` and `::` do."""
    assert "1 proved" in harness("run", FLOW, "-k", "user_id").out
    assert "1 proved" in harness("run", f"{FLOW}::test_a_visitor_becomes_a_lead[id]").out


def test_a_pipeline_without_an_operation_is_not_run_there(harness: Harness, project: Path) -> None:
    """What it declares missing is told as not run; alone it is no proof, beside proved ones it is no failure."""
    (project / "shop_leads.py").write_text(
        f"from {ZOO}.calls import Sound\nclass Leads(Sound):\n    without = ('visitor_to_user', 'lead_to_user')\n"
    )
    ran = harness("run", "--pipeline", "shop_leads:Leads")
    assert ran.code == 0
    assert "3 proved  0 refuted  8 not run" in ran.out
    assert "not run: the pipeline 'Leads' has no visitor_to_user" in ran.out
    assert harness("run", "-k", "archived_twin", "--pipeline", "shop_leads:Leads").code == 2


def test_each_version_that_is_asked_for_is_run(harness: Harness) -> None:
    """And shown beside the scenario."""
    ran = harness("run", FLOW, "-k", "user_id", "--intercom-version", "2.16", "--intercom-version", "1.0")
    assert ran.code == 0
    assert "2 proved" in ran.out
    assert {"2.16", "1.0"} <= set(ran.out.replace(",", " ").split())


# --- what cannot be run ---------------------------------------------------------------------------

CANNOT: dict[str, tuple[list[str], str]] = {
    "unknown path": (["scenarios/nowhere.py"], "there is no scenario at scenarios/nowhere.py"),
    "unknown backend": (["--against", "production"], "--against production: there is no such backend"),
    "Intercom itself": (["--against", "https://api.intercom.io"], "not on this machine's loopback"),
    "host that begins like loopback": (["--against", "http://127.0.0.1.example.com"], "not on this machine's loopback"),
    "user name like loopback": (["--against", "http://localhost@example.com"], "not on this machine's loopback"),
    "no such port": (["--against", "http://localhost:99999"], "not on this machine's loopback"),
    "nothing listens there": (["--against", "http://127.0.0.1:9"], "no sandbox runs at http://127.0.0.1:9"),
    "recording a replay": (["--record", "--against", "cassette"], "--record with --against cassette"),
    "unknown version": (["--intercom-version", "3.0"], "3.0"),
    "spec that names nothing": (["--pipeline", "pipeline"], "--pipeline pipeline: this names no pipeline"),
    "module that does not import": (["--pipeline", "shop_nowhere:x"], "'shop_nowhere' does not import"),
    "object that is not there": (["--pipeline", f"{ZOO}.calls:Nobody"], "there is no 'Nobody'"),
    "file that is not there": (["--pipeline", "nowhere.toml"], "there is no such file"),
    "operation missing": (["--pipeline", "lacking.toml"], "it lacks visitor_to_user, lead_to_user"),
    "command that does not exist": (["--pipeline", "gone.toml"], "there is no such command"),
    "JSON over a scenario": (["--json", FLOW], "would write over a Python file"),
    "unknown option": (["--agianst", "sandbox"], "No such option"),
    "time limit of zero": (["--time-limit", "0"], "--time-limit"),
    "a workspace that cannot be": (["--workspace", "../x"], "--workspace"),
}


@pytest.mark.parametrize(("arguments", "what"), CANNOT.values(), ids=CANNOT)
def test_what_cannot_be_run_is_2_with_one_message_and_no_trace(
    harness: Harness, project: Path, arguments: list[str], what: str
) -> None:
    """Nothing is run and nothing is written."""
    (project / "lacking.toml").write_text('[pipeline]\nvisitor_to_lead = "true"\n')
    lines = [f'{name} = "no-such-command-here"' for name in ("visitor_to_lead", "visitor_to_user", "lead_to_user")]
    (project / "gone.toml").write_text("\n".join(["[pipeline]", *lines]))
    before = _files(project)
    ran = harness("run", *arguments)
    assert ran.code == 2
    told = ran.out + ran.err
    assert what in told
    assert "Traceback" not in told
    assert "proved" not in told
    assert _files(project) == before


def test_without_a_scenarios_folder_the_remedy_says_where_to_go(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most likely first mistake."""
    monkeypatch.chdir(tmp_path)
    ran = harness("run")
    assert ran.code == 2
    assert "there is no scenario at scenarios" in ran.err
    assert "go to the folder that holds scenarios/" in ran.err


@pytest.mark.parametrize("text", ["def test_x(people:\n", "import no_such_module_here\n", "1 / 0\n"])
def test_a_scenario_module_that_cannot_be_read_is_2(harness: Harness, project: Path, text: str) -> None:
    """With what is wrong with it."""
    (project / "scenarios" / "broken.py").write_text(text)
    ran = harness("run", "scenarios/broken.py")
    assert ran.code == 2
    assert "broken.py could not be read" in ran.out
    assert any(name in ran.out for name in ("SyntaxError", "no_such_module_here", "ZeroDivisionError"))


# --- cassettes ------------------------------------------------------------------------------------

CASSETTE = Path("cassettes/visitor_to_lead/a_visitor_becomes_a_lead-id.json")


def test_a_recording_can_be_played_and_made_anew_to_the_byte(harness: Harness, project: Path) -> None:
    """Recorded twice, the same bytes; played, the same verdicts."""
    assert harness("run", FLOW, "--record").code == 0
    first = {path: (project / path).read_bytes() for path in _files(project) if path.startswith("cassettes")}
    assert len(first) == 2
    assert harness("run", FLOW, "--against", "cassette").code == 0
    assert harness("run", FLOW, "--record").code == 0
    assert {path: (project / path).read_bytes() for path in first} == first


def test_a_refuted_scenario_leaves_no_cassette_and_harms_none(harness: Harness, project: Path) -> None:
    """Neither a new one nor the one that was there."""
    assert harness("run", FLOW, "--record").code == 0
    good = (project / CASSETTE).read_bytes()
    (project / "shop_wrong.py").write_text(
        f"from {ZOO}.losses import DropsTheCampaign\nclass Wrong(DropsTheCampaign): pass\nreference = Wrong()\n"
    )
    before = _files(project)
    assert harness("run", FLOW, "--record", "--pipeline", "shop_wrong:Wrong").code == 1
    assert _files(project) == before
    assert (project / CASSETTE).read_bytes() == good


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "missing": (lambda _: b"", "is empty"),
    "truncated": (lambda data: data[: len(data) // 2], "stops in the middle"),
    "not JSON": (lambda _: b"version: 1\ninteractions: []\n", "not a readable cassette"),
    "not UTF-8": (lambda data: data.replace(b"{", b"\xff{", 1), "not a readable cassette"),
    "another's": (lambda _: b'{"interactions": []}', "not a cassette of the harness"),
    "edited": (lambda data: data.replace(b'"lead"', b'"user"', 1), "was changed after it was recorded"),
}


@pytest.mark.parametrize(("damage", "what"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cassette_is_told_and_left_alone(
    harness: Harness, project: Path, damage: Callable[[bytes], bytes], what: str
) -> None:
    """Exit code 2, a remedy, and the file as it was; the other case is played all the same."""
    harness("run", FLOW, "--record")
    (project / CASSETTE).write_bytes(damage((project / CASSETTE).read_bytes()))
    damaged = (project / CASSETTE).read_bytes()
    ran = harness("run", FLOW, "--against", "cassette")
    assert ran.code == 2
    assert what in ran.out
    assert re.search(r"harness run .*--record", ran.out)
    assert "1 proved" in ran.out
    assert "Traceback" not in ran.out
    assert (project / CASSETTE).read_bytes() == damaged


def test_a_cassette_that_was_never_recorded_says_how(harness: Harness, project: Path) -> None:
    """The command that makes it."""
    ran = harness("run", FLOW, "--against", "cassette")
    assert ran.code == 2
    assert "There is no cassette for this case" in ran.out
    assert "harness run" in ran.out
    assert "--record" in ran.out
    assert not (project / "cassettes").exists()


# --- pipelines that misbehave ---------------------------------------------------------------------


def _toml(project: Path, command: str, extra: str = "") -> str:
    lines = [f'{name} = "{command}"' for name in ("visitor_to_lead", "visitor_to_user", "lead_to_user")]
    (project / "shop.toml").write_text("\n".join(["[pipeline]", *lines, extra]))
    return "shop.toml"


@pytest.mark.parametrize(
    ("script", "extra", "told"),
    [
        (
            "echo no visitor given >&2; exit 3",
            "",
            ["failed before it asked Intercom anything: it ended with exit status 3", "no visitor given"],
        ),
        ("kill -ABRT $$", "", ["failed before it asked Intercom anything: it was ended by SIGABRT"]),
        ("echo waiting >&2; sleep 30", "time_limit = 0.2", ["it did not end within 0.2 s", "waiting"]),
        (
            "head -c 300 /dev/urandom; echo done",
            "",
            ["it is still there", "no request of the pipeline reached the gateway", "done"],
        ),
        (
            "echo '{not json'; exit 0",
            "",
            ["it is still there", "no request of the pipeline reached the gateway", "{not json"],
        ),
    ],
)
def test_a_command_that_crashes_hangs_or_prints_garbage_is_refuted_and_the_run_goes_on(
    harness: Harness, project: Path, script: str, extra: str, told: list[str]
) -> None:
    """With what it said; the second scenario is run as well."""
    (project / "step.sh").write_text(script)
    ran = harness("run", FLOW, "--pipeline", _toml(project, "sh step.sh", extra))
    assert (ran.code, ran.err) == (1, "")
    assert "0 proved  2 refuted" in ran.out
    assert all(part in ran.out for part in told)


@pytest.mark.parametrize(
    ("name", "told"), [("answers:Crashes", "KeyError: 'visitor_uuid'"), ("answers:Hangs", "within 0.2 s")]
)
def test_a_python_pipeline_that_crashes_or_hangs_is_refuted_and_the_run_goes_on(
    harness: Harness, name: str, told: str
) -> None:
    """The trace of its own code is shown, and none of the harness's."""
    ran = harness("run", FLOW, "--pipeline", f"{ZOO}.{name}")
    assert ran.code == 1
    assert "0 proved  2 refuted" in ran.out
    assert told in ran.out
    assert "python_object.py" not in ran.out


def test_the_time_limit_can_be_given_on_the_command_line(harness: Harness, project: Path) -> None:
    """It overrides the pipeline's own."""
    pipeline = _toml(project, "sleep 30", "time_limit = 20")
    ran = harness("run", FLOW, "-k", "user_id", "--time-limit", "0.2", "--pipeline", pipeline)
    assert "it did not end within 0.2 s" in ran.out


def test_a_scenario_with_a_bug_of_its_own_is_no_proof(harness: Harness, project: Path) -> None:
    """An exception in the scenario's function is shown with its place."""
    (project / "scenarios" / "buggy.py").write_text("def test_x(people, pipeline, verify):\n    people.leed()\n")
    ran = harness("run", "scenarios/buggy.py")
    assert ran.code != 0
    assert "AttributeError: 'People' object has no attribute 'leed'" in ran.out
    assert "buggy.py:2" in ran.out


def test_a_scenario_that_claims_nothing_is_refuted(harness: Harness, project: Path) -> None:
    """Silence is failure."""
    (project / "scenarios" / "silent.py").write_text(
        "def test_x(people, pipeline, verify):\n    pipeline.visitor_to_lead(people.visitor())\n"
    )
    ran = harness("run", "scenarios/silent.py")
    assert ran.code == 1
    assert "the scenario claims something" in ran.out
    assert "a scenario that claims nothing proves nothing" in ran.out


# --- where the result goes ------------------------------------------------------------------------


def test_explain_shows_the_evidence_of_what_passed(harness: Harness) -> None:
    """Each claim with its reads; without it only a line."""
    short, long = (harness("run", FLOW, "-k", "user_id", *more).out for more in ((), ("--explain",)))
    assert "GET /visitors?user_id=" not in short
    assert "GET /visitors?user_id=" in long
    assert "the lead exists under the visitor's id" in long


def _check(data: dict[str, Any], exit_code: int) -> None:
    assert data["exit_code"] == exit_code
    (row,) = data["scenarios"]
    assert (row["module"], row["case"]) == ("visitor_to_lead", "test_a_visitor_becomes_a_lead[user_id]")
    assert row["ending"] == ("proved" if exit_code == 0 else "refuted")
    assert row["asked"][0]["request"] == "POST /visitors/convert"
    assert {claim["verdict"] for claim in row["claims"]} >= {"proved"}


@pytest.mark.parametrize(("name", "code"), [("calls:Sound", 0), ("losses:DropsTheCampaign", 1)])
def test_json_on_stdout_is_nothing_but_json(harness: Harness, name: str, code: int) -> None:
    """What a person reads goes to stderr then."""
    ran = harness("run", FLOW, "-k", "user_id", "--pipeline", f"{ZOO}.{name}", "--json")
    assert ran.code == code
    _check(json.loads(ran.out), code)
    assert "harness run" in ran.err


def test_the_result_goes_into_the_files_that_are_named(harness: Harness, project: Path) -> None:
    """JSON, JUnit, and a folder with a summary and a picture; the terminal still tells."""
    ran = harness("run", FLOW, "-k", "user_id", "--json", "a.json", "--junit", "b.xml", "--report", "out")
    assert ran.code == 0
    assert "1 proved" in ran.out
    _check(json.loads((project / "a.json").read_text()), 0)
    assert json.loads((project / "out" / "report.json").read_text())["exit_code"] == 0
    assert [case.get("name") for case in ET.parse(project / "b.xml").iter("testcase")] == [
        "test_a_visitor_becomes_a_lead[user_id]"
    ]
    assert "1 proved" in (project / "out" / "report.md").read_text()
    assert ET.parse(project / "out" / "run.svg").getroot().tag.endswith("svg")


def test_the_summary_of_a_failure_holds_its_evidence(
    harness: Harness, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a pull request: claim, expectation, finding, reads; and where GitHub names a file it is shown there."""
    (project / "step.md").write_text("# another step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "step.md"))
    harness(
        "run",
        FLOW,
        "-k",
        "user_id",
        "--pipeline",
        f"{ZOO}.losses:DropsTheCampaign",
        "--report",
        "out",
        "--junit",
        "b.xml",
    )
    summary = (project / "out" / "report.md").read_text()
    assert "custom_attributes.campaign" in summary
    assert "found None" in summary
    assert (project / "step.md").read_text() == f"# another step\n{summary}"
    assert next(ET.parse(project / "b.xml").iter("failure")) is not None


def test_no_token_reaches_a_result(harness: Harness, project: Path) -> None:
    """Neither terminal nor files show an authorization."""
    ran = harness("run", FLOW, "-k", "user_id", "--explain", "--json", "a.json", "--report", "out")
    files = (project / name for name in ("a.json", "out/report.json", "out/report.md", "out/run.svg"))
    everything = ran.out + ran.err + "".join(file.read_text() for file in files)
    assert "sandbox-run" not in everything
    assert "Bearer" not in everything


# --- as a process ---------------------------------------------------------------------------------


def _process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "harness", "run", FLOW, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.usefixtures("project")
def test_without_a_terminal_the_report_is_plain_text() -> None:
    """No escape sequences into a pipe; marks that the encoding has."""
    utf8 = _process("-k", "user_id", PYTHONIOENCODING="utf-8")
    assert (utf8.returncode, utf8.stderr) == (0, b"")
    assert b"\x1b" not in utf8.stdout
    assert "✓".encode() in utf8.stdout
    ascii_only = _process("--pipeline", f"{ZOO}.losses:DropsTheCampaign", PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert (ascii_only.returncode, ascii_only.stderr) == (1, b"")
    assert ascii_only.stdout.isascii()
    assert b"XX" in ascii_only.stdout
