"""The people of a generated workspace, by a profile and a seed, in the order in which they were first seen."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from harness.core.clock import RUN_START
from harness.rehearsal.load import generated_names as names
from harness.rehearsal.load.generated_emails import EmailMaker
from harness.rehearsal.load.workspace_profile import Profile
from harness.sandbox.rules.person import Person
from harness.sandbox.store.ids import Ids

T = TypeVar("T")

END: Final = int(RUN_START) - 3_600
"""Nothing in a generated workspace happened later."""
YEARS: Final = 3 * 365 * 86_400
"""How long ago the first of them was seen, in seconds."""
BEGIN: Final = END - YEARS


@dataclass(slots=True)
class GeneratedPerson:
    """A person with what they have: numbers of companies and of tags, and consents by subscription type."""

    person: Person
    companies: Sequence[int] = ()
    tags: Sequence[int] = ()
    consents: dict[int, str] = field(default_factory=dict)
    noted: bool = False
    talks: bool = False


class PeopleGenerator:
    """Makes people. The same seed, profile, ids and number of companies give the same people."""

    def __init__(self, rng: random.Random, profile: Profile, ids: Ids, companies: int) -> None:
        self._rng = rng
        self._profile = profile
        self._ids = ids
        self._companies = companies
        self._emails = EmailMaker(rng, profile)

    def people(self, total: int) -> Iterator[GeneratedPerson]:
        """Yield so many people, the oldest first."""
        step = YEARS / (total + 1)
        for number in range(1, total + 1):
            yield self._one(number, BEGIN + int(step * number))

    def _one(self, number: int, created_at: int) -> GeneratedPerson:
        chance, profile = self._rng.random, self._profile
        companies = self._several(profile.companies, self._companies)
        words = (self._among(names.FIRST), self._among(names.LAST))
        is_user = chance() < profile.users
        person = self._person(number, created_at, is_user, words, companies)
        self._add_contact_data(person, number, words)
        self._add_history(person)
        found = GeneratedPerson(person, companies, self._several(profile.tags, len(names.TAGS)))
        if chance() < profile.opted_out:
            found.consents[1] = "opt_out"
        if chance() < profile.opted_in:
            found.consents[2] = "opt_in"
        found.noted, found.talks = chance() < profile.notes, chance() < profile.conversations
        return found

    def _person(
        self, number: int, created_at: int, is_user: bool, words: tuple[str, str], companies: Sequence[int]
    ) -> Person:
        chance, profile, ids = self._rng.random, self._profile, self._ids
        domain = names.company_domain(companies[0] + 1) if companies else None
        person = Person(
            person_id=ids.object_id(created_at, number),
            kind="user" if is_user else "lead",
            created_at=created_at,
            updated_at=created_at + int(chance() * (END - created_at)),
        )
        if not is_user:
            person.external_id, person.pseudonym = ids.uuid(number), ids.pseudonym(number)
            person.email = self._emails.of_lead(words, number, domain)
            if chance() < profile.external_channels:
                person.channel = self._among(names.CHANNELS)
        elif chance() < profile.archived_twins and (twin := self._emails.of_users.pick()):
            person.email, person.archived, person.external_id = twin, True, f"old-{number}"
        else:
            person.email = self._emails.of_user(words, number, domain)
            if person.email is None or chance() >= profile.users_without_external_id:
                person.external_id = str(100_000 + number)
        if chance() < profile.owned:
            person.owner_id = ids.admin_id()
        if chance() < profile.archived:
            person.archived = True
        return person

    def _add_contact_data(self, person: Person, number: int, words: tuple[str, str]) -> None:
        chance, profile = self._rng.random, self._profile
        if chance() >= profile.blank_names:
            person.name = f"{words[0]} {words[1]}"
        if chance() < profile.phones:
            person.phone = f"+1{200 + number % 700}55501{number // 700 % 100:02d}"
        if chance() < 0.6:
            city, region, country, code, continent = self._among(names.CITIES)
            person.location = {
                "city_name": city, "region_name": region, "country_name": country, "country_code": code,
                "continent_code": continent,
            }  # fmt: skip
        attributes: dict[str, object] = {}
        if person.kind == "user":
            attributes["plan"], attributes["seats"] = self._among(names.PLANS), 1 + int(chance() * 20)
            attributes["is_admin"] = chance() < 0.2
        if chance() < 0.5:
            attributes["lead_source"] = self._among(names.SOURCES)
        person.custom_attributes = attributes

    def _add_history(self, person: Person) -> None:
        chance, profile = self._rng.random, self._profile
        seen = chance()
        if seen < 0.8:
            person.last_seen_at = person.updated_at
            person.session_count = 1 + int(chance() * 40)
            person.browser, person.os = self._among(names.BROWSERS)
            person.browser_language = self._among(names.LANGUAGES)
        if person.kind == "user":
            person.signed_up_at = person.created_at + int(seen * 1000)
        if seen < 0.15:
            person.utm_source, person.referrer = self._among(names.SOURCES), "https://search.example/"
        person.unsubscribed_from_emails = chance() < profile.unsubscribed
        person.has_hard_bounced = chance() < profile.hard_bounced
        person.marked_email_as_spam = chance() < profile.marked_as_spam

    def _several(self, shares: Sequence[float], most: int) -> Sequence[int]:
        """Return numbers below `most`, as many as the shares of 0, 1, 2, … make it."""
        found, count = self._rng.random(), 0
        for share in shares[:-1]:
            found -= share
            if found < 0:
                break
            count += 1
        if not count or not most:
            return ()
        return tuple({int(self._rng.random() * most): None for _ in range(count)})

    def _among(self, values: Sequence[T]) -> T:
        return values[int(self._rng.random() * len(values))]
