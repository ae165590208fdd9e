"""Wrong pipelines, each with one bug that real ones have had. The harness must refute each for the right reason."""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar

import requests

from harness.persons import Lead, User, Visitor

TIMEOUT = 10


class Sound:
    """What the wrong ones start from: sound calls in 2.16, errors raised."""

    version: ClassVar[str] = "2.16"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the workspace that the environment names."""
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}"}
        if self.version:
            headers["Intercom-Version"] = self.version
        url = os.environ["INTERCOM_BASE_URL"] + path
        answer = requests.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def identify(self, user: User) -> dict[str, str]:
        """How the user is named in a conversion."""
        named = {"id": user.id, "user_id": user.external_id, "email": user.email}
        key = next((key for key, value in named.items() if value), None)
        if key is None:
            raise ValueError("nobody to convert into")
        return {key: str(named[key])}

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert."""
        return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert or merge."""
        sent = {"visitor": {"user_id": visitor.user_id}, "user": self.identify(user), "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Change the role, or merge."""
        if user.id:
            return self.ask("POST", "/contacts/merge", self.merge(lead, user))
        identity = {key: value for key, value in (("email", user.email), ("external_id", user.external_id)) if value}
        if not identity:
            raise ValueError("nobody to convert into")
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", **identity})

    def merge(self, lead: Lead, user: User) -> dict[str, Any]:
        """The body of a merge."""
        return {"from": lead.id, "into": user.id, "skip_duplicate_validation": True}


class CreatesInsteadOfConverting(Sound):
    """Makes a new user and leaves the visitor or lead where they are."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Create."""
        return self.ask("POST", "/contacts", {"role": "user", "email": user.email or f"{visitor.user_id}@example.com"})

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Create."""
        return self.ask("POST", "/contacts", {"role": "user", "email": user.email or f"{lead.id}@example.com"})


class DeletesTheLead(Sound):
    """Thinks that moving somebody is creating one and deleting the other."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Delete."""
        if not user.id:
            return super().lead_to_user(lead, user)
        self.ask("DELETE", f"/contacts/{lead.id}")
        return self.ask("GET", f"/contacts/{user.id}")


class MakesALeadOfEverybody(Sound):
    """Sends the wrong type."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert to the wrong role."""
        self.identify(user)
        return self.visitor_to_lead(visitor)


class MergesIntoSomebodyElse(Sound):
    """Looks the target up and takes the first user it finds."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge into the first user on the list who is not the one meant."""
        if not user.id:
            return super().lead_to_user(lead, user)
        contacts = self.ask("GET", "/contacts?per_page=150")["data"]
        other = next(c for c in contacts if c["role"] == "user" and c["id"] != user.id)
        return self.ask("POST", "/contacts/merge", self.merge(lead, User(other["id"])))


class MergesTheFirstLeadWithTheEmail(Sound):
    """Looks the lead up by e-mail and takes the first."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge whoever the search shows first."""
        if not user.id or not lead.email:
            return super().lead_to_user(lead, user)
        query = {"query": {"operator": "AND", "value": [
            {"field": "email", "operator": "=", "value": lead.email},
            {"field": "role", "operator": "=", "value": "lead"},
        ]}}  # fmt: skip
        found = self.ask("POST", "/contacts/search", query)["data"]
        return self.ask("POST", "/contacts/merge", self.merge(Lead(found[0]["id"]), user))


class OverwritesTheUser(Sound):
    """Copies the lead's attributes over the user's own after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge, then overwrite."""
        merged = super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{merged['id']}", {"custom_attributes": dict(lead.custom_attributes)})


class ForgetsToConvert(Sound):
    """Only looks."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Look."""
        return self.ask("GET", f"/visitors?user_id={visitor.user_id}")


class SwallowsErrors(Sound):
    """Logs what goes wrong and carries on."""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request whose failure is nobody's business."""
        try:
            return super().ask(method, path, body)
        except requests.RequestException:
            return None


class TouchesABystander(Sound):
    """Tidies up whoever has no phone."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert, and write to everybody."""
        lead = super().visitor_to_lead(visitor)
        for contact in self.ask("GET", "/contacts?per_page=150")["data"]:
            if contact["id"] != visitor.id:
                self.ask("PUT", f"/contacts/{contact['id']}", {"name": "Tidy"})
        return lead


class KeepsTheUuid(Sound):
    """Gives the new user the visitor's uuid as external id beside the e-mail."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Change the role, and keep the uuid."""
        if user.id or not user.email:
            return super().lead_to_user(lead, user)
        body = {"role": "user", "email": user.email, "external_id": lead.external_id}
        return self.ask("PUT", f"/contacts/{lead.id}", body)


class Crashes(Sound):
    """Has a bug before the first request."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Crash."""
        raise KeyError("visitor_uuid")


class Hangs(Sound):
    """Waits for something that never comes."""

    time_limit = 0.2

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Hang."""
        time.sleep(5)


class AsksNobody(Sound):
    """Believes that it is done without a single request."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Do nothing."""
        return None


