"""How `harness exec` ends what it started: signals are passed on, and nothing stays behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.tests.support.exec_process import ME, PYTHON, python, run_exec
from harness.tests.support.processes import runs, wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_are_passed_on_and_nothing_stays_behind(number: signal.Signals, tmp_path: Path) -> None:
    """The command hears the signal, ends in its own way, and its children are ended with it."""
    ids = tmp_path / "ids"
    script = f"trap 'exit 5' TERM INT HUP; sleep 100 & echo $$ $! > {ids}.new; mv {ids}.new {ids}; wait"
    with subprocess.Popen(
        [PYTHON, "-m", "harness", "exec", "--", "sh", "-c", script], stderr=subprocess.PIPE
    ) as process:
        assert wait_for(ids.exists)
        process.send_signal(number)
        assert process.wait(10) == 5
    left = [int(process_id) for process_id in ids.read_text().split()]
    assert wait_for(lambda: not any(map(runs, left))), f"still running: {left}"


def test_a_signal_that_comes_while_the_command_is_started_reaches_it() -> None:
    """It is started already, and nobody holds it yet: it is told all the same, and ends before its caller does."""
    code = """
        import os, signal, sys
        from harness.pipeline import foreground
        start = foreground._start
        def interrupted(*words):
            process = start(*words)
            os.kill(os.getpid(), signal.SIGTERM)
            print(process.pid, flush=True)
            return process
        foreground._start = interrupted
        sys.exit(foreground.run_in_foreground(["sleep", "100"], os.environ))
    """
    done = subprocess.run([*python(code)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    assert not runs(int(done.stdout))


def test_a_child_that_outlives_its_command_is_ended(tmp_path: Path) -> None:
    """A command that forks and leaves is not waited for, and its child does not stay."""
    ids = tmp_path / "ids"
    done = run_exec("sh", "-c", f"sleep 100 >/dev/null 2>&1 & echo $! > {ids}; curl -sS -o /dev/null -u any: {ME}")
    assert done.returncode == 0, done.stderr
    assert not runs(int(ids.read_text()))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux hands orphans over")
def test_a_daemon_in_a_session_of_its_own_is_ended_too(tmp_path: Path) -> None:
    """Leaving the process group is not a way out."""
    ids = tmp_path / "ids"
    daemon = f"setsid sh -c 'echo $$ > {ids}; exec sleep 100' >/dev/null 2>&1 & while ! [ -s {ids} ]; do :; done"
    done = run_exec("sh", "-c", f"{daemon}; curl -sS -o /dev/null -u any: {ME}")
    assert done.returncode == 0, done.stderr
    assert not runs(int(ids.read_text()))


def test_a_command_that_ignores_being_told_to_end_is_ended() -> None:
    """After its time it is killed, and the status says so."""
    code = """
        import os, signal, sys, threading
        from harness.pipeline import foreground
        foreground.PATIENCE = 0.3
        threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM]).start()
        stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)"
        sys.exit(foreground.run_in_foreground([sys.executable, "-c", stubborn], os.environ))
    """
    started = time.monotonic()
    done = subprocess.run([*python(code)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 128 + signal.SIGKILL, done.stderr
    assert time.monotonic() - started < 10
