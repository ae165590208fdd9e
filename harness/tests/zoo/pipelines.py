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
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}", "Intercom-Version": self.version}
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