class ThrowsOptOutsAway(Sound):
    """Resubscribes everybody who was merged."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge, then resubscribe."""
        merged = super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{merged['id']}", {"unsubscribed_from_emails": False})


class DropsATag(Sound):
    """Removes the trial tag after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge, then untag."""
        merged = super().lead_to_user(lead, user)
        for tag in self.ask("GET", f"/contacts/{merged['id']}/tags")["data"]:
            if tag["name"] == "trial":
                self.ask("DELETE", f"/contacts/{merged['id']}/tags/{tag['id']}")
        return merged


class TrustsTheStatus(Sound):
    """Spells `user` wrong; until 2.10 Intercom answers 200 with the unconverted visitor (facts §11.5)."""

    version = "2.10"

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert, and look at the status only."""
        sent = {"visitor": {"user_id": visitor.user_id}, "contact": self.identify(user), "type": "user"}
        self.ask("POST", "/visitors/convert", sent)


class TrustsTheStatusAndTellsAll(TrustsTheStatus):
    """The same, and hands Intercom's answer back without looking at it."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert, and pass the answer on."""
        sent = {"visitor": {"user_id": visitor.user_id}, "contact": self.identify(user), "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)


class Sound1x(Sound):
    """Sound calls in the old dialect."""

    version = "1.4"

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Convert or merge."""
        return self.ask("POST", "/contacts/convert", {"contact": {"id": lead.id}, "user": self.identify(user)})


class TakesIntercomsIdForAUserId(Sound1x):
    """Names the user by Intercom's id where an id of one's own is meant (facts §11.4)."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Convert into somebody new."""
        if not user.id:
            return super().lead_to_user(lead, user)
        sent = {"contact": {"id": lead.id}, "user": {"user_id": user.id}}
        return self.ask("POST", "/contacts/convert", sent)


class TakesTheEmailForAUserId(Sound1x):
    """Names the user by e-mail where an id of one's own is meant."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert into somebody new."""
        sent = {"visitor": {"user_id": visitor.user_id}, "user": {"user_id": user.email or user.id}, "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)


class PutsTheEmailOnTheVisitor(Sound1x):
    """In 1.x an e-mail in an update makes the visitor a lead (facts §3)."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Write the e-mail before converting."""
        if not user.email:
            return super().visitor_to_user(visitor, user)
        self.ask("PUT", "/visitors", {"user_id": visitor.user_id, "email": user.email})
        return self.ask("GET", f"/contacts?user_id={visitor.user_id}")


class MergesBackwards1x(Sound1x):
    """Has source and target the wrong way round, and does not mind being refused."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Convert the user into the lead."""
        sent = {"contact": {"id": user.id or lead.id}, "user": {"user_id": lead.external_id}}
        return self.ask("POST", "/contacts/convert", sent)


class MergesBackwards(Sound):
    """Has `from` and `into` the wrong way round."""

    def merge(self, lead: Lead, user: User) -> dict[str, Any]:
        """The user into the lead."""
        return {"from": user.id, "into": lead.id, "skip_duplicate_validation": True}


class SaysToForInto(Sound):
    """Sends `to`, which Intercom does not read."""

    def merge(self, lead: Lead, user: User) -> dict[str, Any]:
        """The wrong key."""
        return {"from": lead.id, "to": user.id, "skip_duplicate_validation": True}


class UpgradedTheVersion(Sound):
    """Merged by id for years; from 2.16 that needs a shared e-mail or phone, or an override (facts §11.9)."""

    def merge(self, lead: Lead, user: User) -> dict[str, Any]:
        """As before the upgrade."""
        return {"from": lead.id, "into": user.id}


class ForgetsTheVersion(Sound):
    """Sends no version, which means 1.0, where nothing is merged this way (facts §11.13)."""

    version = ""


class NamesTheUserByTheUuid(Sound):
    """Takes the uuid of visitor or lead for the new user's id."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert under the uuid."""
        sent = {"visitor": {"user_id": visitor.user_id}, "user": {"user_id": visitor.user_id}, "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Change the role under the uuid."""
        if user.id:
            return super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "external_id": lead.external_id})


class ConvertsTwice(Sound):
    """Asks once more to be sure, and takes the refusal for a failure."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert, and again."""
        super().visitor_to_lead(visitor)
        return super().visitor_to_lead(visitor)


class ConvertsThenCreates(Sound):
    """Creates the user whom the conversion has already made."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert, then create."""
        made = super().visitor_to_user(visitor, user)
        if not user.id:
            self.ask("POST", "/contacts", {"role": "user", "external_id": f"copy-of-{made['id']}"})
        return made


class ArchivesTheLead(Sound):
    """Hides the lead instead of folding it in."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Archive."""
        if not user.id:
            return super().lead_to_user(lead, user)
        self.ask("POST", f"/contacts/{lead.id}/archive")
        return self.ask("GET", f"/contacts/{user.id}")


class TakesAVisitorForAContact(Sound):
    """Merges the visitor as if they were a lead."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Merge by the visitor's id."""
        if not user.id:
            return super().visitor_to_user(visitor, user)
        return self.ask("POST", "/contacts/merge", self.merge(Lead(visitor.id), user))


class SendsUndefined(Sound):
    """Lost the visitor's id on the way, and logs the refusal only."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert nobody."""
        try:
            return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": "undefined"}, "type": "lead"})
        except requests.HTTPError:
            return None


class TakesNotFoundForDone(Sound):
    """A 404 means that somebody else has converted them already."""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; 404 is fine."""
        try:
            return super().ask(method, path, body)
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise


class LooksAtTheFirstPage(Sound):
    """Looks for the user on the first page of the list, and creates them if they are not there."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge into whom the first page shows, or create."""
        if not user.id:
            return super().lead_to_user(lead, user)
        page = self.ask("GET", "/contacts?per_page=1")["data"]
        if any(contact["id"] == user.id for contact in page):
            return super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "external_id": f"new-{lead.id}", "email": None})


