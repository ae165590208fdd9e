"""Finds the user whom a conversion is meant for: by `id`, or else by `user_id`, or else by `email`.

It only looks; what follows from what it finds is decided in `rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.sandbox.requests import parsing
from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version
from harness.sandbox.store.person_store import PersonStore


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a request says of the user it wants."""

    person_id: str | None = None
    external_id: str | None = None
    email: str | None = None

    @property
    def given(self) -> bool:
        """Whether it says anything."""
        return bool(self.person_id or self.external_id or self.email)


def identifiers(body: dict[str, object], version: Version) -> Identifiers:
    """The identifiers in a `user` object; an `external_id` there is not read, in 2.x either (facts §2)."""
    return Identifiers(
        parsing.identifier(body, "id", version), parsing.identifier(body, "user_id", version), parsing.email(body)
    )


@dataclass(frozen=True, slots=True)
class Target:
    """What was found, in the words of `rules.TARGETS`, and whom; of a user who is gone only the id is known."""

    kind: str
    person: Person | None = None
    holder_id: str | None = None

    @property
    def contact_id(self) -> str | None:
        """The id of the user that was found."""
        return self.person.person_id if self.person is not None else self.holder_id


NOBODY = Target("new")
FREE = Target("no")
"""Nobody else has the identifiers."""


def find_target(people: PersonStore, wanted: Identifiers, source: Person, *, email_may_repeat: bool) -> Target:
    """The target of converting `source` to the wanted user."""
    if wanted.person_id:
        return _by_id(people.get(wanted.person_id))
    if wanted.external_id:
        matches = [one for one in people.by_external_id(wanted.external_id) if one.person_id != source.person_id]
        return _by_external_id(matches) or _newcomer(people, wanted.email or source.email, email_may_repeat)
    return _by_email(people.by_email(wanted.email, "user"))


def _by_id(found: Person | None) -> Target:
    if found is None:
        return Target("unknown_id")
    if found.kind != "user":
        return Target("lead", found)
    return Target("archived" if found.archived else "user", found)


def _by_external_id(matches: Sequence[Person]) -> Target | None:
    users = [one for one in matches if one.kind == "user"]
    if users:
        return _by_id(users[0])
    leads = [one for one in matches if one.kind == "lead"]
    return Target("lead", leads[0]) if leads else None


def _newcomer(people: PersonStore, email: str | None, email_may_repeat: bool) -> Target:
    """Nobody has the external id; in 2.x the e-mail that the new user would have must be free as well."""
    if email_may_repeat:
        return NOBODY
    found = _by_email(people.by_email(email, "user"))
    return Target("conflict", found.person) if found.kind in ("user", "several") else found


def _by_email(users: Sequence[Person]) -> Target:
    live = [one for one in users if not one.archived]
    if len(live) > 1:
        return Target("several", live[0])
    if live:
        return Target("user", live[0])
    return Target("archived", users[0]) if users else NOBODY
