"""Command pipelines with real processes: words, folder, environment, output, ends, and what is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.people import Lead, Person, User, Visitor
from harness.pipeline.answer import Answer, Operation
from harness.pipeline.commands import CommandPipeline
from harness.pipeline.drain import KEPT_OUTPUT
from harness.tests.support.processes import runs
from harness.tests.support.properties import UNHURRIED

SHOW = "import json, sys; print(json.dumps(sys.argv[1:]))"
PEOPLE: Mapping[str, Person] = {
    "visitor": Visitor("v-1", "u-1"),
    "lead": Lead("l-1", "e-1"),
    "user": User(email="ada@example.com"),
}


def _run(
    folder: Path,
    line: str,
    people: Mapping[str, Person] = PEOPLE,
    *,
    operation: Operation = "visitor_to_user",
    time_limit: float = 20.0,
    environment: Mapping[str, str] | None = None,
) -> Answer:
    pipeline = CommandPipeline(
        {operation: line},
        name="p",
        folder=folder,
        environment=lambda: os.environ if environment is None else environment,
        time_limit=time_limit,
    )
    return pipeline.call(operation, people)


def _python(folder: Path, code: str, *arguments: str) -> str:
    script = folder / "step.py"
    script.write_text(code)
    return " ".join([f"'{sys.executable}' -S '{script}'", *arguments])


# --- words ----------------------------------------------------------------------------------------


def test_each_placeholder_is_one_argument(tmp_path: Path) -> None:
    """Within a word as well; a value that is not there is an empty argument."""
    line = _python(tmp_path, SHOW, "{visitor.user_id}", "--id={visitor.id}", "{user.id}", "{user.email}", "''")
    assert _run(tmp_path, line).value == ["u-1", "--id=v-1", "", "ada@example.com", ""]


def test_every_value_of_a_person_has_a_placeholder(tmp_path: Path) -> None:
    """Name, phone and e-mail of either side, and all people as one file of JSON that is gone afterwards."""
    lead = Lead(id="l-1", email="ada@example.com", name="Ada & O'Hara", phone="+1202", custom_attributes={"plan": "a"})
    people: dict[str, Person] = {"lead": lead, "user": User(id="1", name="Ada", phone="+1203")}
    words = ["{lead.email}", "{lead.phone}", "{lead.name}", "{user.phone}", "{user.name}"]
    line = _python(tmp_path, SHOW, *words)
    assert _run(tmp_path, line, people, operation="lead_to_user").value == [
        "ada@example.com", "+1202", "Ada & O'Hara", "+1203", "Ada",
    ]  # fmt: skip
    answer = _run(tmp_path, "cat {people.json}", people, operation="lead_to_user")
    assert (answer.value["lead"]["name"], answer.value["lead"]["custom_attributes"]) == ("Ada & O'Hara", {"plan": "a"})
    (path,) = _run(tmp_path, _python(tmp_path, SHOW, "{people.json}"), people, operation="lead_to_user").value
    assert not Path(path).exists()


AWKWARD = "a b; rm -rf $HOME `id` $(id) | > x && 'q' \"q\" \\ {user.id} * ~ -- é"


def test_other_braces_are_the_commands_own(tmp_path: Path) -> None:
    """JSON, a shell's variables, `find`'s empty braces, `awk`'s programs."""
    words = ["""'{"id": 1}'""", "'${HOME}'", "{}", "'{ print $1 }'"]
    assert _run(tmp_path, _python(tmp_path, SHOW, *words)).value == ['{"id": 1}', "${HOME}", "{}", "{ print $1 }"]


def test_no_shell_reads_a_value(tmp_path: Path) -> None:
    """Blanks, quotes, dollars and further braces arrive as they are."""
    people = {**PEOPLE, "user": User(id="1", email=AWKWARD)}
    assert _run(tmp_path, _python(tmp_path, SHOW, "{user.email}", "$HOME"), people).value == [AWKWARD, "$HOME"]


