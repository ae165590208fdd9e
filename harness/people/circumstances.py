"""People as imports, teammates and the passing of time leave them: rows of a crowd, shared addresses, late e-mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Self, TypeVar

from harness.core.errors import NotPossibleHere, NotPossibleReason
from harness.core.people import Lead, Person, User
from harness.people.outfitting import CannotMake, Outfitter

Changed = TypeVar("Changed", Lead, User)


class Circumstances:
    """What `people` can say of circumstances, made through Intercom's own API."""

    _outfitter: Outfitter
    _everyone: list[Person]
    gone: list[User]

    def copied(self) -> Self:
        """Return the same people as they are known now; what is made of the copy leaves these as they are."""
        other = copy(self)
        vars(other).update(_everyone=[*self._everyone], gone=[*self.gone], _outfitter=self._outfitter.copied())
        return other

    def _begin_crowd(self) -> None:
        """Draw for a crowd, and refuse it where a workspace has no room."""
        raise NotImplementedError

    def pairs(self, number: int) -> Sequence[tuple[Lead, User]]:
        """Make so many leads, each with the e-mail of a user of their own; each side has an attribute to lose.

        They are rows of the list of contacts and nothing more: claim `verify.crowd_merged(pairs)`.
        """
        self._begin_crowd()
        return [self._pair(place) for place in range(number)]

    def _pair(self, place: int) -> tuple[Lead, User]:
        email = f"pair.{place}@crowd.example.com"
        theirs, mine = {"plan": "pro"}, {"plan": "trial", "campaign": f"letter {place}"}
        user = self._outfitter.contact({"role": "user", "email": email, "custom_attributes": theirs})
        lead = self._outfitter.contact({"role": "lead", "email": email, "custom_attributes": mine})
        return Lead(lead["id"], lead["external_id"], email=email), User(user["id"], email=email)

    def shares_the_email_of(self, person: User, other: User) -> User:
        """Give a user another user's e-mail, as imports leave two users with one address (facts-recorded 13, 68).

        Return the user as they are known now.
        """
        if not (person.external_id and other.external_id):
            raise CannotMake("two users share an e-mail where each has an external id", remedy="leave it to be drawn")
        # 1.x tells users apart by their own ids, and lets several have one e-mail.
        sent = {"user_id": person.external_id, "email": other.email}
        self._outfitter.do("POST", "/users", sent, version="1.4")
        return self._replaced(person, other.email)

    def changed(
        self, person: Changed, *, email: str | None = None, custom_attributes: Mapping[str, str | int] | None = None
    ) -> Changed:
        """Change a contact as a teammate or another system does; a pipeline that holds the old one knows nothing of it.

        email: the new address, the old one is kept without it. custom_attributes: those that change. Return the contact
        as they are known now.
        """
        sent: dict[str, object] = {"email": email} if email else {}
        attributes = custom_attributes or {}
        self._outfitter.do("PUT", f"/contacts/{person.id}", {**sent, "custom_attributes": dict(attributes)})
        known = {**person.custom_attributes, **attributes}
        now = replace(person, email=email or person.email, custom_attributes=known)
        self._everyone[self._everyone.index(person)] = now
        return now

    def gave_email(self, lead: Lead, email: str | None) -> Lead:
        """The lead gave this e-mail, or another one than before; between two calls of the pipeline as well.

        Return the lead as they are known now; a pipeline that holds the old one knows nothing of it.
        """
        self._outfitter.do("PUT", f"/contacts/{lead.id}", {"email": email})
        return self._replaced(lead, email)

    def _replaced(self, person: Changed, email: str | None) -> Changed:
        changed = replace(person, email=email)
        self._everyone[self._everyone.index(person)] = changed
        return changed


def room_for(marker: str) -> None:
    """Refuse a crowd in a TEST app, which has no room for one.

    Raises:
        NotPossibleHere: where people carry a marker, as they do in a TEST app.
    """
    if marker:
        raise NotPossibleHere(NotPossibleReason.ROOM)


def own_identifiers(marker: str, *identifiers: object) -> None:
    """Refuse identifiers without the marker of the run in a TEST app, where its guard would stop whoever uses them.

    Raises:
        NotPossibleHere: where people carry a marker, and one of these does not, or is an e-mail of another domain.
    """
    for text in identifiers if marker else ():
        if not isinstance(text, str) or not text:
            continue
        domain = text.lower().partition("@")[2]
        if marker not in text.lower() or domain not in ("", "example.com"):
            raise NotPossibleHere(NotPossibleReason.IDENTIFIERS)
