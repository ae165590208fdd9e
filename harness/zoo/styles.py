"""Right pipelines, each in a style of its own."""

from __future__ import annotations

import os
import time
from typing import Any

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import right
from harness.zoo.sound_requests import Sound, Sound1x


@right("1.0", "1.4")
class ByEmail(Sound1x):
    """Names users by e-mail wherever there is one."""

    def identify(self, user: User) -> dict[str, str]:
        """E-mail first."""
        return {"email": user.email} if user.email else super().identify(user)


@right("2.0", "2.11", "2.16")
class LooksFirst(Sound):
    """Reads everybody before it touches them, and checks the answer's role."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Look, convert, check."""
        self.ask("GET", f"/visitors?user_id={visitor.user_id}")
        if user.id and self.ask("GET", f"/contacts/{user.id}")["role"] != "user":
            raise ValueError("not a user")
        made = super().visitor_to_user(visitor, user)
        if made.get("role") != "user":
            raise ValueError("not converted")
        return made


@right("2.0", "2.11", "2.16")
class TagsAndNotes(Sound):
    """Leaves a tag and a note on everybody it has converted."""

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert and mark."""
        return self.mark(super().visitor_to_lead(visitor))

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert and mark."""
        return self.mark(super().visitor_to_user(visitor, user))

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Convert and mark."""
        return self.mark(super().lead_to_user(lead, user))

    def mark(self, contact: IntercomBody) -> IntercomBody:
        """A tag and a note."""
        tag = self.ask("POST", "/tags", {"name": "converted"})
        self.ask("POST", f"/contacts/{contact['id']}/tags", {"id": tag["id"]})
        self.ask("POST", f"/contacts/{contact['id']}/notes", {"body": "Converted."})
        return contact


@right("2.0", "2.11", "2.16")
class SignsUpNow(Sound):
    """Writes when somebody signed up, and says so."""

    may_write = ("signed_up_at",)

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert, then write the time."""
        made = super().visitor_to_user(visitor, user)
        return self.ask("PUT", f"/contacts/{made['id']}", {"signed_up_at": int(time.time())})


@right("2.0", "2.11", "2.16")
class SaysNothing(Sound):
    """Converts and hands nothing back."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert."""
        super().visitor_to_lead(visitor)

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert."""
        super().visitor_to_user(visitor, user)

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Convert."""
        super().lead_to_user(lead, user)


@right("2.0", "2.11", "2.16")
class SendsAnEvent(Sound):
    """Tells Intercom of the sign-up as an event, of every user it has converted."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert and tell."""
        return self.tell(super().visitor_to_user(visitor, user))

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Convert and tell."""
        return self.tell(super().lead_to_user(lead, user))

    def tell(self, contact: IntercomBody) -> IntercomBody:
        """One event."""
        event = {"event_name": "signed-up", "created_at": int(time.time()), "id": contact["id"]}
        self.ask("POST", "/events", event)
        return contact


@right("2.16")
class OfficialClient:
    """PyPI python-intercom 5 by its own methods, with the address that it has written into it."""

    package = "intercom"

    def __init__(self) -> None:
        from intercom import Intercom

        self.client = Intercom(token=os.environ["INTERCOM_ACCESS_TOKEN"])
        self.options: Any = {"additional_headers": {"Intercom-Version": "2.16"}, "max_retries": 0}

    def visitor_to_lead(self, visitor: Visitor) -> object:
        """Convert."""
        from intercom.visitors.types import UserWithUserId, VisitorWithUserId

        return self.client.visitors.merge_to_contact(
            type="lead",
            user=UserWithUserId(user_id=visitor.user_id),
            visitor=VisitorWithUserId(user_id=visitor.user_id),
            request_options=self.options,
        ).dict()

    def visitor_to_user(self, visitor: Visitor, user: User) -> object:
        """Convert or merge."""
        from intercom.visitors.types import UserWithId, UserWithUserId, VisitorWithUserId

        if not (user.id or user.external_id or user.email):
            raise ValueError("nobody to convert into")
        known: Any = UserWithUserId(user_id=user.external_id or "", email=user.email)
        if user.id:
            known = UserWithId(id=user.id)
        elif user.email:
            known = UserWithUserId.construct(email=user.email)  # its type asks for an id that a new user has not got
        return self.client.visitors.merge_to_contact(
            type="user",
            user=known,
            visitor=VisitorWithUserId(user_id=visitor.user_id),
            request_options=self.options,
        ).dict()

    def lead_to_user(self, lead: Lead, user: User) -> object:
        """Change the role, or merge."""
        if user.id:
            vouch = {"additional_body_parameters": {"skip_duplicate_validation": True}}
            return self.client.contacts.merge_lead_in_user(
                lead_id=lead.id, contact_id=user.id, request_options={**self.options, **vouch}
            ).dict()
        if not (user.email or user.external_id):
            raise ValueError("nobody to convert into")
        identity = {key: value for key, value in (("email", user.email), ("external_id", user.external_id)) if value}
        return self.client.contacts.update(lead.id, role="user", request_options=self.options, **identity).dict()
