"""The user's own service as the harness starts it: before the first call, until it answers, ended after the last.

It finds in its environment what a command finds there, and what it prints is kept for the call during which it came.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from harness.core.errors import Problem
from harness.pipeline.commands import ended_by
from harness.pipeline.drain import Drain
from harness.pipeline.process_activity import LOOKED_AT, ProcessActivity
from harness.pipeline.reaper import MARK, end_group, end_marked, running, unless_interrupted

START_LIMIT: Final = 30.0
"""Seconds that a service gets to listen while it is busy."""

PATIENCE: Final = 3.0
"""Seconds that it gets in any case. If it does nothing by then, or listens elsewhere, it will not listen."""

LOOKS: Final = 0.02
"""Seconds between two looks whether it does."""

LAST_WORDS: Final = 1000
"""Characters of its output that an error shows."""


class ServiceNotThere(Problem):
    """The pipeline's service cannot be asked, from the first scenario on: no other scenario would fare better."""

    ends_run = True


class Service:
    """One command that listens on loopback. It is started when it is first needed, and again where it has ended."""

    def __init__(self, words: Sequence[str], *, folder: Path, places: Collection[tuple[str, int]]) -> None:
        self._words = words
        self._folder = folder
        self._places = sorted(places)
        self._process: subprocess.Popen[bytes] | None = None
        self._running = ExitStack()
        self._output: Drain | None = None
        self._listened = False
        self._failed: Problem | None = None

    def ensure(self, environment: Mapping[str, str]) -> None:
        """Have it running, and listening wherever it is asked; a `Problem` where it does not come to that."""
        if self._failed is not None:
            raise self._failed
        if self._process is None or self.ended():
            self.close()
            self._refuse_another()
            self._start(environment)
            self._wait_until_it_listens()

    def ended(self, patience: float = 0.0) -> str | None:
        """How it ended, in words, if it does so within some seconds; `None` while it runs."""
        if self._process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return f"its service {ended_by(self._process.wait(patience))}"
        return None

    def said(self) -> str:
        """What it printed since this was last asked."""
        return self._output.take() if self._output else ""

    def close(self) -> None:
        """End it, with all that it started."""
        self._running.close()
        self._process = None

    def _start(self, environment: Mapping[str, str]) -> None:
        call, older = secrets.token_hex(8), running()
        with unless_interrupted(call, older):
            self._started(call, older, {**environment, MARK: call})

    def _started(self, call: str, older: Collection[int], environment: Mapping[str, str]) -> None:
        try:
            process = subprocess.Popen(
                self._words,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            told = getattr(error, "strerror", None) or str(error)
            raise Problem(f"the service {self._words[0]!r} could not be started", evidence=told) from error
        self._process = process
        self._output = self._running.enter_context(Drain(process.stdout))
        self._running.callback(end_marked, call, older)
        self._running.callback(end_group, process)

    def _wait_until_it_listens(self) -> None:
        assert self._process is not None
        began, waiting, activity = time.monotonic(), list(self._places), ProcessActivity(self._process.pid)
        while waiting:
            if _listens(waiting[0]):
                waiting.pop(0)
                continue
            passed = time.monotonic() - began
            told = self.ended() or self._gives_up(passed, activity)
            if told:
                raise self._not_listening(_named(waiting[0]), told)
            time.sleep(LOOKS)
        self._listened = True

    def _gives_up(self, passed: float, activity: ProcessActivity) -> str | None:
        """Return why a service that has been waited for will not listen; `None` where it may."""
        if passed > PATIENCE - LOOKED_AT:
            activity.look(passed)
        if passed < PATIENCE:
            return None
        if passed > START_LIMIT:
            return f"{START_LIMIT:g} s went by"
        # It may have begun to listen, on one of the places, since it was asked.
        wanted = {_named(place) for place in self._places}
        if elsewhere := [place for place in activity.listens_on() if place not in wanted]:
            return f"it listens on {', '.join(elsewhere)}"
        return f"{passed:.0f} s went by, and it does nothing any more" if activity.idle(passed) else None

    def _not_listening(self, place: str, told: str) -> Problem:
        words = self.said()[-LAST_WORDS:].strip()
        self.close()
        kind = Problem if self._listened else ServiceNotThere
        found = kind(
            f"the pipeline's service does not listen on {place}",
            evidence=f"{told}; it printed: {words or 'nothing'}",
            remedy="run its command by hand; it must listen where hook, job and awaits say",
        )
        self._failed = None if self._listened else found
        return found

    def _refuse_another(self) -> None:
        if taken := next(filter(_listens, self._places), None):
            raise Problem(
                f"something listens on {_named(taken)} already",
                why="another copy of the service is running, and would be tested in the place of this one",
                remedy="end it, or remove `service` from the pipeline's TOML to have that one tested",
            )


def _listens(place: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(place, timeout=1):
        return True
    return False


def _named(place: tuple[str, int]) -> str:
    return f"{place[0]}:{place[1]}"