class MergesTheNamesake(Sound):
    """Finds the lead by name."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge whoever else has the name."""
        if not user.id or not lead.name:
            return super().lead_to_user(lead, user)
        query = {"query": {"field": "name", "operator": "=", "value": lead.name}}
        found = [c for c in self.ask("POST", "/contacts/search", query)["data"] if c["role"] == "lead"]
        return self.ask("POST", "/contacts/merge", self.merge(Lead(found[0]["id"]), user))


class _WritesAfterMerging(Sound):
    """Merges, and goes on writing."""

    fields: ClassVar[dict[str, Any]] = {}

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge, then write."""
        merged = super().lead_to_user(lead, user)
        return self.ask("PUT", f"/contacts/{merged['id']}", self.fields)


class BlanksTheName(_WritesAfterMerging):
    """Writes a form's empty field."""

    fields: ClassVar[dict[str, Any]] = {"name": ""}


class UnsubscribesEverybody(_WritesAfterMerging):
    """Plays it safe, and silences people who never asked for it."""

    fields: ClassVar[dict[str, Any]] = {"unsubscribed_from_emails": True}


class RenumbersTheUser(_WritesAfterMerging):
    """Gives the user an external id of its own."""

    fields: ClassVar[dict[str, Any]] = {"external_id": "renumbered-1"}


class MovesTheEmail(_WritesAfterMerging):
    """Writes an address that nobody gave."""

    fields: ClassVar[dict[str, Any]] = {"email": "support@example.com"}


class DetachesTheCompany(Sound):
    """Takes the lead's company away after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge, then detach all companies but one."""
        merged = super().lead_to_user(lead, user)
        for company in self.ask("GET", f"/contacts/{merged['id']}/companies")["data"][1:]:
            self.ask("DELETE", f"/contacts/{merged['id']}/companies/{company['id']}")
        return merged


class ResubscribesToTheNewsletter(Sound):
    """Opts everybody in again after the merge."""

    def lead_to_user(self, lead: Lead, user: User) -> Any:
        """Merge, then remove the opt-outs."""
        merged = super().lead_to_user(lead, user)
        for entry in self.ask("GET", f"/contacts/{merged['id']}/subscriptions")["data"]:
            self.ask("DELETE", f"/contacts/{merged['id']}/subscriptions/{entry['id']}")
        return merged


class DropsTheCampaign(Sound):
    """Writes the custom attributes that it knows, and blanks the one that it does not."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert, then write."""
        lead = super().visitor_to_lead(visitor)
        return self.ask("PUT", f"/contacts/{lead['id']}", {"custom_attributes": {"campaign": None}})


class ShoutsTheEmail(Sound):
    """Writes e-mails in capitals."""

    def identify(self, user: User) -> dict[str, str]:
        """By e-mail in capitals."""
        return {"email": user.email.upper()} if user.email else super().identify(user)


class HandsBackSomebodyElse(Sound):
    """Converts rightly and tells its caller about another."""

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Convert, and show the first contact there is."""
        super().visitor_to_lead(visitor)
        contacts = self.ask("GET", "/contacts?per_page=150")["data"]
        return next(contact for contact in contacts if contact["id"] != visitor.id)


# --- right ones in other styles -------------------------------------------------------------------


class ByEmail(Sound1x):
    """Names users by e-mail wherever there is one."""

    def identify(self, user: User) -> dict[str, str]:
        """E-mail first."""
        return {"email": user.email} if user.email else super().identify(user)


class GoesHalfway(Sound):
    """Makes each visitor a lead first, and leaves them one where the rest is refused."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """In two steps."""
        self.identify(user)
        lead = self.visitor_to_lead(visitor)
        return self.lead_to_user(Lead(lead["id"], lead["external_id"]), user)


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


class SignsUpNow(Sound):
    """Writes when somebody signed up, and says so."""

    may_write = ("signed_up_at",)

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert, then write the time."""
        made = super().visitor_to_user(visitor, user)
        return self.ask("PUT", f"/contacts/{made['id']}", {"signed_up_at": int(time.time())})


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
