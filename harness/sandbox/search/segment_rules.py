"""Segments: groups of leads or of users, each with a rule.

Who is in one is worked out from the person whenever somebody asks and never stored, so that a conversion changes it by
itself. A workspace begins with Intercom's own three; the API makes no others, and the control plane does, whose rules
are queries as `POST /contacts/search` takes them. Segments of companies are left alone: nothing tells which there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeAlias

import msgspec

from harness.core.newest_version import NEWEST_VERSION
from harness.sandbox.rules.impossible import impossible, listed
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.search import language
from harness.sandbox.search.language import Field, Fields, Test
from harness.sandbox.search.searchable_fields import contact_fields
from harness.sandbox.workspace.workspace import Workspace

Role: TypeAlias = Literal["lead", "user"]
ROLES: Final[tuple[Role, ...]] = ("lead", "user")

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Predefined:
    """A segment that every workspace begins with: users for whom something is at least so old, and not yet older."""

    name: str
    since: str
    least: int
    most: int
    source: str

    def holds(self, person: Person, now: int) -> bool:
        """Whether the rule fits somebody now."""
        at: int | None = getattr(person, self.since)
        return at is not None and self.least <= now - at < self.most


_HELP = "Intercom's help on the people list: three segments are there from the start"

PREDEFINED = (
    Predefined("New", "signed_up_at", 0, DAY, f"{_HELP}; signed up in the last day"),
    Predefined("Active", "last_seen_at", 0, 30 * DAY, f"{_HELP}; seen in the last month"),
    Predefined("Slipping Away", "last_seen_at", 30 * DAY, 60 * DAY, f"{_HELP}; seen in the last 60 days, not in 30"),
)
"""In the order of their ids, as the pages of 1.x show them. That they are of users alone is recorded: of four people
of one workspace the lead, seen a moment ago, was in none; the lead who had just become a user was in the first two."""


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A segment of leads or of users; one that was made has its rule as a query."""

    segment_id: str
    name: str
    role: Role
    created_at: int
    query: object = None


_decode = msgspec.json.Decoder(list[Segment]).decode


class Segments:
    """The segments of one workspace. Whoever uses it holds the workspace's lock."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> list[Segment]:
        """Every segment, the first made first."""
        return [segment for segment, _ in self._ruled()]

    def segment(self, segment_id: str) -> Segment | None:
        """The segment with this id."""
        return next((one for one in self.all() if one.segment_id == segment_id), None)

    def of(self, person: Person) -> list[Segment]:
        """The segments that somebody is in now; a visitor is in none, as recorded."""
        return [] if person.kind == "visitor" else self.membership()(person)

    def membership(self) -> Callable[[Person], list[Segment]]:
        """Tells of anybody, as of now, which segments they are in."""
        ruled = self._ruled()
        return lambda person: [one for one, fits in ruled if one.role == person.kind and fits(person)]

    def members(self, segment: Segment) -> list[Person]:
        """Everybody who is in a segment and not archived, the newest first."""
        fits = next(fits for one, fits in self._ruled() if one == segment)
        return [person for person in self._workspace.people.everyone(segment.role) if fits(person)]

    def make(self, traits: Mapping[str, object]) -> Segment:
        """A new segment `{name, role, query}`; what is no name, no role or no query is a `Problem`."""
        name, role, query = traits.get("name"), traits.get("role", "user"), traits.get("query")
        if traits.keys() - {"name", "role", "query"} or not isinstance(name, str) or not name.strip():
            raise impossible("a segment has a name, a role and a query", f"given were {listed(traits) or 'none'}")
        wanted = next((one for one in ROLES if one == role), None)
        if wanted is None:
            raise impossible("a segment is of leads or of users", f"role {role!r}")
        try:
            self._compiled(query)
        except Refused as refused:
            raise impossible("this is no rule of a segment", str(refused)) from None
        workspace = self._workspace
        now = workspace.now()
        segment_id = workspace.ids.object_id(now, workspace.database.next("people"))
        segment = Segment(segment_id=segment_id, name=name, role=wanted, created_at=now, query=query)
        content = msgspec.json.encode([*self._made(), segment]).decode()
        workspace.database.execute("INSERT OR REPLACE INTO settings VALUES ('segments', ?)", (content,))
        return segment

    def _ruled(self) -> list[tuple[Segment, Test[Person]]]:
        at, now, object_id = self._workspace.created_at, self._workspace.now(), self._workspace.ids.object_id
        ruled: list[tuple[Segment, Test[Person]]] = []
        for number, rule in enumerate(PREDEFINED):
            segment_id = object_id(at, number - len(PREDEFINED))
            segment = Segment(segment_id=segment_id, name=rule.name, role="user", created_at=at)
            ruled.append((segment, partial(rule.holds, now=now)))
        return [*ruled, *((segment, self._compiled(segment.query)) for segment in self._made())]

    def _made(self) -> list[Segment]:
        row = self._workspace.database.one("SELECT value FROM settings WHERE name = 'segments'")
        return _decode(row[0]) if row else []

    def _compiled(self, query: object) -> Test[Person]:
        return language.compiled(query, contact_fields(self._workspace), VERSIONS[NEWEST_VERSION])


def searchable(workspace: Workspace) -> Fields[Person]:
    """What contacts are searched by: their own fields, and the segments that they are in."""
    fields = contact_fields(workspace)

    def field(name: str) -> Field[Person] | None:
        if name != "segment_id":
            return fields(name)
        found = Segments(workspace).membership()
        return Field("list", lambda person: [segment.segment_id for segment in found(person)])

    return field
