"""Streams and log handlers that code took hold of before its call: what they print during a call is captured as well.

A module that says `out = sys.stderr`, or makes a `logging.StreamHandler()` while it is imported, holds the stream of
that moment for good.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, TextIO

NAMES: Final = ("stdout", "stderr")


class LedStream:
    """Stands for `sys.stdout` or `sys.stderr` while a module is imported, and leads to whatever is there later."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._before: TextIO = getattr(sys, name)

    def __getattr__(self, attribute: str) -> object:
        """Return what the stream of this moment has by this name."""
        now = getattr(sys, self._name)
        return getattr(self._before if now is self else now, attribute)


@contextmanager
def led_streams() -> Iterator[None]:
    """Import a pipeline in this block: the streams that it takes hold of lead to the capture of each later call."""
    before = [getattr(sys, name) for name in NAMES]
    for name in NAMES:
        setattr(sys, name, LedStream(name))
    try:
        yield
    finally:
        for name, stream in zip(NAMES, before, strict=True):
            setattr(sys, name, stream)


@contextmanager
def led_handlers(earlier: Collection[type], streams: tuple[TextIO, TextIO]) -> Iterator[None]:
    """Have log handlers write to these streams in this block, if they write to the process's, or to an earlier capture.

    earlier: the classes of streams that stood for the process's in an earlier call.
    """
    errors = {id(sys.stderr), id(sys.__stderr__)}
    outs = {id(sys.stdout), id(sys.__stdout__)}
    with ExitStack() as restored:
        for handler in _stream_handlers():
            was = handler.stream
            stray = isinstance(was, tuple(earlier)) and was not in streams
            if id(was) in errors | outs or stray:
                handler.setStream(streams[0] if id(was) in outs - errors else streams[1])
                restored.callback(handler.setStream, was)
        yield


def _stream_handlers() -> Iterator[logging.StreamHandler[TextIO]]:
    named = logging.Logger.manager.loggerDict.values()
    loggers = [logging.getLogger(), *(one for one in named if isinstance(one, logging.Logger))]
    for handler in {id(handler): handler for logger in loggers for handler in logger.handlers}.values():
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            yield handler
