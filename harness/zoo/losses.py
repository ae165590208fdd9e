"""Wrong pipelines that convert, and lose or overwrite what people had."""

from __future__ import annotations

from typing import ClassVar

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import LEAD_GAPS, LEAD_MERGE, LEAD_OPT_OUT, TO_LEAD, WROTE_OVER
from harness.zoo.sound_requests import Body, Sound


@bug(
    "attributes overwritten",
    Kill(LEAD_MERGE, "custom_attributes.plan", "'trial'", WROTE_OVER),
)
class OverwritesTheUser(Sound):
    """Copies the lead's attributes over the user's own after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, then overwrite."""
        merged = super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{merged['id']}", {"custom_attributes": dict(lead.custom_attributes)})


class _WritesAfterMerging(Sound):
    """Merges, and goes on writing."""

    fields: ClassVar[Body] = {}

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, then write."""
        merged = super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{merged['id']}", self.fields)


@bug(
    "attributes blanked",
    Kill(LEAD_MERGE, "name: the target's value stays", "None", WROTE_OVER),
)
class BlanksTheName(_WritesAfterMerging):
    """Writes a form's empty field."""

    fields: ClassVar[Body] = {"name": ""}


@bug(
    "external id overwritten",
    Kill(LEAD_MERGE, "external_id: the target's value stays", "renumbered-1", WROTE_OVER),
)
class RenumbersTheUser(_WritesAfterMerging):
    """Gives the user an external id of its own."""

    fields: ClassVar[Body] = {"external_id": "renumbered-1"}


@bug(
    "e-mail overwritten",
    Kill(LEAD_MERGE, "the user is the only one with the e-mail", "", WROTE_OVER),
)
class MovesTheEmail(_WritesAfterMerging):
    """Writes an address that nobody gave."""

    fields: ClassVar[Body] = {"email": "support@example.com"}


@bug(
    "opt-out undone",
    Kill(LEAD_OPT_OUT, "unsubscribed_from_emails", "False", WROTE_OVER),
)
class ThrowsOptOutsAway(Sound):
    """Resubscribes everybody who was merged."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, then resubscribe."""
        merged = super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{merged['id']}", {"unsubscribed_from_emails": False})


@bug(
    "opt-out of those who never asked",
    Kill(LEAD_GAPS, "unsubscribed_from_emails", "True", WROTE_OVER),
)
class UnsubscribesEverybody(_WritesAfterMerging):
    """Plays it safe, and silences people who never asked for it."""

    fields: ClassVar[Body] = {"unsubscribed_from_emails": True}


@bug(
    "subscription opt-out undone",
    Kill(LEAD_OPT_OUT, "no opt-out is lost", "lost", "took away what somebody had"),
)
class ResubscribesToTheNewsletter(Sound):
    """Opts everybody in again after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, then remove the opt-outs."""
        merged = super().lead_to_user(lead, user)
        for entry in self.ask("GET", f"/contacts/{merged['id']}/subscriptions")["data"]:
            self.ask("DELETE", f"/contacts/{merged['id']}/subscriptions/{entry['id']}")
        return merged


@bug(
    "tag lost",
    Kill(LEAD_MERGE, "every tag is kept", "lost", "took away what somebody had"),
)
class DropsATag(Sound):
    """Removes the trial tag after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, then untag."""
        merged = super().lead_to_user(lead, user)
        for tag in self.ask("GET", f"/contacts/{merged['id']}/tags")["data"]:
            if tag["name"] == "trial":
                self.ask("DELETE", f"/contacts/{merged['id']}/tags/{tag['id']}")
        return merged


@bug(
    "company lost",
    Kill(LEAD_GAPS, "every company is kept", "lost", "took away what somebody had"),
)
class DetachesTheCompany(Sound):
    """Takes the lead's company away after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, then detach all companies but one."""
        merged = super().lead_to_user(lead, user)
        for company in self.ask("GET", f"/contacts/{merged['id']}/companies")["data"][1:]:
            self.ask("DELETE", f"/contacts/{merged['id']}/companies/{company['id']}")
        return merged


@bug(
    "notes and conversations left behind",
    Kill(LEAD_MERGE, "every note is kept", "lost", "the pipeline deleted somebody"),
    Kill(LEAD_MERGE, "every conversation is kept", "lost", "the pipeline deleted somebody"),
)
class CopiesAndDeletes(Sound):
    """Merges by hand: copies what it knows of onto the user, and deletes the lead with all that it does not."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Copy the tags and companies, then delete."""
        if not user.id:
            return super().lead_to_user(lead, user)
        for kind in ("tags", "companies"):
            for one in self.ask("GET", f"/contacts/{lead.id}/{kind}")["data"]:
                self.ask("POST", f"/contacts/{user.id}/{kind}", {"id": one["id"]})
        self.ask("DELETE", f"/contacts/{lead.id}")
        return self.ask("GET", f"/contacts/{user.id}")


@bug(
    "custom attribute dropped",
    Kill(TO_LEAD, "custom_attributes.campaign", "None", WROTE_OVER),
)
class DropsTheCampaign(Sound):
    """Writes the custom attributes that it knows, and blanks the one that it does not."""

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert, then write."""
        lead = super().visitor_to_lead(visitor)
        return self.ask("PUT", f"/contacts/{lead['id']}", {"custom_attributes": {"campaign": None}})
