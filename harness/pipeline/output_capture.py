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

from harness.pipeline.descriptor_capture import DescriptorCapture, MemoryFiles
from harness.pipeline.led_streams import led_handlers

DEBUGGERS: Final = (("sys", "breakpointhook"), ("pdb", "set_trace"))
"""Where code enters a debugger: module and name."""


class _KeptBytes(io.BytesIO):
    """Bytes that stay readable when code closes the stream that it was given."""

    def close(self) -> None:
        """Keep everything."""


class CapturedStream(io.TextIOWrapper):
    """A text stream in memory with all that code expects of a real one: `buffer`, `encoding`, `reconfigure`."""

    def __init__(self, descriptor: int) -> None:
        self._kept = _KeptBytes()
        self._descriptor = descriptor
        super().__init__(self._kept, encoding="utf-8", errors="backslashreplace", newline="", write_through=True)

    def fileno(self) -> int:
        """Return the process's own descriptor: what a child process writes there is captured as well."""
        return self._descriptor

    @property
    def text(self) -> str:
        """Everything that was written so far."""
        return self._kept.getvalue().decode(self.encoding or "utf-8", errors="replace")


class Printed:
    """What was printed to stdout and stderr during a call."""

    def __init__(self, files: MemoryFiles) -> None:
        self.streams = CapturedStream(1), CapturedStream(2)
        self.descriptors = DescriptorCapture(files)
        self.replaced: list[str] = []
        """The streams that the code put something else in place of (`sys.stdout`)."""

    @property
    def out(self) -> str:
        """The text of stdout; what was written past Python's stream comes last."""
        return self.streams[0].text + self.descriptors.read()[0]

    @property
    def err(self) -> str:
        """The text of stderr; what was written past Python's stream comes last."""
        return self.streams[1].text + self.descriptors.read()[1]


class OutputCapture:
    """Captures what is printed while at least one call runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._printed: Printed | None = None
        self._before: tuple[TextIO, TextIO] | None = None
        self._handlers = contextlib.ExitStack()
        self._files = MemoryFiles()

    @contextlib.contextmanager
    def capture(self, before_debugging: Callable[[], object] = lambda: None) -> Iterator[Printed]:
        """Capture during a block. before_debugging: called when the code enters a debugger (`breakpoint()`)."""
        with self._lock:
            printed = self._printed if self._calls and self._printed else self._begun()
            self._printed = printed
            self._calls += 1

        def debug() -> None:
            before_debugging()
            self._restore()

        try:
            with _announced(debug):
                yield printed
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._restore()

    def _begun(self) -> Printed:
        printed = Printed(self._files)
        self._handlers.enter_context(led_handlers([CapturedStream], printed.streams))
        self._before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = printed.streams
        return printed

    def release(self) -> None:
        """Give streams and descriptors back before the block ends."""
        self._restore()

    def _restore(self) -> None:
        printed = self._printed
        if self._before is None or printed is None:
            return
        self._handlers.close()
        printed.descriptors.end()
        now, ours = (sys.stdout, sys.stderr), printed.streams
        names = ("sys.stdout", "sys.stderr")
        printed.replaced += [name for name, is_, was in zip(names, now, ours, strict=True) if is_ is not was]
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
