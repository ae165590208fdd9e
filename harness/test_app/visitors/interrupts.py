"""Keeps a Ctrl-C from being lost: what drives a browser takes it for an error of its own, and goes on.

Within the block the first is remembered and heard at its end; a second one is heard at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """A block that an interrupt does not break; it is raised when the block ends, whatever else went wrong in it."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    heard = threading.Event()

    def hear(_number: int, _frame: FrameType | None) -> None:
        heard.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    except Exception:
        if not heard.is_set():
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if heard.is_set():
        raise KeyboardInterrupt
