"""Right pipelines, each in a style of its own."""

from __future__ import annotations

import time
from typing import Any

from harness.persons import Lead, User, Visitor
from harness.zoo.bug import right
from harness.zoo.calls import Sound, Sound1x


@right("1.4")
class ByEmail(Sound1x):
    """Names users by e-mail wherever there is one."""

    def identify(self, user: User) -> dict[str, str]:
        """E-mail first."""
        return {"email": user.email} if user.email else super().identify(user)


@right("2.16")
class LooksFirst(Sound):
    """Reads everybody before it touches them, and checks the answer's role."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Look, convert, check."""
        self.ask("GET", f"/visitors?user_id={visitor.user_id}")
        if user.id and self.ask("GET", f"/contacts/{user.id}")["role"] != "user":
            raise ValueError("not a user")
        made = super().visitor_to_user(visitor, user)
        if made.get("role") != "user":
            raise ValueError("not converted")
        return made


@right("2.16")
class TagsAndNotes(Sound):
    """Leaves a tag and a note on everybody it has converted."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert and mark."""
        return self.mark(super().visitor_to_lead(visitor))

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert and mark."""
        return self.mark(super().visitor_to_user(visitor, user))

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Convert and mark."""
        return self.mark(super().lead_to_user(lead, user))

    def mark(self, contact: Any) -> Any:
        """A tag and a note."""
        tag = self.ask("POST", "/tags", {"name": "converted"})
        self.ask("POST", f"/contacts/{contact['id']}/tags", {"id": tag["id"]})
        self.ask("POST", f"/contacts/{contact['id']}/notes", {"body": "Converted."})
        return contact


@right("2.16")
class SignsUpNow(Sound):
    """Writes when somebody signed up, and says so."""

    may_write = ("signed_up_at",)

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert, then write the time."""
        made = super().visitor_to_user(visitor, user)
        return self.ask("PUT", f"/contacts/{made['id']}", {"signed_up_at": int(time.time())})


@right("2.16")
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
