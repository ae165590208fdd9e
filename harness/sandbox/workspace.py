"""One Intercom workspace: its people and what they have, its settings, its teammate, and who may touch it when.

It is also what the control plane works on: it makes visitors, which no API of Intercom's can, and puts everything
back.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from harness.clock import Clock
from harness.problems import Problem
from harness.sandbox import dialect_v1
from harness.sandbox.attributes import Attributes
from harness.sandbox.belongings import Belongings
from harness.sandbox.database import Database
from harness.sandbox.history import changes_since
from harness.sandbox.ids import Ids
from harness.sandbox.notifications import TOPICS, Notification, Outbox, ping
from harness.sandbox.people import Person
from harness.sandbox.population import population
from harness.sandbox.registry import Registry
from harness.sandbox.versions import NEWEST_VERSION, VERSIONS, Version

WINDOW = 10
"""Seconds for which a rate limit counts (facts §7)."""
USUAL_LIMIT = 1_666
"""What the headers show where no limit is set: a private app's 10,000 a minute, by the window (facts §7)."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
REGIONS = ("US", "EU", "AU")

LOCATION_KEYS = {
    "city": "city_name",
    "city_name": "city_name",
    "continent_code": "continent_code",
    "country": "country_name",
    "country_name": "country_name",
    "country_code": "country_code",
    "latitude": "latitude",
    "longitude": "longitude",
    "postal_code": "postal_code",
    "region": "region_name",
    "region_name": "region_name",
    "timezone": "timezone",
}
VISITOR_TRAITS = frozenset(Person.__struct_fields__) - {
    "person_id",
    "kind",
    "created_at",
    "updated_at",
    "external_id",
} | {"user_id"}
"""What a visitor can be made with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set of a workspace. `rate_limit` is a budget per ten seconds, `index_delay` is in seconds.

    Notifications go to `webhook_url`, an address on this machine; `webhook_topics` of `None` means all.
    """

    intercom_version: str | None = None
    rate_limit: int | None = None
    index_delay: float = 0
    identity_verification: bool = False
    region: str = "US"
    client_secret: str = ""
    webhook_url: str | None = None
    webhook_topics: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Admin:
    """The workspace's one teammate."""

    admin_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A kind of message that people opt in to or out of."""

    subscription_id: int
    name: str
    consent_type: str
    content_types: tuple[str, ...]


SUBSCRIPTIONS = (
    Subscription(1, "Newsletters", "opt_out", ("email",)),
    Subscription(2, "Product updates", "opt_in", ("email",)),
)
"""What every workspace starts with: one that people get unless they opt out, one that they get if they opt in."""


class Workspace:
    """One workspace; `lock` is held for the length of each request."""

    def __init__(self, name: str, clock: Clock, *, seed: int, path: Path | None, intercom_version: str | None) -> None:
        self.name = name
        self.clock = clock
        self.lock = threading.RLock()
        self.ids = Ids(seed, name)
        self._signature = f"seed {seed}, workspace {name}"
        self.database = Database(path)
        self.people = Registry(self.database)
        self.belongings = Belongings(self.database)
        self.attributes = Attributes(self.database)
        self.app_id = self.ids.app_id()
        self.admin = Admin(self.ids.admin_id(), "Ada Sandbox", f"ada@{self.app_id}.example")
        self._first = Settings(intercom_version=intercom_version, client_secret=self.ids.secret())
        self._settings = self._read_settings()
        self.outbox = Outbox(self)
        self._listen()
        self._begin()

    def _listen(self) -> None:
        self.people.listener = self.outbox.hear if self._settings.webhook_url else None

    def publish(self) -> None:
        """A request is done: whoever subscribed may be told what it changed."""
        if self.people.listener is not None:
            self.outbox.publish(self._settings.webhook_topics)

    def take_notifications(self) -> list[Notification]:
        """What is to be sent now, each once."""
        with self.lock:
            self.publish()
            return self.outbox.take()

    def ping(self) -> Notification:
        """What is sent to see whether anybody listens."""
        return ping(self)

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

    def _read_settings(self) -> Settings:
        row = self.database.one("SELECT value FROM settings WHERE name = 'settings'")
        return msgspec.json.decode(row[0], type=Settings) if row else self._first

    @property
    def preferences(self) -> Settings:
        """The settings as they are."""
        return self._settings

    @property
    def default_version(self) -> Version | None:
        """The version that a request without a header gets here."""
        return VERSIONS.get(self._settings.intercom_version or "")

    def settings(self) -> dict[str, Any]:
        """The settings as the control plane shows them."""
        return {"app_id": self.app_id, **asdict(self._settings)}

    def update_settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change some settings; an unknown name or an impossible value is refused and changes nothing."""
        with self.lock:
            changes = {name: value for name, value in changes.items() if (name, value) != ("app_id", self.app_id)}
            for name, value in changes.items():
                _check_setting(name, value)
            self._settings = Settings(**(asdict(self._settings) | changes))
            content = msgspec.json.encode(self._settings).decode()
            self.database.execute("INSERT OR REPLACE INTO settings VALUES ('settings', ?)", (content,))
            self._listen()
            return self.settings()

    # Requests

    def next_request_id(self) -> str:
        """The id of one more request."""
        self._requests += 1
        return self.ids.request_id(self._epoch, self._requests)

    def spend(self, now: int) -> tuple[int, int, int]:
        """Count a request against the rate limit: the limit, what remains (negative: too many), when it starts anew."""
        start = now - now % WINDOW
        count = self._window[1] + 1 if self._window[0] == start else 1
        self._window = (start, count)
        limit = self._settings.rate_limit
        remaining = max(USUAL_LIMIT - count, 1) if limit is None else limit - count
        return limit or USUAL_LIMIT, remaining, start + WINDOW

    # The control plane

    def create_visitor(self, traits: Mapping[str, Any]) -> dict[str, Any]:
        """A visitor as a ping of the Messenger leaves it, as `GET /visitors` shows it in the newest version.

        `{"pseudonym": None}` gives a bare one: no pseudonym, no session, never seen.
        """
        unknown = set(traits) - VISITOR_TRAITS
        if unknown:
            raise _bad(f"a visitor has no {', '.join(sorted(unknown))}", f"a visitor has {_names(VISITOR_TRAITS)}")
        with self.lock, self.database.transaction():
            visitor = self.new_visitor(traits)
            self.attributes.learn("contact", visitor.custom_attributes, self.now(), self.admin.admin_id)
            self.people.add(visitor)
            return dialect_v1.person(self, visitor, VERSIONS[NEWEST_VERSION])

    def new_visitor(self, given: Mapping[str, Any]) -> Person:
        """A visitor with these traits, not let in yet."""
        traits = dict(given)
        now, number = self.now(), self.database.next("people")
        location = _location(traits.pop("location", None) or {})
        bare = "pseudonym" in traits and traits["pseudonym"] is None
        pseudonym = traits.pop("pseudonym", None) or self.ids.pseudonym(number, location.get("city_name"))
        custom_attributes = dict(traits.pop("custom_attributes", None) or {})
        defaults = {} if bare else {"last_seen_at": now, "session_count": 1, "pseudonym": pseudonym}
        try:
            return msgspec.convert(
                {
                    "person_id": self.ids.object_id(now, number),
                    "kind": "visitor",
                    "created_at": now,
                    "updated_at": now,
                    "external_id": traits.pop("user_id", None) or self.ids.uuid(number),
                    "location": location,
                    "custom_attributes": custom_attributes,
                    **defaults,
                    **traits,
                },
                Person,
            )
        except msgspec.ValidationError as error:
            raise _bad("this is no visitor", str(error)) from None

    def merge_users(self, from_id: str, into_id: str) -> None:
        """Merge one user into another: a teammate can, no version of the API does (facts §4: Preview will)."""
        from harness.sandbox.call import Call
        from harness.sandbox.operations.conversions import merge

        with self.lock, self.database.transaction():
            source, into = self.people.get(from_id), self.people.get(into_id)
            if source is None or into is None or {source.kind, into.kind} != {"user"} or source is into:
                raise _bad("two users are needed for this merge", f"from {from_id}, into {into_id}")
            merge(Call(self, VERSIONS[NEWEST_VERSION], (), {}, {}, self.now(), "", ""), source, into)

    def reset(self) -> None:
        """Put this workspace back to where it began; its settings too."""
        with self.lock:
            self.database.clear()
            self._settings = self._first
            self._listen()
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
            self._listen()
            self._window = (0, 0)
            (counted,) = self.database.one("SELECT value FROM settings WHERE name = 'requests'")
            self._epoch, self._requests = map(int, counted.split())
            self._forget_notes()

    def _forget_notes(self) -> None:
        self.database.execute("DELETE FROM settings WHERE name IN ('made by', 'requests')")

    def population(self, seen: int = -1) -> dict[str, Any]:
        """Everybody, for the dashboard; nobody where nothing was changed since `seen`."""
        with self.lock:
            changes = self.database.changes
            return {"type": "population", "changes": changes} if seen == changes else population(self)

    def changes_since(self, content: bytes) -> list[dict[str, Any]]:
        """Who came, went or changed since a checkpoint."""
        with self.lock:
            return changes_since(self.database, content)

    def close(self) -> None:
        """Let go of the database."""
        with self.lock:
            self.database.close()


