"""One Intercom workspace: its people and what they have, its settings, its teammate, and who may touch it when.

What a control plane does with one stands in `controlled`; here is what requests work on, and all of its state at once.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

from harness.core.clock import Clock
from harness.sandbox.rules.dated_changes import CHANGES
from harness.sandbox.rules.versions import VERSIONS, Version
from harness.sandbox.store.attribute_store import Attributes
from harness.sandbox.store.belongings import Belongings
from harness.sandbox.store.database import Database
from harness.sandbox.store.ids import Ids
from harness.sandbox.store.person_store import PersonStore
from harness.sandbox.store.search_index import ListedPeople, SearchIndex
from harness.sandbox.workspace.settings import WorkspaceSettings
from harness.sandbox.workspace.teammates import Admin, Teammates

WINDOW = 10
"""Seconds for which a rate limit counts (facts §7)."""
USUAL_LIMIT = 1_666
"""What the headers show where no limit is set: a private app's 10,000 a minute, by the window (facts §7)."""


@dataclass(frozen=True, slots=True)
class Team:
    """The workspace's one team, to which all teammates belong."""

    team_id: str
    name: str


Volatile: TypeAlias = tuple[int, int, tuple[int, int]]
"""What a workspace has in memory alone: its epoch, its count of requests, the window of its rate limit."""

__all__ = ["Admin", "Team", "Volatile", "Workspace"]


class Workspace:
    """One workspace; `lock` is held for the length of each request."""

    def __init__(self, name: str, clock: Clock, *, seed: int, path: Path | None, intercom_version: str | None) -> None:
        self.name = name
        self.clock = clock
        self.lock = threading.RLock()
        self.is_closed = False
        self.ids = Ids(seed, name)
        self._signature = f"seed {seed}, workspace {name}"
        self.database = Database(path, clock.now)
        self.people = PersonStore(self.database)
        self._index = SearchIndex(self.database, self.people)
        self.belongings = Belongings(self.database, self.ids.tag_id)
        self.attributes = Attributes(self.database, self.ids.attribute_id)
        self.app_id = self.ids.app_id()
        self.teammates = Teammates(self.database, self.ids, self.app_id)
        self.admin = self.teammates.all[0]
        self.team = Team(self.ids.team_id(), "Everybody")
        self._phase = self.ids.window_phase()
        self._first = WorkspaceSettings(intercom_version=intercom_version, client_secret=self.ids.secret())
        self._settings = self._read_settings()
        self._begin()

    def _begin(self) -> None:
        self._epoch = self.database.next("epoch")
        self._requests = 0
        self._window = (0, 0)
        self.created_at = self._read_created_at()

    def _read_created_at(self) -> int:
        row = self.database.one("SELECT value FROM settings WHERE name = 'created_at'")
        if row:
            return int(row[0])
        now = self.now()
        self.database.execute("INSERT INTO settings VALUES ('created_at', ?)", (str(now),))
        return now

    def now(self) -> int:
        """The time in whole seconds, as Intercom counts it."""
        return int(self.clock.now())

    # Settings

    def _read_settings(self) -> WorkspaceSettings:
        row = self.database.one("SELECT value FROM settings WHERE name = 'settings'")
        return msgspec.json.decode(row[0], type=WorkspaceSettings) if row else self._first

    @property
    def preferences(self) -> WorkspaceSettings:
        """The settings as they are."""
        return self._settings

    @property
    def default_version(self) -> Version | None:
        """The version that a request without a header gets here."""
        return VERSIONS.get(self._settings.intercom_version or "")

    def changed(self, name: str) -> bool:
        """Tell whether a change by date (`rules.dated_changes`) is in force here, by the setting `as_of`."""
        as_of = self._settings.as_of
        return as_of is None or as_of >= CHANGES[name].date

    def settings(self) -> dict[str, object]:
        """The settings as the control plane shows them."""
        return {"app_id": self.app_id, **asdict(self._settings)}

    def keep_settings(self, settings: WorkspaceSettings) -> None:
        """Have these settings from now on."""
        self._settings = settings
        content = msgspec.json.encode(settings).decode()
        self.database.execute("INSERT OR REPLACE INTO settings VALUES ('settings', ?)", (content,))
        self._index.follow(on=settings.index_lags, now=self.now(), delay=settings.index_delay)

    @property
    def listed(self) -> ListedPeople:
        """The people that lists and searches show: as they are, or as they were before the index delay."""
        delay = self._settings.index_delay
        if not delay:
            return self.people
        now = self.clock.now()
        return self._index.as_of(now - delay, now)

    # Requests

    def next_request_id(self) -> str:
        """The id of one more request."""
        self._requests += 1
        return self.ids.request_id(self._epoch, self._requests)

    def spend(self, now: int) -> tuple[int, int, int]:
        """Count a request against the rate limit: the limit, what remains (negative: too many), when it starts anew.

        The first request of a window shows all of it as remaining, as recorded (facts 42).
        """
        start = now - (now - self._phase) % WINDOW
        count = self._window[1] + 1 if self._window[0] == start else 1
        self._window = (start, count)
        limit = self._settings.rate_limit
        remaining = max(USUAL_LIMIT - count + 1, 1) if limit is None else limit - count + (count <= limit)
        return limit or USUAL_LIMIT, remaining, start + WINDOW

    # All of it at once

    def reset(self) -> None:
        """Put this workspace back to where it began; its settings too."""
        with self.lock:
            self._index.follow(on=False, now=self.now(), delay=0)
            self.database.clear()
            self._settings = self._first
            self._begin()

    def checkpoint(self) -> bytes:
        """All of this workspace's state, as bytes."""
        with self.lock:
            rows = (("made by", self._signature), ("requests", f"{self._epoch} {self._requests}"))
            self.database.executemany("INSERT INTO settings VALUES (?, ?)", rows)
            try:
                return self.database.dump()
            finally:
                self._forget_notes()

    def rewind(self, content: bytes) -> None:
        """Put back what `checkpoint` gave; anything else is refused, and nothing is changed."""
        with self.lock:
            self.database.restore(content, self._signature)
            self._settings = self._read_settings()
            self.created_at = self._read_created_at()
            self._window = (0, 0)
            (counted,) = self.database.one("SELECT value FROM settings WHERE name = 'requests'")
            self._epoch, self._requests = map(int, counted.split())
            self._forget_notes()

    def _forget_notes(self) -> None:
        self.database.execute("DELETE FROM settings WHERE name IN ('made by', 'requests')")

    @property
    def volatile(self) -> Volatile:
        """What is in memory alone."""
        return self._epoch, self._requests, self._window

    @volatile.setter
    def volatile(self, kept: Volatile) -> None:
        self._epoch, self._requests, self._window = kept

    def close(self) -> None:
        """Let go of the database."""
        with self.lock:
            self.is_closed = True
            self.database.close()
