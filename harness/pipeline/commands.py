"""A pipeline that is a set of command lines, in any language: words as a shell splits them, but no shell.

A placeholder is always one argument, an empty one an empty argument. A command is ended with everything it started.
"""

from __future__ import annotations

import contextlib
import secrets
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from harness.core.foreign_values import parsed
from harness.core.http import Request
from harness.core.people import Person
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer, Hears, Operation
from harness.pipeline.breakdown import of_command
from harness.pipeline.drain import Drain
from harness.pipeline.placeholders import filled
from harness.pipeline.reaper import MARK, end_group, end_marked, running, unless_interrupted


class CommandPipeline:
    """Runs one command line for each operation, in the folder of its TOML file."""

    def __init__(
        self,
        lines: Mapping[Operation, str],
        *,
        name: str,
        folder: Path,
        environment: Callable[[], Mapping[str, str]],
        time_limit: float = DEFAULT_TIME_LIMIT,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.without = without | (OPERATIONS.keys() - lines.keys())
        self._lines = {operation: shlex.split(line) for operation, line in lines.items()}
        self._folder = folder
        self._environment = environment
        self._time_limit = time_limit
        self.prefix: Callable[[Path], Sequence[str]] = lambda folder: ()
        """Gives the words before every command that works in a folder; they enclose it."""

    def job(self) -> tuple[Sequence[str], Path]:
        """Return the words of the job's command line, and the folder that it runs in."""
        return self._lines["run"], self._folder

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """Run one command to its end or its time limit."""
        return self._run(operation, people, {}, None)

    @property
    def hears(self) -> bool:
        """Whether it has a command for notifications."""
        return "webhook" in self._lines

    @property
    def works_on(self) -> bool:
        """Never: a command that ended has done its work."""
        return False

    @property
    def reads(self) -> Hears:
        """Return what the command is handed: the raw body, and its signature."""
        return "body"

    def hear(self, told: Request) -> Answer:
        """Run the command for notifications: the body on its stdin, the signature in `HTTP_X_HUB_SIGNATURE`."""
        signed = {"HTTP_X_HUB_SIGNATURE": told.headers.get("x-hub-signature", "")}
        return self._run("webhook", {}, signed, told.body)

    def _run(
        self, operation: Operation, people: Mapping[str, Person], more: Mapping[str, str], sent: bytes | None
    ) -> Answer:
        call, older = secrets.token_hex(8), running()
        environment = {**self._environment(), **more, MARK: call}
        with filled(self._lines[operation], people) as words, unless_interrupted(call, older):
            return self._answered(operation, [*self.prefix(self._folder), *words], environment, sent, call, older)

    def _answered(
        self,
        operation: Operation,
        words: Sequence[str],
        environment: Mapping[str, str],
        sent: bytes | None,
        call: str,
        older: Collection[int],
    ) -> Answer:
        started = time.monotonic()
        try:
            with _input(sent) as stdin:
                process = subprocess.Popen(
                    words,
                    cwd=self._folder,
                    env=environment,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            told = getattr(error, "strerror", None) or error
            return Answer(operation, trouble=f"it could not be started: {told}", crashed=True, broken_down=True)
        with Drain(process.stdout) as out, Drain(process.stderr) as err:
            try:
                timed_out = not ends_within(process, self._time_limit)
            finally:  # also where somebody ends the run meanwhile
                end_group(process)
                left = end_marked(call, older)
        seconds = time.monotonic() - started
        status = process.returncode
        trouble = f"it {ended_by(status)}" if status else None
        if timed_out:
            trouble = f"it did not end within {self._time_limit:g} s"
        said = err.text + (f"\nharness: ended what it left running: {left} in a session of their own" if left else "")
        failed = trouble is not None
        fell = failed and of_command(status, err.text)
        return Answer(
            operation, _json(out.text), trouble, failed, timed_out, out.text, said, status, seconds, broken_down=fell
        )


def ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a command; whether it ended in time."""
    # `wait` with a limit only looks again and again, at last every 50 ms; without one it is told at once.
    waiter = threading.Thread(target=process.wait, daemon=True)
    waiter.start()
    waiter.join(seconds)
    return not waiter.is_alive()


@contextlib.contextmanager
def _input(sent: bytes | None) -> Iterator[IO[bytes] | int]:
    """A command's stdin; a file, so that nobody waits for a command that does not read."""
    if sent is None:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(sent)
        file.seek(0)
        yield file


def ended_by(status: int | None) -> str:
    """How a command ended, by its exit status, in words."""
    if status is not None and status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def _json(text: str) -> object:
    try:
        return parsed(text)
    except ValueError:
        return None
