"""A second process that writes the result of a run whose own process no longer can.

A call that loops in C holds the interpreter's lock, so no code of this process runs any more. The survivor is forked
before the run begins and is told each finished scenario. If a call is neither over nor interrupted when its time is up,
it writes the result with that scenario refuted. The process that hangs is ended by faulthandler's own thread.
"""

from __future__ import annotations

import mmap
import os
import pickle
import select
import signal
import struct
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.pipeline import Answer
from harness.pipeline.answer import Operation
from harness.report.result import AnswerRow, RunRow, ScenarioRow
from harness.runner.case import Case
from harness.runner.run import Run

LOOKS: Final = 0.5
"""Seconds between two looks at whether a call is over its time."""

_CALL = struct.Struct("d200s200s200s32s")
"""The call that runs: when it is given up (0 for none), the scenario's module, name and title, and the operation."""

_LENGTH = struct.Struct("I")


@dataclass(slots=True)
class _Known:
    """What the survivor was told."""

    about: tuple[str, str, tuple[str, ...]] = ("", "", ())
    rows: list[ScenarioRow] = field(default_factory=list)
    total: int = 0


class Survivor:
    """The end of the survivor that the run holds. `write` is called in the survivor, with the result."""

    def __init__(self, write: Callable[[RunRow], object]) -> None:
        self._began = time.monotonic()
        self._call = mmap.mmap(-1, _CALL.size)
        self._read, self._sent = os.pipe()
        with warnings.catch_warnings():
            # Where a run is one of several in its process, others have threads; the survivor needs none of their locks.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = os.fork()
        if not self._process:
            try:
                self._survive(write)
            finally:
                os._exit(0)
        os.close(self._read)

    def watch(self, run: Run, versions: Sequence[str]) -> None:
        """Be told of the calls of a run."""
        self._send(("about", (run.pipeline.name, run.options.against, tuple(versions))))
        run.pipeline.watch.on_call, run.pipeline.watch.on_stuck = self._note, self._end

    def total(self, count: int) -> None:
        """Tell how many scenarios there are."""
        self._send(("total", count))

    def row(self, row: ScenarioRow) -> None:
        """Tell what a scenario came to."""
        self._send(("row", row))

    def _note(self, case: Case, operation: Operation, given_up: float) -> None:
        words = (word.encode() for word in (case.module, case.name, case.title, operation))
        self._call[:] = _CALL.pack(given_up, *words)

    def _end(self, _case: Case, _answer: Answer, _standard_error: int) -> None:
        os.waitpid(self._process, 0)
        os._exit(1)

    def close(self) -> None:
        """Let the survivor end: this process writes its result itself."""
        os.close(self._sent)
        os.waitpid(self._process, 0)

    def _send(self, message: object) -> None:
        data = pickle.dumps(message)
        os.write(self._sent, _LENGTH.pack(len(data)))
        while data:
            data = data[os.write(self._sent, data) :]

    # --- in the survivor --------------------------------------------------------------------------

    def _survive(self, write: Callable[[RunRow], object]) -> None:
        os.close(self._sent)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        known = _Known()
        while True:
            ready, _, _ = select.select([self._read], [], [], LOOKS)
            if ready and not self._learn(known):
                return
            given_up, *words = _CALL.unpack(self._call[:])
            if given_up and time.monotonic() >= given_up:
                write(self._result(known, [word.rstrip(b"\0").decode(errors="replace") for word in words]))
                return

    def _learn(self, known: _Known) -> bool:
        head = os.read(self._read, _LENGTH.size)
        if not head:
            return False
        (wanted,) = _LENGTH.unpack(head)
        data = b""
        while len(data) < wanted:
            data += os.read(self._read, wanted - len(data))
        kind, value = pickle.loads(data)  # noqa: S301  # it comes from the process that forked this one
        if kind == "row":
            known.rows.append(value)
        elif kind == "about":
            known.about = value
        else:
            known.total = value
        return True

    def _result(self, known: _Known, words: Sequence[str]) -> RunRow:
        module, name, title, operation = words
        said = (
            f"pipeline.{operation}() never came back in {module}::{name}\n"
            "  likely: it is inside a loop or a library that is not written in Python; the run had to end here\n"
            "  remedy: look at what the call waits for; a command pipeline (a TOML file) can be ended from outside"
        )
        answer = AnswerRow(operation, "it could not be interrupted", "", "", None)
        row = ScenarioRow(module, name, title, "refuted", time.monotonic() - self._began, said, answers=(answer,))
        left = known.total - len(known.rows) - 1
        notes = (f"the run ended here: {left} scenarios after {name} did not run",) if left > 0 else ()
        return RunRow(*known.about, time.monotonic() - self._began, (*known.rows, row), notes=notes)
