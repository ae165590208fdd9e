"""The workspace's teammates: two of them, whether each is away, and the log of what they changed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from harness.sandbox.store.database import Database
from harness.sandbox.store.ids import Ids

LOGGED = 1_000
"""How many activities are kept, the latest."""


@dataclass(frozen=True, slots=True)
class Admin:
    """A teammate."""

    admin_id: str
    name: str
    email: str


class Presence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a teammate is away, whether replies are then given to others, and the reason that was named."""

    away: bool = False
    reassign: bool = False
    reason_id: int | None = None


class Activity(msgspec.Struct, frozen=True):
    """Something that a teammate changed in the workspace."""

    activity_id: str
    admin_id: str
    kind: str
    description: str
    created_at: int
    metadata: dict[str, object]


_presences = msgspec.json.Decoder(dict[str, Presence]).decode
_activities = msgspec.json.Decoder(list[Activity]).decode


class Teammates:
    """The teammates of one workspace; the first is the one behind the token."""

    def __init__(self, database: Database, ids: Ids, app_id: str) -> None:
        self._db = database
        self._ids = ids
        first = ids.admin_id()
        # The number after the first is the bot's, as recorded.
        second = str(int(first) + 2)
        self.all = (
            Admin(first, "Ada Sandbox", f"ada@{app_id}.example"),
            Admin(second, "Ben Sandbox", f"ben@{app_id}.example"),
        )

    def named(self, admin_id: str | None) -> Admin | None:
        """Return the teammate with this id."""
        return next((one for one in self.all if one.admin_id == admin_id), None)

    def presence(self, admin_id: str) -> Presence:
        """Tell whether a teammate is away."""
        return self._read_presences().get(admin_id, Presence())

    def set_presence(self, admin: Admin, presence: Presence, now: int) -> None:
        """Note that a teammate goes away or comes back."""
        known = self._read_presences() | {admin.admin_id: presence}
        self._write("presences", msgspec.json.encode(known))
        changed = "away" if presence.away else "back"
        told: dict[str, object] = {"away_mode": presence.away, "reassign_conversations": presence.reassign}
        self.log(admin, "admin_away_mode_change", f"{admin.name} changed status to {changed}.", now, told)

    def log(self, admin: Admin, kind: str, description: str, now: int, metadata: dict[str, object]) -> None:
        """Log something that a teammate changed."""
        activity_id = self._ids.uuid_of("activity", self._db.next("activities"))
        made = Activity(activity_id, admin.admin_id, kind, description, now, metadata)
        self._write("activities", msgspec.json.encode([*self.activities(), made][-LOGGED:]))

    def activities(self) -> list[Activity]:
        """Return what was logged, the oldest first."""
        row = self._read("activities")
        return _activities(row) if row else []

    def _read_presences(self) -> dict[str, Presence]:
        row = self._read("presences")
        return _presences(row) if row else {}

    def _read(self, name: str) -> str | None:
        row = self._db.one("SELECT value FROM settings WHERE name = ?", (name,))
        return str(row[0]) if row else None

    def _write(self, name: str, content: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, content.decode()))