@settings(UNHURRIED, max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_any_value_arrives_as_one_argument(tmp_path: Path, value: str) -> None:
    """Whatever a name or an e-mail holds."""
    answer = _run(tmp_path, "printf %s {user.email}", {**PEOPLE, "user": User(id="1", email=value)})
    assert answer.stdout.encode(errors="replace") == value.encode()


def test_a_command_runs_in_its_files_folder(tmp_path: Path) -> None:
    """And not where the run was started."""
    assert _run(tmp_path, "pwd").stdout.strip() == str(tmp_path.resolve())


def test_a_command_gets_the_environment_it_is_given_and_no_other(tmp_path: Path) -> None:
    """What is scrubbed from it does not come back."""
    environment = {"PATH": os.environ["PATH"], "AT": "sandbox-run"}
    assert set(_run(tmp_path, "env", environment=environment).stdout.split()) >= {"AT=sandbox-run"}
    assert "HOME=" not in _run(tmp_path, "env", environment=environment).stdout


# --- what it answers ------------------------------------------------------------------------------


def test_json_on_stdout_is_the_answers_value(tmp_path: Path) -> None:
    """A contact or Intercom's error, as a Python pipeline would return it."""
    contact = _run(tmp_path, """printf '{"id": "1", "role": "lead"}'""")
    assert contact.value == {"id": "1", "role": "lead"}
    error = _run(tmp_path, """printf '{"type": "error.list", "errors": [{"code": "not_found"}]}'""")
    assert (error.intercom_error, error.says_refused, error.trouble) == ("not_found", True, None)


@pytest.mark.parametrize("text", ["", "done", "{", "\xff\xfe", '{"a": 1} and more'])
def test_anything_else_on_stdout_is_kept_and_is_no_value(tmp_path: Path, text: str) -> None:
    """Garbage is no crash."""
    (tmp_path / "out").write_bytes(text.encode("latin-1"))
    answer = _run(tmp_path, "cat out")
    assert (answer.value, answer.trouble, answer.exit_status) == (None, None, 0)
    assert answer.stdout == text.encode("latin-1").decode(errors="replace")


def test_an_exit_status_is_told(tmp_path: Path) -> None:
    """With what stood on stderr; the caller was told that it did not happen."""
    answer = _run(tmp_path, _python(tmp_path, "import sys; sys.stderr.write('no such visitor'); sys.exit(3)"))
    assert (answer.exit_status, answer.trouble, answer.stderr) == (3, "it ended with exit status 3", "no such visitor")
    assert (answer.crashed, answer.timed_out, answer.says_refused) == (True, False, True)


def test_a_signal_is_told_by_name(tmp_path: Path) -> None:
    """Killed, aborted or crashed."""
    answer = _run(tmp_path, "sh -c 'kill -SEGV $$'")
    assert (answer.exit_status, answer.trouble) == (-signal.SIGSEGV, "it was ended by SIGSEGV")


def test_a_command_that_cannot_be_started_is_an_answer(tmp_path: Path) -> None:
    """Gone since the run began, not a program, or an argument that no program can get."""
    assert "No such file" in str(_run(tmp_path, "no-such-command-here").trouble)
    (tmp_path / "garbage").write_bytes(b"\x00\x01")
    (tmp_path / "garbage").chmod(0o755)
    assert "could not be started" in str(_run(tmp_path, "./garbage").trouble)
    nul = {**PEOPLE, "user": User(id="1", email="a\0b")}
    assert "could not be started" in str(_run(tmp_path, "true {user.email}", nul).trouble)


def test_stdin_is_empty(tmp_path: Path) -> None:
    """A command that asks a question gets no answer, and does not wait for one."""
    assert _run(tmp_path, "cat").stdout == ""


def test_a_flood_of_output_is_cut_and_holds_nobody_up(tmp_path: Path) -> None:
    """Both streams are read to their end; the first part is kept, the rest counted."""
    code = "import sys\nfor s in (sys.stdout, sys.stderr):\n for _ in range(80): s.write('x' * 65536)"
    answer = _run(tmp_path, _python(tmp_path, code))
    assert answer.trouble is None
    for text in (answer.stdout, answer.stderr):
        assert text == "x" * KEPT_OUTPUT + f"\n… {80 * 65536 - KEPT_OUTPUT} more bytes"


# --- how it ends ----------------------------------------------------------------------------------


def test_the_time_limit_ends_a_command_and_keeps_what_it_said(tmp_path: Path) -> None:
    """Soon after the limit, and the caller was told nothing."""
    started = time.monotonic()
    answer = _run(tmp_path, "sh -c 'echo begun; exec sleep 60'", time_limit=0.3)
    assert time.monotonic() - started < 5
    assert (answer.timed_out, answer.crashed, answer.says_refused) == (True, True, False)
    assert (answer.trouble, answer.stdout) == ("it did not end within 0.3 s", "begun\n")


LEAVES_CHILD = """
import os, signal, sys, time
if os.fork() == 0:
    if "daemon" in sys.argv: os.setsid()
    if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open("child", "w").write(str(os.getpid()))
    time.sleep(60)
while not os.path.exists("child") or not open("child").read(): time.sleep(0.01)
if "stays" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)
print("done")
"""


@pytest.mark.parametrize("words", [(), ("deaf", "stays"), ("daemon",), ("daemon", "deaf"), ("daemon", "stays")])
def test_nothing_that_a_command_started_is_left_running(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A child left behind or a command over its time, also where they ignore being asked to end."""
    answer = _run(tmp_path, _python(tmp_path, LEAVES_CHILD, *words), time_limit=0.6)
    child = int((tmp_path / "child").read_text())
    assert answer.timed_out == ("stays" in words)
    assert answer.stdout == ("" if "stays" in words else "done\n")
    assert ("ended what it left running: 1" in answer.stderr) == ("daemon" in words)
    assert not runs(child)


INTERRUPTED = """
import os, signal
from pathlib import Path
from harness.core.people import Visitor
from harness.pipeline.commands import CommandPipeline

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
lines = {"visitor_to_lead": "sh long.sh"}
pipeline = CommandPipeline(lines, name="p", folder=Path.cwd(), environment=lambda: os.environ)
for step in range(25):
    signal.setitimer(signal.ITIMER_REAL, 0.002 + step * 0.0004)
    try:
        pipeline.call("visitor_to_lead", {"visitor": Visitor("v", "u")})
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_an_interrupt_at_any_moment_leaves_no_command_behind(tmp_path: Path) -> None:
    """Also while it is being started, when it runs already and nobody holds it yet."""
    (tmp_path / "long.sh").write_text("echo $$ >> ids; exec sleep 100")
    words = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.count("interrupted") == 25, done.stderr
    started = (tmp_path / "ids").read_text().split() if (tmp_path / "ids").exists() else []
    assert [pid for pid in started if runs(int(pid))] == []
