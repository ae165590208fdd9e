"""Jobs that find their people themselves: wrong ones, each with one bug, and right ones."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.people import Lead, User
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import JOBS, Kill, bug, right
from harness.zoo.expected_claims import (
    BATCH,
    CAPITALS,
    LEADS_ALONE,
    NOTHING_TO_DO,
    ONE_LEAD,
    PAGES_OF_LEADS,
    PAGES_OF_USERS,
    SEVERAL_LEADS,
    STILL_THERE,
    WORKED,
)
from harness.zoo.sound_requests import Sound


@right("2.11", "2.16", modules=JOBS)
class SoundJob(Sound):
    """What the wrong ones start from: every page of leads, a search for the user of each."""

    per_page = 150

    def run(self) -> None:
        """Merge each lead into the user with the same e-mail."""
        for lead in list(self.leads()):
            users = self.users_of(lead)
            if users:
                self.lead_to_user(Lead(lead["id"]), User(users[0]["id"]))

    def leads(self) -> Iterator[IntercomBody]:
        """All leads."""
        return self.everybody("lead")

    def everybody(self, role: str) -> Iterator[IntercomBody]:
        """All contacts of a role, page by page."""
        pages: dict[str, object] = {"per_page": self.per_page}
        while True:
            found = self.search({"field": "role", "operator": "=", "value": role}, pages)
            yield from found["data"]
            if not found["pages"].get("next"):
                return
            pages["starting_after"] = found["pages"]["next"]["starting_after"]

    def users_of(self, lead: IntercomBody) -> list[IntercomBody]:
        """The user with the lead's e-mail."""
        if not lead["email"]:
            return []
        same = {"field": "email", "operator": "=", "value": lead["email"].lower()}
        user = {"field": "role", "operator": "=", "value": "user"}
        found: list[IntercomBody] = self.search({"operator": "AND", "value": [same, user]})["data"]
        return found

    def search(self, query: dict[str, object], pages: dict[str, object] | None = None) -> IntercomBody:
        """One page of a search."""
        return self.ask("POST", "/contacts/search", {"query": query, **({"pagination": pages} if pages else {})})


@bug(
    "page of search results truncated",
    Kill(PAGES_OF_LEADS, "is gone by id", STILL_THERE, "it read the first page only (150 of 160)"),
)
class ReadsOnePageOfLeads(SoundJob):
    """Takes a page for all."""

    def leads(self) -> Iterator[IntercomBody]:
        """The first page."""
        yield from self.search({"field": "role", "operator": "=", "value": "lead"}, {"per_page": 150})["data"]


@bug(
    "page of users truncated",
    Kill(PAGES_OF_USERS, "is gone by id", STILL_THERE, "it read the first page only (50 of 159)"),
)
class ReadsOnePageOfUsers(SoundJob):
    """Takes the first fifty users for all."""

    def users_of(self, lead: IntercomBody) -> list[IntercomBody]:
        """Whoever of the first page has the e-mail."""
        page = self.search({"field": "role", "operator": "=", "value": "user"})["data"]
        return [user for user in page if lead["email"] and user["email"] == lead["email"].lower()]


@bug(
    "last of several leads with one e-mail",
    Kill(SEVERAL_LEADS, "is gone by id", STILL_THERE, "no conversion of 2 of 3 people"),
)
class KeepsOneLeadPerEmail(SoundJob):
    """Files leads by e-mail, where the last one wins."""

    def leads(self) -> Iterator[IntercomBody]:
        """One of each e-mail."""
        yield from {lead["email"]: lead for lead in super().leads()}.values()


@bug(
    "people matched by name",
    Kill(BATCH, "not deleted", "link </contacts/", "of the same name"),
)
class MatchesByName(SoundJob):
    """Takes people of one name for one person."""

    def users_of(self, lead: IntercomBody) -> list[IntercomBody]:
        """The user of the batch whose lead came first with this name."""
        leads = [other for other in super().leads() if other["name"] == lead["name"]]
        return super().users_of(min(leads, key=lambda other: str(other["id"])))


@bug(
    "e-mails compared by case",
    Kill(CAPITALS, "is gone by id", STILL_THERE, "asked for no conversion"),
)
class ComparesLettersExactly(SoundJob):
    """Takes capitals for another address."""

    def users_of(self, lead: IntercomBody) -> list[IntercomBody]:
        """Only who writes it the same way."""
        return [user for user in super().users_of(lead) if user["email"] == lead["email"]]


@bug(
    "conversion of bystanders",
    Kill(ONE_LEAD, "bystander lead", "role", "people who were not meant"),
)
class MakesUsersOfTheRest(SoundJob):
    """Promotes everybody who has an e-mail."""

    def run(self) -> None:
        """Merge, then promote."""
        super().run()
        for lead in list(self.leads()):
            if lead["email"]:
                self.lead_to_user(Lead(lead["id"]), User(email=f"new.{lead['email']}"))


@bug(
    "leads deleted that are left over",
    Kill(ONE_LEAD, "no other contact", "missing: lead", "has nothing"),
    Kill(LEADS_ALONE, "no other", "missing: lead", "deleted"),
)
class TidiesUp(SoundJob):
    """Deletes the leads that it has no use for."""

    def run(self) -> None:
        """Merge, then delete."""
        super().run()
        for lead in list(self.leads()):
            self.ask("DELETE", f"/contacts/{lead['id']}")


@bug(
    "batch ended after the first",
    Kill(BATCH, "is gone by id", STILL_THERE, "no conversion of 4 of 5 people"),
)
class StopsSilentlyAtTheFirstRefusal(SoundJob):
    """Believes that a refusal ends the work, and forgets where it was."""

    def run(self) -> None:
        """Merge the first alone."""
        for lead in list(self.leads()):
            users = self.users_of(lead)
            if users:
                self.lead_to_user(Lead(lead["id"]), User(users[0]["id"]))
                return


@bug(
    "a day without work taken for an error",
    Kill(NOTHING_TO_DO, WORKED, "it raised LookupError", "asked for no conversion"),
)
class FailsWhereThereIsNothing(SoundJob):
    """Takes a day without work for an error."""

    def run(self) -> None:
        """Merge, or fail."""
        if not any(self.users_of(lead) for lead in self.leads()):
            raise LookupError("no leads to merge")
        super().run()


@right("2.11", "2.16", modules=JOBS, only=(ONE_LEAD, NOTHING_TO_DO))
class RunOnly:
    """A right job that is nothing else."""

    def run(self) -> None:
        """Merge."""
        SoundJob().run()
