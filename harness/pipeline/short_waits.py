"""Waits of code under test in a replay: they pass in a moment, in the order in which they would have ended.

What a pipeline waits for (`Retry-After`, the back-off of a library) was waited for when the cassette was recorded. So
`time.sleep` and the `sleep` of asyncio, anyio and trio are shortened for code under test, and for nothing else.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, Final

UNCHANGED: Final = 0.01
"""Seconds up to which a wait is left as it is: short ones let other threads come to their turn."""

ASYNCHRONOUS: Final = ("asyncio", "asyncio.tasks", "anyio", "anyio._core._eventloop", "trio", "trio._timeouts")
"""Modules with an asynchronous `sleep`."""


def shortened(seconds: float) -> float:
    """Return how long a wait really takes: a hundredth of a second more for each doubling, so that order is kept."""
    if not seconds > UNCHANGED:
        return seconds
    return UNCHANGED * (1 + math.log2(min(seconds, 1e9) / UNCHANGED))


@contextmanager
def short_waits(applies: Callable[[], bool]) -> Iterator[Callable[[], None]]:
    """Shorten waits in this block. The value refreshes it: it covers modules that were imported meanwhile.

    applies: tells whether the current thread runs code under test.
    """
    with ExitStack() as stack:
        real = time.sleep

        def sleep(seconds: float, /) -> None:
            real(shortened(seconds) if applies() else seconds)

        _replace(stack, time, sleep)
        covered: set[str] = set()

        def refresh() -> None:
            for name in ASYNCHRONOUS:
                if name in sys.modules and name not in covered:
                    covered.add(name)
                    _replace(stack, sys.modules[name], _asynchronous(sys.modules[name].sleep, applies))

        refresh()
        yield refresh


def _asynchronous(real: Callable[..., Any], applies: Callable[[], bool]) -> Callable[..., object]:
    if real is asyncio.sleep or real.__module__.startswith("asyncio"):

        async def sleep(delay: float, result: object = None) -> object:
            return await real(shortened(delay) if applies() else delay, result)

        return sleep

    async def sleep_for(seconds: float) -> None:
        await real(shortened(seconds) if applies() else seconds)

    return sleep_for


def _replace(stack: ExitStack, module: ModuleType, replacement: Callable[..., object]) -> None:
    stack.callback(setattr, module, "sleep", module.sleep)
    module.sleep = replacement  # type: ignore[attr-defined]
