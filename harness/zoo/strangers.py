"""Wrong pipelines that convert, read or write the wrong people."""

from __future__ import annotations

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import LEAD_MERGE, MERGED, THREE_LEADS, TO_LEAD, WORKED
from harness.zoo.sound_requests import Sound, Sound1x


@bug(
    "merge into the wrong user",
    Kill(LEAD_MERGE, MERGED, "410, link", "it merged into the user"),
    Kill(LEAD_MERGE, "bystander user", "custom_attributes.campaign", "it merged into the user"),
)
class MergesIntoSomebodyElse(Sound):
    """Looks the target up and takes the first user it finds."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge into the first user on the list who is not the one meant."""
        if not user.id:
            return super().lead_to_user(lead, user)
        contacts = self.ask("GET", "/contacts?per_page=150")["data"]
        other = next(c for c in contacts if c["role"] == "user" and c["id"] != user.id)
        return self.ask("POST", "/contacts/merge", self.merge(lead, User(other["id"])))


@bug(
    "first of several leads with one e-mail",
    Kill(THREE_LEADS, "is gone by id", "it is still there", "another lead with the same e-mail"),
)
class MergesTheFirstLeadWithTheEmail(Sound):
    """Looks the lead up by e-mail and takes the first."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge whoever the search shows first."""
        if not user.id or not lead.email:
            return super().lead_to_user(lead, user)
        query = {"query": {"operator": "AND", "value": [
            {"field": "email", "operator": "=", "value": lead.email},
            {"field": "role", "operator": "=", "value": "lead"},
        ]}}  # fmt: skip
        found = self.ask("POST", "/contacts/search", query)["data"]
        return self.ask("POST", "/contacts/merge", self.merge(Lead(found[0]["id"]), user))


@bug(
    "merge of a namesake",
    Kill(LEAD_MERGE, "is gone by id", "it is still there", "somebody of the same name"),
)
class MergesTheNamesake(Sound):
    """Finds the lead by name."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge whoever else has the name."""
        if not user.id or not lead.name:
            return super().lead_to_user(lead, user)
        query = {"query": {"field": "name", "operator": "=", "value": lead.name}}
        found = [c for c in self.ask("POST", "/contacts/search", query)["data"] if c["role"] == "lead"]
        return self.ask("POST", "/contacts/merge", self.merge(Lead(found[0]["id"]), user))


@bug(
    "merge direction swapped",
    Kill(LEAD_MERGE, WORKED, "400", "Merging can only be performed on a lead into a user"),
)
class MergesBackwards(Sound):
    """Has `from` and `into` the wrong way round."""

    def merge(self, lead: Lead, user: User) -> dict[str, object]:
        """The user into the lead."""
        return {"from": user.id, "into": lead.id, "skip_duplicate_validation": True}


@bug(
    "merge direction swapped in 1.x",
    Kill(LEAD_MERGE, "is gone by id", "it is still there", "the wrong way round"),
)
class MergesBackwards1x(Sound1x):
    """Has source and target the wrong way round, and does not mind being refused."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Convert the user into the lead."""
        sent = {"contact": {"id": user.id or lead.id}, "user": {"user_id": lead.external_id}}
        return self.ask("POST", "/contacts/convert", sent)


@bug(
    "page of a list truncated",
    Kill(LEAD_MERGE, "is gone by id", "it is still there", "it read the first page only (1 of 5)"),
)
class LooksAtTheFirstPage(Sound):
    """Looks for the user on the first page of the list, and creates them if they are not there."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge into whom the first page shows, or create."""
        if not user.id:
            return super().lead_to_user(lead, user)
        page = self.ask("GET", "/contacts?per_page=1")["data"]
        if any(contact["id"] == user.id for contact in page):
            return super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "external_id": f"new-{lead.id}", "email": None})


@bug(
    "wrong person handed back",
    Kill(TO_LEAD, WORKED, "it handed back 6955", "look at role and id"),
)
class HandsBackSomebodyElse(Sound):
    """Converts rightly and tells its caller about another."""

    returns = "contact"

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert, and show the first contact there is."""
        super().visitor_to_lead(visitor)
        contacts = self.ask("GET", "/contacts?per_page=150")["data"]
        return next(contact for contact in contacts if contact["id"] != visitor.id)


@bug(
    "bystanders written to",
    Kill(TO_LEAD, "bystander lead", "Tidy", "who has nothing to do with it"),
)
class TouchesABystander(Sound):
    """Tidies up whoever has no phone."""

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert, and write to everybody."""
        lead = super().visitor_to_lead(visitor)
        for contact in self.ask("GET", "/contacts?per_page=150")["data"]:
            if contact["id"] != visitor.id:
                self.ask("PUT", f"/contacts/{contact['id']}", {"name": "Tidy"})
        return lead
