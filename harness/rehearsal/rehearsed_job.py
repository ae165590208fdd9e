"""A job under rehearsal, seen from outside: started, watched, killed with all that it started, and started again."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from harness.core.errors import Problem
from harness.pipeline.commands import ended_by
from harness.pipeline.reaper import kill_tree
from harness.rehearsal.job_process import TASK, JobEnd, JobTask

WORDS: Final = re.compile(r"[\w.+-]+@[\w.-]+|[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""What in a job's output can name a person: an e-mail, an id of Intercom's, a uuid."""
MOST_OUTPUT: Final = 512 * 1024 * 1024
"""Bytes of output after which a job is taken to print without end."""
PATIENCE: Final = 5.0


@dataclass(slots=True)
class RehearsedJob:
    """A job that can be started. prefix: words that enclose it. folder: where it runs. output: what it prints."""

    task: JobTask
    environment: Mapping[str, str]
    prefix: Sequence[str]
    folder: Path
    output: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again."""
        Path(self.task["ended"]).unlink(missing_ok=True)
        words = [*self.prefix, sys.executable, "-m", "harness.rehearsal.job_process"]
        self._process = subprocess.Popen(
            words,
            cwd=self.folder,
            env={**self.environment, TASK: json.dumps(self.task)},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.poll() is None

    @property
    def floods(self) -> bool:
        """Whether it printed more than anybody reads."""
        return os.fstat(self.output.fileno()).st_size > MOST_OUTPUT

    def kill(self) -> None:
        """End it and all that it started, at once: nothing is asked to end."""
        if self._process is None:
            return
        kill_tree(self._process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)

    def end(self) -> JobEnd:
        """Return how it ended.

        Raises:
            Problem: The pipeline could not be loaded or started.
        """
        ended = self._told()
        if ended["problem"]:
            told = ended["problem"]
            raise Problem(told["what"], evidence=told["evidence"], why=told["why"], remedy=told["remedy"])
        status = self._process.poll() if self._process is not None else None
        if status and not ended["trouble"]:
            return JobEnd(trouble=f"it {ended_by(status)}", problem={}, refused=ended["refused"])
        return ended

    def _told(self) -> JobEnd:
        path = Path(self.task["ended"])
        if not path.is_file():
            return JobEnd(trouble="", problem={}, refused=[])
        found: JobEnd = json.loads(path.read_text(encoding="utf-8"))
        return found

    def named(self) -> frozenset[str]:
        """Return each e-mail, id and uuid that stands in its output, in small letters."""
        self.output.seek(0)
        found: set[str] = set()
        for line in self.output:
            found.update(word.lower().rstrip(".") for word in WORDS.findall(line.decode(errors="replace")))
        return frozenset(found)

    def last_line(self) -> str:
        """Return the last line that it printed."""
        size = os.fstat(self.output.fileno()).st_size
        self.output.seek(max(0, size - 4096))
        lines = self.output.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:400] if lines else ""