def _location(traits: Mapping[str, Any]) -> dict[str, Any]:
    known = {LOCATION_KEYS[key]: value for key, value in traits.items() if key in LOCATION_KEYS}
    unknown = set(traits) - set(LOCATION_KEYS) - {"type"}
    if unknown:
        raise _bad(f"a location has no {', '.join(sorted(unknown))}", f"a location has {_names(set(LOCATION_KEYS))}")
    return known


def _check_setting(name: str, value: Any) -> None:
    checks = {
        "intercom_version": (
            value is None or (isinstance(value, str) and value in VERSIONS),
            f"one of {', '.join(VERSIONS)}, or null",
        ),
        "rate_limit": (value is None or (type(value) is int and value > 0), "a whole number above 0, or null"),
        "index_delay": (type(value) in (int, float) and value >= 0, "a number of seconds"),
        "identity_verification": (isinstance(value, bool), "true or false"),
        "region": (value in REGIONS, f"one of {', '.join(REGIONS)}"),
        "client_secret": (isinstance(value, str) and bool(value), "some text"),
        "webhook_url": (
            value is None or _is_here(value),
            "a URL on this machine, such as http://127.0.0.1:9000/, or null",
        ),
        "webhook_topics": (value is None or _are_topics(value), "a list of topics, or null for all"),
    }
    if name not in checks:
        raise _bad(
            f"a workspace has no setting {name!r}", f"the settings are {_names(set(checks))}; app_id is read only"
        )
    fits, wanted = checks[name]
    if not fits:
        raise _bad(f"the setting {name} cannot be {value!r}", f"it must be {wanted}")


def _is_here(url: object) -> bool:
    parts = urlsplit(url) if isinstance(url, str) else None
    return parts is not None and parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _are_topics(value: object) -> bool:
    known = {topic for topics in TOPICS.values() for topic in (topics.old, topics.new)}
    return isinstance(value, list) and all(isinstance(one, str) and one in known for one in value)


def _bad(what: str, evidence: str) -> Problem:
    return Problem(f"The sandbox refuses: {what}.", evidence=evidence, remedy="correct the request and send it again")


def _names(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names))
