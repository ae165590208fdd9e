"""`harness run`: exit codes, what is picked, and what cannot be run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.tests.cli.conftest import FLOW, ROOT, ZOO, Harness, files_in

# --- exit codes -----------------------------------------------------------------------------------


def test_all_proved_is_0_and_nothing_is_written(harness: Harness, flows: Path) -> None:
    """A line per scenario, totals and no word on stderr."""
    before = files_in(flows)
    ran = harness("run")
    assert (ran.code, ran.err) == (0, "")
    assert "17 proved  0 refuted" in ran.out
    assert ran.out.count("A visitor becomes a lead with everything they carried") == 2
    assert files_in(flows) == before


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
    asked = told.partition("  the pipeline\n")[2]
    assert asked.index("POST /visitors/convert") < asked.index("PUT /contacts/")


def test_nothing_that_matches_is_2(harness: Harness) -> None:
    """A run that ran nothing proves nothing."""
    ran = harness("run", FLOW, "-k", "no_such_name")
    assert ran.code == 2
    assert "nothing was run: no scenario matches -k 'no_such_name'" in ran.out


def test_a_case_can_be_picked_by_name_and_by_path(harness: Harness) -> None:
    """As pytest's own `-k` and `::` do."""
    assert "1 proved" in harness("run", FLOW, "-k", "user_id").out
    assert "1 proved" in harness("run", f"{FLOW}::test_a_visitor_becomes_a_lead[id]").out


def test_a_pipeline_without_an_operation_is_not_run_there(harness: Harness, flows: Path) -> None:
    """What it declares missing is told as not run; alone it is no proof, beside proved ones it is no failure."""
    (flows / "shop_leads.py").write_text(
        f"from {ZOO}.sound_requests import Sound\n"
        "class Leads(Sound):\n"
        "    without = ('visitor_to_user', 'lead_to_user')\n"
    )
    ran = harness("run", "--pipeline", "shop_leads:Leads")
    assert ran.code == 0
    assert "3 proved  0 refuted  14 not run" in ran.out
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
    "object that is not there": (["--pipeline", f"{ZOO}.sound_requests:Nobody"], "there is no 'Nobody'"),
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
    harness: Harness, flows: Path, arguments: list[str], what: str
) -> None:
    """Nothing is run and nothing is written."""
    (flows / "lacking.toml").write_text('[pipeline]\nvisitor_to_lead = "true"\n')
    lines = [f'{name} = "no-such-command-here"' for name in ("visitor_to_lead", "visitor_to_user", "lead_to_user")]
    (flows / "gone.toml").write_text("\n".join(["[pipeline]", *lines]))
    before = files_in(flows)
    ran = harness("run", *arguments)
    assert ran.code == 2
    told = ran.out + ran.err
    assert what in told
    assert "Traceback" not in told
    assert "proved" not in told
    assert files_in(flows) == before


def test_without_a_pipeline_nothing_is_run(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that would test the harness alone ends with 2, and says how to name a pipeline."""
    monkeypatch.chdir(tmp_path)
    ran = harness("run")
    assert ran.code == 2
    assert "No pipeline is configured" in ran.err
    assert "--pipeline SPEC" in ran.err
    assert list(tmp_path.iterdir()) == [tmp_path / "project"]


def test_a_path_without_a_scenario_is_named(harness: Harness) -> None:
    """A path that is not there is exit code 2, and the remedy names the command that lists what there is."""
    ran = harness("run", "elsewhere")
    assert ran.code == 2
    assert "there is no scenario at elsewhere" in ran.err
    assert "harness scenarios list" in ran.err


@pytest.mark.parametrize("text", ["def test_x(people:\n", "import no_such_module_here\n", "1 / 0\n"])
def test_a_scenario_module_that_cannot_be_read_is_2(harness: Harness, flows: Path, text: str) -> None:
    """With what is wrong with it."""
    (flows / "scenarios" / "broken.py").write_text(text)
    ran = harness("run", "scenarios/broken.py")
    assert ran.code == 2
    assert "broken.py could not be read" in ran.out
    assert any(name in ran.out for name in ("SyntaxError", "no_such_module_here", "ZeroDivisionError"))


# --- as a process ---------------------------------------------------------------------------------


def _process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "harness", "run", FLOW, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.usefixtures("flows")
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
