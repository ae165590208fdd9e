"""Pipelines that take what a list or a search shows for the state of the moment: both lag behind reads by id."""

from __future__ import annotations

from harness.core.people import Lead, User
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import SEARCH_IS_OLD, SEARCH_SHOWS_OLD_EMAIL
from harness.zoo.unsteady import Steady


@bug("stale e-mail believed of a search", Kill(SEARCH_SHOWS_OLD_EMAIL, "the user exists under the source's id"))
class BelievesTheSearch(Steady):
    """Merges into whoever a search shows under the e-mail, who may have another one by now."""

    def found(self, email: str | None) -> list[IntercomBody]:
        """Return the contacts with this e-mail, by a search."""
        query = {"query": {"field": "email", "operator": "=", "value": email}}
        return list(self.ask("POST", "/contacts/search", query)["data"])

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Look the user up by e-mail, then merge or promote."""
        there = [one for one in self.found(user.email) if one["role"] == "user"]
        if not there:
            return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "email": user.email})
        return self.joined(lead, there[0])

    def joined(self, lead: Lead, shown: IntercomBody) -> IntercomBody:
        """Merge the lead into the user who was shown."""
        body = {"from": lead.id, "into": shown["id"], "skip_duplicate_validation": True}
        return self.ask("POST", "/contacts/merge", body)


@bug("stale e-mail believed of a list", Kill(SEARCH_SHOWS_OLD_EMAIL, "the user exists under the source's id"))
class BelievesTheList(BelievesTheSearch):
    """Reads the list of contacts for the user with the e-mail, and merges into them."""

    def found(self, email: str | None) -> list[IntercomBody]:
        """Return the contacts with this e-mail, by the first page of the list."""
        listed = self.ask("GET", "/contacts?per_page=150")["data"]
        return [one for one in listed if one["email"] == email]


@bug("stale attributes written back from a search", Kill(SEARCH_IS_OLD, "custom_attributes.plan"))
class WritesBackWhatSearchShowed(BelievesTheSearch):
    """Merges, and then writes the attributes that the search showed, to be sure that none is lost."""

    def joined(self, lead: Lead, shown: IntercomBody) -> IntercomBody:
        """Merge, then write."""
        super().joined(lead, shown)
        return self.ask("PUT", f"/contacts/{shown['id']}", {"custom_attributes": shown["custom_attributes"]})
