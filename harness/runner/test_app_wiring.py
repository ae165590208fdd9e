"""The TEST app, put together: settings, session, guard and visitors, for runs, for commands and for clearing away.

Beside `app`, which wires what needs no settings. Whoever takes a TEST app from here gets it behind its guard: there is
no way to ask it that does not pass there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import Problem
from harness.core.http import Outcome, Request

if TYPE_CHECKING:
    from harness.config import Settings
    from harness.people import VisitorOrigin
    from harness.test_app.test_app_backend import ProxyRoute
    from harness.test_app.test_app_session import AppSession


@dataclass(frozen=True, slots=True)
class GuardedApp:
    """The TEST app, open for a run: the session, where its visitors come from, and whether something plays Intercom."""

    session: AppSession
    visitors: VisitorOrigin
    rehearsal: bool = False
    rest: Callable[[], None] = lambda: None
    """Ends the processes that visitors needed, until the next one comes."""

    def handle(self, request: Request) -> Outcome:
        """Ask the TEST app, past its guard."""
        return self.session.guard.middleware(request, self.session.handle)


class LazyTestApp:
    """The TEST app of a run, opened when it is first needed and held until `stack` is closed.

    `opens` stands in for the one of the settings. `tell`, if set before that, hears what is waited for.
    """

    def __init__(
        self, stack: ExitStack, stand_in: str, opens: Callable[[], AbstractContextManager[GuardedApp]] | None = None
    ) -> None:
        self._stack, self._stand_in, self._opens = stack, stand_in, opens
        self._opened: GuardedApp | None = None
        self.tell: Callable[[str], None] | None = None

    def __call__(self) -> GuardedApp:
        """The TEST app."""
        if self._opened is None:
            opens = self._opens or (lambda: guarded_app(self._stand_in, tell=self.tell))
            self._opened = self._stack.enter_context(opens())
        return self._opened

    @property
    def leftovers(self) -> Sequence[str]:
        """What is still there and was to be cleared away, as the ledger has it."""
        return () if self._opened is None else self._opened.session.leftovers()

    @property
    def stopped(self) -> str:
        """Why nothing can be asked any more; empty while it can."""
        stop = self._opened.session.guard.stop if self._opened is not None else None
        return stop.what if stop is not None else ""


@contextmanager
def guarded_app(
    stand_in: str,
    *,
    purpose: str = "harness run",
    folder: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[GuardedApp]:
    """The TEST app that the settings name, guarded, for the length of a block.

    tell: hears what is waited for or cleared away; without it a terminal's stderr does.
    """
    from harness import config
    from harness.people.carried import ATTRIBUTES
    from harness.test_app.test_app_session import AppSession, SessionEnvironment
    from harness.test_app.visitors.browser import BrowserOrigin
    from harness.test_app.visitors.by_hand import HandOrigin
    from harness.test_app.visitors.origin import LedgeredOrigin
    from harness.test_app.visitors.page import MessengerPlace

    found = config.load(folder)
    refuse_in_ci(found)
    around = SessionEnvironment(found.state_folder, rehearsal_line(found), tell=tell or _tell_on_stderr)
    session = AppSession(found.test_app(), around, stand_in=stand_in, attributes=frozenset(ATTRIBUTES), purpose=purpose)
    by_hand = HandOrigin(session.folder, tell=tell or _tell_on_stderr)
    with session, BrowserOrigin(MessengerPlace.of(session.app), around.line) as browser:
        visitors = LedgeredOrigin((by_hand, browser), session)
        yield GuardedApp(session, visitors, bool(around.line.proxy), browser.rest)


def refuse_in_ci(found: Settings) -> None:
    """Where CI is set no TEST app is contacted, except in a rehearsal."""
    if found.ci and not found.rehearsal[0]:
        raise Problem(
            "--against test-app: where CI is set no TEST app is contacted",
            why="many changes are checked there at once, against one workspace and its one rate limit",
            remedy="record on your own machine, and replay in CI: harness run --against cassette",
        )


def rehearsal_line(found: Settings) -> ProxyRoute:
    """How Intercom's host is reached: plainly, or in a rehearsal through a proxy on loopback."""
    from harness.test_app.test_app_backend import ProxyRoute

    return ProxyRoute(*found.rehearsal)


def _tell_on_stderr(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


@contextmanager
def sweeping_session(settled_after: float) -> Iterator[AppSession]:
    """The TEST app that the settings name, taken for clearing away what earlier runs left."""
    from harness import config
    from harness.test_app.test_app_session import AppSession, SessionEnvironment

    found = config.load()
    around = SessionEnvironment(
        found.state_folder, rehearsal_line(found), tell=_tell_on_stderr, settled_after=settled_after
    )
    session = AppSession(found.test_app(), around, purpose="harness sweep").open(sweeping=True)
    try:
        yield session
    finally:
        session.close()
