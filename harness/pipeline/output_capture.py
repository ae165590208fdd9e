"""What Python code prints during a call, kept for its answer.

Calls at the same time share one capture, because a process has one stdout. A debugger gets the real streams.
"""

from __future__ import annotations

import contextlib
import io
import operator
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Final, TextIO

from harness.pipeline.led_streams import led_handlers

DEBUGGERS: Final = (("sys", "breakpointhook"), ("pdb", "set_trace"))
"""Where code enters a debugger: module and name."""


class _KeptBytes(io.BytesIO):
    """Bytes that stay readable when code closes the stream that it was given."""

    def close(self) -> None:
        """Keep everything."""


class CapturedStream(io.TextIOWrapper):
    """A text stream in memory with all that code expects of a real one: `buffer`, `encoding`, `reconfigure`."""

    def __init__(self) -> None:
        self._kept = _KeptBytes()
        super().__init__(self._kept, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)

    @property
    def text(self) -> str:
        """Everything that was written so far."""
        return self._kept.getvalue().decode(self.encoding or "utf-8", errors="replace")


class Printed:
    """What was printed to stdout and stderr during a call."""

    def __init__(self) -> None:
        self.streams = CapturedStream(), CapturedStream()
        self.replaced: list[str] = []
        """The streams that the code put something else in place of (`sys.stdout`)."""

    @property
    def out(self) -> str:
        """The text of stdout."""
        return self.streams[0].text

    @property
    def err(self) -> str:
        """The text of stderr."""
        return self.streams[1].text


class OutputCapture:
    """Captures what is printed while at least one call runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._printed = Printed()
        self._before: tuple[TextIO, TextIO] | None = None
        self._handlers = contextlib.ExitStack()

    @contextlib.contextmanager
    def capture(self, before_debugging: Callable[[], object] = lambda: None) -> Iterator[Printed]:
        """Capture during a block. before_debugging: called when the code enters a debugger (`breakpoint()`)."""
        with self._lock:
            if not self._calls:
                self._printed = Printed()
                self._handlers.enter_context(led_handlers([CapturedStream], self._printed.streams))
                self._before = sys.stdout, sys.stderr
                sys.stdout, sys.stderr = self._printed.streams
            self._calls += 1

        def debug() -> None:
            before_debugging()
            self._restore()

        try:
            with _announced(debug):
                yield self._printed
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._restore()

    def _restore(self) -> None:
        if self._before is None:
            return
        self._handlers.close()
        now, ours = (sys.stdout, sys.stderr), self._printed.streams
        names = ("sys.stdout", "sys.stderr")
        self._printed.replaced += [name for name, is_, was in zip(names, now, ours, strict=True) if is_ is not was]
        (sys.stdout, sys.stderr), self._before = self._before, None


@contextlib.contextmanager
def _announced(announce: Callable[[], None]) -> Iterator[None]:
    """Call `announce` before a debugger is entered in this block; the debugger stops in the code that called it."""
    hooked: list[tuple[ModuleType, str, Callable[..., object]]] = []

    def leave() -> None:
        while hooked:
            module, name, before = hooked.pop()
            setattr(module, name, before)

    def entered() -> None:
        leave()
        announce()

    for module_name, name in DEBUGGERS:
        module = sys.modules.get(module_name)
        if module is not None:
            before = getattr(module, name)
            hooked.append((module, name, before))
            # A debugger stops in the frame that called it, so none of ours may stand between: this is all C.
            setattr(module, name, partial(deque, map(operator.call, (entered, before)), 0))
    try:
        yield
    finally:
        leave()
