"""What a command leaves running is ended, in its group, out of it, and where no process can adopt orphans."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.pipeline.reaper import MARK, end_group, end_marked, running
from harness.tests.support.processes import runs, wait_for

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
LEAVES_ONE = """
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
open(sys.argv[1], "w").write(str(left.pid))
"""
WITHOUT_ADOPTION = """
import os, sys
from harness.pipeline.foreground import run_in_foreground
sys.platform = "darwin"
sys.exit(run_in_foreground([sys.executable, "-c", sys.argv[1], sys.argv[2]], dict(os.environ)))
"""


@contextmanager
def started(words: list[str], call: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, marked as part of a call."""
    process = subprocess.Popen(words, env={**os.environ, MARK: call}, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def test_only_the_processes_of_a_call_are_ended() -> None:
    """A process that carries the mark of another call stays, and so does one that is older than the call."""
    with started(SLEEP, "older") as older:
        before = running()
        with started(SLEEP, "this") as mine, started(SLEEP, "other") as other:
            assert end_marked("older", before) == 0
            assert end_marked("this", before) == 1
            assert mine.wait(5) != 0
            assert (older.poll(), other.poll()) == (None, None)


def test_a_process_that_ignores_being_asked_is_killed() -> None:
    """Without an older set all processes are looked at."""
    with started([sys.executable, "-c", DEAF], "deaf") as process:
        assert process.stdout
        assert process.stdout.readline() == b"deaf\n"
        assert end_marked("deaf") == 1
        assert process.wait(5) == -9


def test_a_group_is_ended_with_its_children() -> None:
    """The group's leader has ended before; its child is still there."""
    code = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid)"
    with started([sys.executable, "-c", code, SLEEP[2]], "group") as leader:
        assert leader.stdout
        child = int(leader.stdout.readline())
        leader.wait()
        assert runs(child)
        end_group(leader)
        assert not runs(child)


def test_an_orphan_is_ended_where_nothing_can_adopt_it(tmp_path: Path) -> None:
    """On macOS no process becomes the parent of orphans: there they are found by the mark in their environment."""
    note = tmp_path / "left"
    words = [sys.executable, "-c", WITHOUT_ADOPTION, LEAVES_ONE, str(note)]
    done = subprocess.run(words, timeout=30, check=False)
    assert done.returncode == 0
    left = int(note.read_text())
    assert wait_for(lambda: not runs(left))
