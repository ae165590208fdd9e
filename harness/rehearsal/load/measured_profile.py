"""What the people of a loaded workspace are like, measured in its database: shares only, no values."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Final

from harness.rehearsal.load import generated_names
from harness.rehearsal.load.loaded_items import LoadedContact
from harness.rehearsal.load.workspace_profile import Profile
from harness.sandbox.rules.person import Person

MOST: Final = 4
"""Lists of a profile hold the shares of 0, 1, 2 and of 3 or more."""
SHARED: Final = frozenset({*generated_names.SHARED, "contact", "mail"})

DOUBLED: Final = """
    WITH doubled AS (SELECT email_key FROM people WHERE email_key NOT NULL GROUP BY email_key HAVING count(*) > 1),
    counted AS (SELECT sum(kind = 'lead') AS leads, sum(kind = 'user' AND NOT archived) AS users,
        sum(kind = 'user' AND archived) AS gone
        FROM people WHERE email_key IN (SELECT email_key FROM doubled) GROUP BY email_key)
    SELECT ifnull(sum(leads * (users > 0)), 0), ifnull(sum(max(leads - 1, 0)), 0), ifnull(sum(max(users - 1, 0)), 0),
        ifnull(sum(gone * (users > 0)), 0) FROM counted"""
"""How many leads have a user's e-mail, leads an earlier lead's, users an earlier user's, archived users a user's."""


class PeopleCounts:
    """Counts what people are like while they are written."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()
        self._companies: Counter[int] = Counter()
        self._tags: Counter[int] = Counter()

    def see(self, contact: LoadedContact) -> None:
        """Count one contact, before anything is replaced."""
        person, of = contact.person, self.of
        kind = "users" if person.kind == "user" else "leads"
        of[kind] += 1
        self._companies[min(len(contact.companies), MOST - 1)] += 1
        self._tags[min(len(contact.tags), MOST - 1)] += 1
        if person.email:
            of[f"{kind}_with_email"] += 1
            self._see_email(person.email)
        self._see_person(person)
        for _, consent in contact.consents:
            of[consent] += 1

    def _see_email(self, email: str) -> None:
        of = self.of
        local, at, domain = email.rpartition("@")
        if not at or "." not in domain or "," in email or not local:
            of["malformed"] += 1
        if email != email.lower():
            of["other_case"] += 1
        if email != email.strip():
            of["spaces"] += 1
        if "+" in local:
            of["plus_addressed"] += 1
        if local.strip().lower() in SHARED:
            of["shared_inboxes"] += 1

    def _see_person(self, person: Person) -> None:
        of = self.of
        if not person.name:
            of["blank_names"] += 1
        if person.phone:
            of["phones"] += 1
        if person.archived:
            of["archived"] += 1
        if person.kind == "user" and not person.external_id:
            of["users_without_external_id"] += 1
        if person.channel:
            of["external_channels"] += 1
        if person.unsubscribed_from_emails:
            of["unsubscribed"] += 1
        if person.has_hard_bounced:
            of["hard_bounced"] += 1
        if person.marked_email_as_spam:
            of["marked_as_spam"] += 1
        if person.owner_id:
            of["owned"] += 1

    def profile(self, connection: sqlite3.Connection, counts: dict[str, int]) -> Profile:
        """Return the profile. counts: how many companies, notes and conversations there are."""
        of = self.of
        users, leads = of["users"], of["leads"]
        everyone, emails = users + leads, of["users_with_email"] + of["leads_with_email"]
        of_users, of_leads, among_users, twins = connection.execute(DOUBLED).fetchone()
        members = sum(self._companies.values()) - self._companies[0]
        return Profile(
            users=_share(users, everyone),
            leads_without_email=_share(leads - of["leads_with_email"], leads),
            users_without_email=_share(users - of["users_with_email"], users),
            users_without_external_id=_share(of["users_without_external_id"], users),
            external_channels=_share(of["external_channels"], leads),
            leads_with_email_of_user=_share(of_users, of["leads_with_email"]),
            leads_with_email_of_lead=_share(of_leads, of["leads_with_email"]),
            users_with_email_of_user=_share(among_users, of["users_with_email"]),
            archived_twins=_share(twins, users),
            **{name: _share(of[name], emails) for name in OF_EMAILS},
            **{name: _share(of[name], everyone) for name in OF_EVERYONE},
            opted_out=_share(of["opt_out"], everyone),
            opted_in=_share(of["opt_in"], everyone),
            companies=_shares(self._companies, everyone),
            tags=_shares(self._tags, everyone),
            notes=_share(counts["notes"], everyone),
            conversations=_share(counts["conversations"], everyone),
            people_in_a_company=max(round(members / max(counts["companies"], 1), 2), 1.0),
        )


OF_EMAILS: Final = ("other_case", "spaces", "plus_addressed", "malformed", "shared_inboxes")
OF_EVERYONE: Final = (
    "archived", "blank_names", "phones", "unsubscribed", "hard_bounced", "marked_as_spam", "owned",
)  # fmt: skip


def _share(part: int, whole: int) -> float:
    return round(min(part / whole, 1.0), 5) if whole else 0.0


def _shares(counted: Counter[int], whole: int) -> tuple[float, ...]:
    return tuple(_share(counted[number], whole) for number in range(MOST))
