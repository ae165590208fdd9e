"""Wrong pipelines that do something else instead of converting, or after it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import (
    ARCHIVED_TWIN,
    IN_BETWEEN,
    LEAD_MERGE,
    LEAD_NEW,
    MERGED,
    OTHERS,
    SIGNED_UP,
    TO_LEAD,
    TWO_WORKERS,
    VISITOR_MERGE,
    VISITOR_NEW,
    WORKED,
)
from harness.zoo.sound_requests import Sound, Sound1x


@bug(
    "create instead of convert",
    Kill(VISITOR_NEW, OTHERS, "one too many: user", "created a new contact instead"),
    Kill(LEAD_NEW, "is no longer a lead", "lead, then lead", "created a new contact"),
    Kill(VISITOR_MERGE, "the visitor", "it is still there", "created a new contact"),
)
class CreatesInsteadOfConverting(Sound):
    """Makes a new user and leaves the visitor or lead where they are."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Create."""
        return self.ask("POST", "/contacts", {"role": "user", "email": user.email or f"{visitor.user_id}@example.com"})

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Create."""
        return self.ask("POST", "/contacts", {"role": "user", "email": user.email or f"{lead.id}@example.com"})


@bug(
    "convert, then create",
    Kill(VISITOR_NEW, OTHERS, "one too many: user", "it converted, and then created"),
)
class ConvertsThenCreates(Sound):
    """Creates the user whom the conversion has already made."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert, then create."""
        made = super().visitor_to_user(visitor, user)
        if not user.id:
            self.ask("POST", "/contacts", {"role": "user", "external_id": f"copy-of-{made['id']}"})
        return made


@bug(
    "delete instead of convert",
    Kill(LEAD_MERGE, MERGED, "404: deleted", "deleted somebody"),
    Kill(LEAD_MERGE, "every conversation is kept", "lost", "the pipeline deleted somebody"),
)
class DeletesTheLead(Sound):
    """Thinks that moving somebody is creating one and deleting the other."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Delete."""
        if not user.id:
            return super().lead_to_user(lead, user)
        self.ask("DELETE", f"/contacts/{lead.id}")
        return self.ask("GET", f"/contacts/{user.id}")


@bug(
    "archive instead of convert",
    Kill(LEAD_MERGE, MERGED, "404", "the pipeline archived somebody"),
)
class ArchivesTheLead(Sound):
    """Hides the lead instead of folding it in."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Archive."""
        if not user.id:
            return super().lead_to_user(lead, user)
        self.ask("POST", f"/contacts/{lead.id}/archive")
        return self.ask("GET", f"/contacts/{user.id}")


@bug(
    "wrong role asked for",
    Kill(VISITOR_NEW, "the user exists under the source's id", "lead", "it made a lead where a user was wanted"),
)
class MakesALeadOfEverybody(Sound):
    """Sends the wrong type."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert to the wrong role."""
        self.identify(user)
        return self.visitor_to_lead(visitor)


@bug(
    "visitor made a lead by an update",
    Kill(VISITOR_NEW, "the user exists under the source's id", "lead", "it wrote an e-mail on the visitor"),
)
class PutsTheEmailOnTheVisitor(Sound1x):
    """In 1.x an e-mail in an update makes the visitor a lead (facts §3)."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Write the e-mail before converting."""
        if not user.email:
            return super().visitor_to_user(visitor, user)
        self.ask("PUT", "/visitors", {"user_id": visitor.user_id, "email": user.email})
        return self.ask("GET", f"/contacts?user_id={visitor.user_id}")


@bug(
    "half a conversion left behind",
    Kill(ARCHIVED_TWIN, OTHERS, "one too many: lead", "An archived contact matching those details"),
)
class GoesHalfway(Sound):
    """Makes each visitor a lead first, and leaves them one where the rest is refused."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """In two steps."""
        self.identify(user)
        lead = self.visitor_to_lead(visitor)
        return self.lead_to_user(Lead(lead["id"], lead["external_id"]), user)


@bug(
    "conversion asked for twice",
    Kill(TO_LEAD, WORKED, "404", "Visitor Not Found"),
)
class ConvertsTwice(Sound):
    """Asks once more to be sure, and takes the refusal for a failure."""

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert, and again."""
        super().visitor_to_lead(visitor)
        return super().visitor_to_lead(visitor)


@bug(
    "answer not looked at",
    Kill(TO_LEAD, WORKED, "it handed back a visitor", "look at role and id"),
)
class ForgetsToConvert(Sound):
    """Only looks."""

    returns = "contact"

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Look."""
        return self.ask("GET", f"/visitors?user_id={visitor.user_id}")


@bug(
    "no request at all",
    Kill(TO_LEAD, "the visitor", "it is still there", "no request of the pipeline reached the gateway"),
)
class AsksNobody(Sound):
    """Believes that it is done without a single request."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Do nothing."""
        return None


@bug(
    "user converted to lead",
    Kill(LEAD_MERGE, WORKED, "400", "it asked for a contact to be a lead again"),
)
class DemotesTheUser(Sound):
    """Makes a lead of the user, so that both are of one kind, and merges them then."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Demote, then merge."""
        if user.id:
            self.ask("PUT", f"/contacts/{user.id}", {"role": "lead"})
        return super().lead_to_user(lead, user)


@bug(
    "duplicate by e-mail case",
    Kill(VISITOR_MERGE, WORKED, "409", "with the same e-mail, in another case"),
)
class LooksTheEmailUpByCase(Sound):
    """Finds nobody under the e-mail as the form has it, in capitals, and makes somebody new."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Look among the users by the exact letters, create if nobody has them."""
        email = (user.email or "").upper()
        there = [one for one in self.ask("GET", "/contacts?per_page=150")["data"] if one["email"] == email]
        if user.email and not there:
            return self.ask("POST", "/contacts", {"role": "user", "email": email})
        return super().visitor_to_user(visitor, user)


@bug(
    "stale visitor id",
    Kill(SIGNED_UP, OTHERS, "one too many: user", "created a new contact"),
    Kill(IN_BETWEEN, OTHERS, "one too many: user", "created a new contact"),
    Kill(TWO_WORKERS, OTHERS, "one too many: user", "created"),
)
class CreatesForAStaleVisitor(Sound):
    """Takes a visitor who is a contact by now for one who never was, and makes somebody new."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert, or create where nobody is found."""
        try:
            return super().visitor_to_user(visitor, user)
        except requests.HTTPError as error:
            if error.response is None or error.response.status_code != 404:
                raise
            return self.ask("POST", "/contacts", {"role": "user", "external_id": f"new-{visitor.id}-{time.time_ns()}"})


@bug("two conversions at once", Kill(VISITOR_NEW, WORKED))
class ConvertsTwiceAtOnce(Sound):
    """Makes a lead and a user of the visitor at the same time, one for each of two callbacks."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Both at once."""
        with ThreadPoolExecutor(2) as workers:
            lead = workers.submit(self.visitor_to_lead, visitor)
            made = workers.submit(super().visitor_to_user, visitor, user)
            lead.result()
            return made.result()
