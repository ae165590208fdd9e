"""`people`: makes the people of a scenario through Intercom's own API, each with something to lose.

Everybody gets custom attributes and, where the kind can have them, a tag, a note, a company, a conversation and an
opt-out. What Intercom cannot have is refused here: a visitor has no conversation, a lead no external id of their
choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Unpack

from harness.client import IntercomClient
from harness.core.people import Lead, Person, Role, User, Visitor
from harness.people.carried import (
    DRAWN,
    AttributeValue,
    Carried,
    Drawn,
    belongings_of,
    extras_in,
    fields_of,
    more_attributes,
    near,
    opted,
)
from harness.people.circumstances import Circumstances, own_identifiers, room_for
from harness.people.outfitting import CannotMake, Outfitter
from harness.people.traits import Traits
from harness.people.visitor_origin import VisitorOrigin, can_visit


class People(Circumstances):
    """The people of one scenario, in the order in which they were made."""

    def __init__(
        self,
        client: IntercomClient,
        traits: Traits,
        origin: VisitorOrigin,
        merge_users: Callable[[str, str], object] | None = None,
    ) -> None:
        self._traits = traits
        self._origin = origin
        self._merge_users = merge_users
        self._everyone: list[Person] = []
        self.gone: list[User] = []
        """Whom a teammate merged away, which no request tells of."""
        self._bystanders: tuple[Person, ...] = ()
        self._visitors: list[Mapping[str, object]] = []
        self._outfitter = Outfitter(client, traits.marker)
        self._plain = False
        """Whether people carry only what everybody does, as bystanders do."""
        self._closed = False
        self.before_archiving: Callable[[User], object] = lambda user: None
        """To be called before somebody is archived, who is shown no more from then on."""

    # --- who there is -----------------------------------------------------------------------------

    @property
    def everyone(self) -> Sequence[Person]:
        """Everybody made so far, bystanders included; not those who do not exist yet."""
        return tuple(self._everyone)

    @property
    def bystanders(self) -> Sequence[Person]:
        """Those of them whom no scenario asked for."""
        return self._bystanders

    @property
    def visitors_seen(self) -> Sequence[Mapping[str, object]]:
        """The visitors as their origin told them, for a cassette's header."""
        return tuple(self._visitors)

    @property
    def drawn(self) -> Sequence[Mapping[str, object]]:
        """All traits that were drawn, for a cassette's header."""
        return self._traits.drawn

    # --- making them ------------------------------------------------------------------------------

    def visitor(
        self,
        *,
        name: str | Drawn | None = DRAWN,
        custom_attributes: Mapping[str, AttributeValue] | Drawn = DRAWN,
        known_by: Literal["user_id", "id"] = "user_id",
        says: None = None,
    ) -> Visitor:
        """An anonymous visitor with a name, custom attributes, a place, a referrer and a campaign."""
        if says is not None:
            raise CannotMake(
                "a visitor who says something is a lead",
                why="Intercom turns a visitor into a lead with the first message (facts §1)",
                remedy="use people.lead(says=…)",
            )
        traits = self._start("visitor")
        seen = self._origin.visit(
            {
                "location": traits["place"],
                "referrer": f"https://www.example.org/{traits['campaign'].replace(' ', '-')}",
                "utm_campaign": traits["campaign"],
                "utm_source": "newsletter",
            }
        )
        self._visitors.append({"id": seen["id"], "user_id": seen["user_id"]})
        name = traits["name"] if name is DRAWN else name
        drawn = {"plan": "browsing", "campaign": traits["campaign"], **more_attributes(traits)}
        attributes = _attributes(custom_attributes, drawn)
        self._outfitter.attributes(attributes)
        sent = {"user_id": seen["user_id"], "name": name, "custom_attributes": attributes}
        self._outfitter.do("PUT", "/visitors", {k: v for k, v in sent.items() if v is not None})
        visitor = Visitor(seen["id"], seen["user_id"], name=name, custom_attributes=attributes, known_by=known_by)
        self._everyone.append(visitor)
        return visitor

    def lead(
        self,
        *,
        email: str | Drawn | None = DRAWN,
        says: str | Drawn | None = DRAWN,
        name: str | Drawn | None = DRAWN,
        phone: str | Drawn | None = DRAWN,
        custom_attributes: Mapping[str, AttributeValue] | Drawn = DRAWN,
        tags: Sequence[str] = ("trial", "newsletter reader"),
        opted_out: bool = False,
        **more: Unpack[Carried],
    ) -> Lead:
        """A lead with a conversation, tags, a note, a company; `opted_out` of the newsletter and of all e-mail."""
        traits = self._start("lead")
        attributes = _attributes(
            custom_attributes, {"plan": "trial", "campaign": traits["campaign"], **more_attributes(traits)}
        )
        fields = {
            "email": traits["email"] if email is DRAWN else email,
            "name": traits["name"] if name is DRAWN else name,
            "phone": traits["phone"] if phone is DRAWN else phone,
        }
        contact_id, uuid = self._make("lead", fields, attributes, traits, opted(more, opted_out))
        lead = Lead(contact_id, uuid, custom_attributes=attributes, **fields)
        self._equip(lead, traits, tags, says, opted(more, opted_out))
        return lead

    def user(
        self,
        *,
        email: str | Drawn | None = DRAWN,
        external_id: str | Drawn | None = DRAWN,
        says: str | Drawn | None = DRAWN,
        name: str | Drawn | None = DRAWN,
        phone: str | Drawn | None = DRAWN,
        custom_attributes: Mapping[str, AttributeValue] | Drawn = DRAWN,
        tags: Sequence[str] = ("customer", "newsletter reader"),
        opted_out: bool = False,
        **more: Unpack[Carried],
    ) -> User:
        """A user who exists, with a conversation, tags, a note and a company; often without a phone, a gap to fill."""
        traits = self._start("user")
        attributes = _attributes(
            custom_attributes, {"plan": "pro", "seats": traits["seats"], **more_attributes(traits)}
        )
        drawn_phone = traits["phone"] if "phone" in extras_in(traits) else None
        fields = {
            "email": traits["email"] if email is DRAWN else email,
            "external_id": traits["external_id"] if external_id is DRAWN else external_id,
            "name": traits["name"] if name is DRAWN else name,
            "phone": drawn_phone if phone is DRAWN else phone,
        }
        if not fields["email"] and not fields["external_id"]:
            raise CannotMake("a user has an e-mail or an external id", remedy="leave one of them to be drawn")
        contact_id, _ = self._make("user", fields, attributes, traits, opted(more, opted_out))
        user = User(contact_id, custom_attributes=attributes, **fields)
        self._equip(user, traits, tags, says, opted(more, opted_out))
        return user

    def _make(
        self,
        role: Role,
        fields: Mapping[str, str | None],
        attributes: Mapping[str, AttributeValue],
        traits: Mapping[str, object],
        said: Carried,
    ) -> tuple[str, str]:
        """Make a contact with what it carries; returns its id and its external id."""
        own_identifiers(self._traits.marker, fields["email"], fields.get("external_id"))
        carried = fields_of(said, extras_in(traits), role)
        body = self._outfitter.contact({"role": role, **fields, "custom_attributes": attributes, **carried})
        return body["id"], body["external_id"]

    def _equip(
        self,
        person: Lead | User,
        traits: Mapping[str, Any],
        tags: Sequence[str],
        says: str | Drawn | None,
        said: Carried,
    ) -> None:
        assert person.id is not None
        told = traits["says"] if says is DRAWN else says
        has = belongings_of(said, extras_in(traits))
        self._outfitter.equip(person.id, traits, tags, told, person.kind, has)
        self._everyone.append(person)

    def newcomer(
        self, identified_by: Literal["email", "external_id"] = "email", *, external_id: str | None = None
    ) -> User:
        """A user who does not exist yet: `id` is `None`, and exactly one of e-mail and external id says who.

        external_id: the one they have; drawn where it is not given.
        """
        traits = self._start("newcomer")
        if external_id is not None:
            own_identifiers(self._traits.marker, external_id)
            return User(external_id=external_id)
        return User(**{identified_by: traits[identified_by]})

    def same_email_as(self, person: Lead | User) -> User:
        """A user whom the pipeline takes for new, under an e-mail that somebody has."""
        return User(email=person.email)

    def crowd(self, number: int, role: Role) -> None:
        """So many more leads or users, each with an e-mail of their own and nothing else: more than a page shows."""
        self._begin_crowd()
        for place in range(number):
            self._outfitter.contact({"role": role, "email": f"{role}.{place}@crowd.example.com"})

    def _begin_crowd(self) -> None:
        room_for(self._traits.marker)
        self._start("crowd")

    def nobody(self) -> User:
        """A user of whom nothing is known: what a pipeline must refuse to convert into."""
        return User()

    def stranger(self) -> Visitor:
        """A visitor who never was: identifiers of the right shape that Intercom never gave."""
        traits = self._start("stranger")
        return Visitor(traits["object_id"], traits["uuid"])

    # --- what happens to them before the pipeline comes -------------------------------------------

    def became_lead(self, visitor: Visitor) -> Lead:
        """The visitor said hello in between and is a lead by now; the pipeline still holds the visitor."""
        sent = {"visitor": {"user_id": visitor.user_id}, "type": "lead"}
        body = self._outfitter.do("POST", "/visitors/convert", sent)
        lead = Lead(body["id"], body["external_id"], name=body["name"], custom_attributes=body["custom_attributes"])
        self._everyone[self._everyone.index(visitor)] = lead
        return lead

    def became_user(self, visitor: Visitor) -> User:
        """The visitor signed up in between and is a user by now; the pipeline still holds the visitor."""
        email = self._traits.draw("sign-up")["email"]
        sent = {"visitor": {"user_id": visitor.user_id}, "user": {"email": email}, "type": "user"}
        body = self._outfitter.do("POST", "/visitors/convert", sent)
        user = User(body["id"], email=email, name=body["name"], custom_attributes=body["custom_attributes"])
        self._everyone[self._everyone.index(visitor)] = user
        return user

    def archived(self, user: User) -> User:
        """The user is archived: invisible to list and search, but still holding e-mail and external id."""
        self.before_archiving(user)
        self._outfitter.do("POST", f"/contacts/{user.id}/archive")
        return user

    def merged_away(self, user: User, into: User) -> None:
        """A teammate merged this user into another in between, as no API does; the pipeline still holds the old id."""
        if user.id is None or into.id is None:
            raise CannotMake("a user who does not exist yet cannot be merged", remedy="use people.user()")
        if self._merge_users is not None:
            self._merge_users(user.id, into.id)
        self._everyone.remove(user)
        self.gone.append(user)

    # --- the company nobody asked for -------------------------------------------------------------

    def close(self) -> None:
        """Add the bystanders: a visitor, a lead, a user, and two who are easily mistaken for the source.

        These share its name and phone, and have its e-mail but for what stands after a plus: one lead, one user.
        """
        if self._closed:
            return
        made = tuple(self._everyone)
        source = next(iter(sorted(self._everyone, key=lambda person: person.kind == "user")), None)
        self._plain = True
        if can_visit(self._origin):
            self.visitor()
        self.lead(tags=("bystander",))
        alike = source is not None and source.name is not None
        name = source.name if source is not None and alike else DRAWN
        phone = source.phone if source is not None and alike and source.phone else DRAWN
        email = near(source.email) if source is not None and source.email else DRAWN
        self.user(tags=("bystander",), name=name, phone=phone, email=email)
        if alike:
            self.lead(tags=("bystander",), name=name, phone=phone)
        self._closed = True
        self._bystanders = tuple(person for person in self._everyone if person not in made)

    # --- how --------------------------------------------------------------------------------------

    def _start(self, kind: str) -> Mapping[str, Any]:
        if self._closed:
            raise CannotMake(
                f"people.{kind}() after the pipeline's first call",
                why="the first call closes the given: everybody was read and counted then",
                remedy="make all people before the pipeline runs",
            )
        traits = self._traits.draw(kind)
        return {**traits, "extras": ()} if self._plain else traits


def _attributes(
    given: Mapping[str, AttributeValue] | Drawn, drawn: Mapping[str, AttributeValue]
) -> dict[str, AttributeValue]:
    return dict(drawn) if isinstance(given, Drawn) else dict(given)
