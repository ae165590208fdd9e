"""Wrong pipelines that name people by the wrong identifier, field or version."""

from __future__ import annotations

from typing import Any

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import (
    LEAD_MERGE,
    LEAD_NEW,
    LEAD_NO_EMAIL,
    OTHERS,
    TO_LEAD,
    VISITOR_MERGE,
    VISITOR_NEW,
    VISITOR_NEW_ID,
    WORKED,
)
from harness.zoo.sound_requests import Sound, Sound1x


@bug(
    "Intercom id as user id",
    Kill(
        LEAD_MERGE, "the user is the only one with the e-mail", "users", "the contact's Intercom id as `user.user_id`"
    ),
)
class TakesIntercomsIdForAUserId(Sound1x):
    """Names the user by Intercom's id where an id of one's own is meant (facts §11.4)."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Convert into somebody new."""
        if not user.id:
            return super().lead_to_user(lead, user)
        sent = {"contact": {"id": lead.id}, "user": {"user_id": user.id}}
        return self.ask("POST", "/contacts/convert", sent)


@bug(
    "e-mail as user id",
    Kill(VISITOR_MERGE, OTHERS, "one too many: user", "an e-mail as `user.user_id`"),
)
class TakesTheEmailForAUserId(Sound1x):
    """Names the user by e-mail where an id of one's own is meant."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert into somebody new."""
        sent = {"visitor": {"user_id": visitor.user_id}, "user": {"user_id": user.email or user.id}, "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)


@bug(
    "visitor id as contact id",
    Kill(VISITOR_MERGE, "the visitor", "it is still there", "404"),
)
class TakesAVisitorForAContact(Sound):
    """Merges the visitor as if they were a lead."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Merge by the visitor's id."""
        if not user.id:
            return super().visitor_to_user(visitor, user)
        return self.ask("POST", "/contacts/merge", self.merge(Lead(visitor.id), user))


@bug(
    "uuid as user id",
    Kill(LEAD_NEW, "the uuid is no identifier of the user", likely="Intercom's uuid of the visitor or lead"),
    Kill(VISITOR_NEW_ID, "the user is found by the external id", "404", "Intercom's uuid of the visitor or lead"),
)
class NamesTheUserByTheUuid(Sound):
    """Takes the uuid of visitor or lead for the new user's id."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert under the uuid."""
        sent = {"visitor": {"user_id": visitor.user_id}, "user": {"user_id": visitor.user_id}, "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Change the role under the uuid."""
        if user.id:
            return super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "external_id": lead.external_id})


@bug(
    "uuid kept beside the e-mail",
    Kill(LEAD_NEW, "the uuid is no identifier of the user", likely="Intercom's uuid of the visitor or lead"),
)
class KeepsTheUuid(Sound):
    """Gives the new user the visitor's uuid as external id beside the e-mail."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Change the role, and keep the uuid."""
        if user.id or not user.email:
            return super().lead_to_user(lead, user)
        body = {"role": "user", "email": user.email, "external_id": lead.external_id}
        return self.ask("PUT", f"/contacts/{lead.id}", body)


@bug(
    "undefined visitor id",
    Kill(TO_LEAD, "the visitor", "it is still there", "Visitor Not Found"),
)
class SendsUndefined(Sound):
    """Lost the visitor's id on the way, and logs the refusal only."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert nobody."""
        try:
            return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": "undefined"}, "type": "lead"})
        except requests.HTTPError:
            return None


@bug(
    "field that Intercom does not read",
    Kill(LEAD_MERGE, WORKED, "404", "it sent `to`; Intercom reads `into`"),
)
class SaysToForInto(Sound):
    """Sends `to`, which Intercom does not read."""

    def merge(self, lead: Lead, user: User) -> dict[str, object]:
        """The wrong key."""
        return {"from": lead.id, "to": user.id, "skip_duplicate_validation": True}


@bug(
    "version raised without its changes",
    Kill(LEAD_NO_EMAIL, WORKED, "400", "only be merged when they are duplicates"),
)
class UpgradedTheVersion(Sound):
    """Merged by id for years; from 2.16 that needs a shared e-mail or phone, or an override (facts §11.9)."""

    def merge(self, lead: Lead, user: User) -> dict[str, object]:
        """As before the upgrade."""
        return {"from": lead.id, "into": user.id}


@bug(
    "unpinned version",
    Kill(LEAD_MERGE, WORKED, "400", "intercom_version_invalid"),
)
class ForgetsTheVersion(Sound):
    """Sends no version, which means 1.0, where nothing is merged this way (facts §11.13)."""

    version = ""


@bug(
    "e-mail written in capitals",
    Kill(VISITOR_NEW, "the user's email is the one given", "@EXAMPLE.COM", "in another case than it is known by"),
)
class ShoutsTheEmail(Sound):
    """Writes e-mails in capitals."""

    def identify(self, user: User) -> dict[str, str]:
        """By e-mail in capitals."""
        return {"email": user.email.upper()} if user.email else super().identify(user)


@bug("blank visitor id", Kill(TO_LEAD, WORKED, "400", "the identifier was lost on the way"))
class SendsABlank(Sound):
    """Reads the visitor's id from a cookie that is not there, and sends the empty string."""

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert nobody."""
        return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": ""}, "type": "lead"})
