"""Calls in asynchronous scenarios: what `pipeline.lead_to_user(…)` is before it is awaited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Generic, TypeVar

from harness.core.errors import Problem

T = TypeVar("T")


class NotAwaited(Problem):
    """A call in an asynchronous scenario that was not awaited, so the pipeline was never asked."""

    def __init__(self, call: str) -> None:
        super().__init__(
            f"{call} was not awaited: the pipeline was not asked",
            why="in an async def scenario a call is an awaitable",
            remedy=f"write: await {call}",
        )


class PendingCall(Generic[T]):
    """A call that begins when it is awaited, and that says so if it is used before.

    call: how it is written in a scenario. begin: makes what is awaited.
    """

    def __init__(self, call: str, begin: Callable[[], Awaitable[T]]) -> None:
        self._call = call
        self._begin = begin
        self.was_awaited = False

    def __await__(self) -> Generator[object, None, T]:
        self.was_awaited = True
        return self._begin().__await__()

    def __getattr__(self, name: str) -> object:
        raise self.complaint()

    def complaint(self) -> NotAwaited:
        """Return the error of a call that was not awaited."""
        return NotAwaited(self._call)
