"""Event loops: which one runs on this thread, and a loop of the harness's own for asynchronous calls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal, TypeAlias

from harness.pipeline.real_sockets import real_sockets
from harness.pipeline.watchdog import TimeLimitReached

AsyncBackend: TypeAlias = Literal["asyncio", "trio"]

ASYNC_BACKENDS: Final[tuple[AsyncBackend, ...]] = ("asyncio", "trio")


def running_loop() -> AsyncBackend | None:
    """Return what runs on this thread; `None` for code that is not asynchronous."""
    if asyncio._get_running_loop() is not None:  # noqa: SLF001  # the public function raises where there is none
        return "asyncio"
    trio = sys.modules.get("trio")
    if trio is not None and "trio.lowlevel" in sys.modules:
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            return None
        return "trio"
    return None


class OwnLoop:
    """Runs awaitables to their end where no loop runs. It is one loop for all calls, as a program has one.

    So a client that code keeps between calls stays usable. What a call leaves running is cancelled, as `asyncio.run`
    does it. The thread's own loop, which `asyncio.get_event_loop` returns, is left as it is.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, awaitable: Awaitable[object], seconds: float, backend: AsyncBackend) -> object:
        """Return what the awaitable comes to. Raises: `TimeLimitReached` if that takes longer."""
        if backend == "trio":
            import trio

            return trio.run(within, awaitable, seconds, "trio")
        if self._loop is None or self._loop.is_closed():
            with real_sockets():
                self._loop = asyncio.new_event_loop()
        try:
            return self._loop.run_until_complete(within(awaitable, seconds, "asyncio"))
        finally:
            if not self._loop.is_closed():
                _cancel_what_is_left(self._loop)

    def close(self) -> None:
        """Close the loop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


async def within(awaitable: Awaitable[object], seconds: float, backend: AsyncBackend) -> object:
    """Return what the awaitable comes to. Raises: `TimeLimitReached` if that takes longer than so many seconds."""
    if backend == "trio":
        import trio

        with trio.move_on_after(seconds):
            return await awaitable
        raise TimeLimitReached
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await awaitable
    except TimeoutError:
        if limit.expired():
            raise TimeLimitReached from None
        raise


async def on_a_thread(work: Callable[[], object], backend: AsyncBackend) -> Any:
    """Return what blocking work comes to, while the loop goes on."""
    if backend == "trio":
        import trio

        return await trio.to_thread.run_sync(work)
    return await asyncio.to_thread(work)


async def all_of(awaitables: Sequence[Awaitable[object]], backend: AsyncBackend) -> list[Any]:
    """Return what several awaitables come to, which run at the same time; in their order."""
    if backend == "asyncio":
        return list(await asyncio.gather(*awaitables))
    import trio

    found: list[object] = [None] * len(awaitables)

    async def keep(place: int, awaitable: Awaitable[object]) -> None:
        found[place] = await awaitable

    async with trio.open_nursery() as nursery:
        for place, awaitable in enumerate(awaitables):
            nursery.start_soon(keep, place, awaitable)
    return found


def _cancel_what_is_left(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
