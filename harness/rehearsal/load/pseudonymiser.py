"""Puts pseudonyms into people and into what they have.

One map is used for everything, so what was equal anywhere is equal afterwards: an external id that stands in a custom
attribute as well, a company's name and the domain of its addresses. Who is who, and what decides a conversion, stays:
which addresses are equal, equal but for case, of one domain, plus-addressed, malformed or blank. Moments, flags and
the ids of tags, teammates and subscription types stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Final

import msgspec

from harness.rehearsal.load.loaded_items import LoadedContact, LoadedConversation, LoadedTag
from harness.rehearsal.load.shape_cipher import ShapeCipher
from harness.rehearsal.load.shared_values import SharedValues
from harness.sandbox.rules.person import Person
from harness.sandbox.store.belongings import Company, Note, Part
from harness.sandbox.store.ids import COLORS, THINGS

ATTRIBUTES: Final = (
    "language_override", "browser", "browser_version", "browser_language", "os", "referrer", "utm_campaign",
    "utm_content", "utm_medium", "utm_source", "utm_term",
)  # fmt: skip
"""Attributes of people that stay where enough people share them."""
ATTRIBUTES_OF: Final = attrgetter(*ATTRIBUTES)
IDENTIFIERS: Final = ("person_id", "external_id", "email", "phone", "name")
"""What a file of old and new values tells of people."""
IDENTIFIERS_OF: Final = attrgetter(*IDENTIFIERS)
NOT_KEPT: Final = frozenset({"latitude", "longitude", "postal_code"})
"""Parts of a location that say where a person lives; they are left out."""
COMPANY_VALUES: Final = ("plan", "industry")
MARKUP: Final = re.compile(r"(</?[a-z][a-z0-9]{0,9} ?/?>)")
URL: Final = re.compile(r"([a-z][a-z0-9+.-]{1,20}://)([^/?#]*)(.*)", re.DOTALL | re.IGNORECASE)
DATE_WORDS: Final = ("_at", "_on", "date", "time", "timestamp")
"""How names of attributes end that hold moments, where nothing else tells so."""
MOMENTS: Final = range(1_000_000_000, 4_000_000_000)
REMEMBERED: Final = 50_000

Told = Callable[[str, str, str], object]
"""Told of each value that was replaced: what it is, the old one, the new one."""


class Pseudonymiser:
    """Replaces values by one key.

    shared: says which may stay. told: hears of identifiers, for a file of old and new. dates: names of custom
    attributes that hold moments.
    """

    def __init__(
        self, key: bytes, shared: SharedValues, told: Told | None = None, *, dates: frozenset[str] = frozenset()
    ) -> None:
        self._dates = dates
        self._text = ShapeCipher(key, "people").text
        self._shared = shared
        self._told = told
        self._words: dict[str, str] = {}

    # Values

    def word(self, value: str) -> str:
        """Return what stands for a text that is likely to come again."""
        found = self._words.get(value)
        if found is None:
            if len(self._words) >= REMEMBERED:
                self._words.clear()
            found = self._words[value] = self._text(value)
        return found

    def email(self, value: str) -> str:
        """Return what stands for an address: each of local part, what is behind a plus sign, and domain by itself."""
        local, at, domain = value.rpartition("@")
        if not at:
            return self._text(value)
        base, plus, tag = local.partition("+")
        return f"{self._text(base)}{plus}{self._text(tag) if tag else ''}@{self.domain(domain)}"

    def domain(self, value: str) -> str:
        """Return what stands for a domain; its last label is replaced by itself."""
        name, dot, ending = value.rpartition(".")
        return f"{self.word(name)}{dot}{self.word(ending)}" if dot else self.word(value)

    def free_text(self, value: str) -> str:
        """Return what stands for a text of any kind: an address, a URL, or words with plain markup."""
        url = URL.fullmatch(value)
        if url:
            return f"{url[1]}{self.domain(url[2])}{self._text(url[3])}"
        if value.count("@") == 1 and " " not in value.strip():
            return self.email(value)
        if "<" not in value:
            return self._text(value)
        parts = MARKUP.split(value)
        return "".join(part if at % 2 else self._text(part) for at, part in enumerate(parts))

    def value(self, column: str, value: object) -> object:
        """Return what stands for the value of an attribute: itself where enough people share it, no address."""
        if value is None or isinstance(value, bool) or self._is_shared(column, value):
            return value
        if isinstance(value, str):
            return self.free_text(value) if value else value
        if isinstance(value, int):
            return value if value in MOMENTS and self._is_date(column) else self._whole(value)
        if isinstance(value, float):
            return self._fraction(value)
        if isinstance(value, list):
            return [self.value(column, one) for one in value]
        if isinstance(value, dict):
            return {name: self.value(f"{column}.{name}", one) for name, one in value.items()}
        return value

    def _is_date(self, column: str) -> bool:
        return column in self._dates or column.lower().endswith(DATE_WORDS)

    def _is_shared(self, column: str, value: object) -> bool:
        if isinstance(value, str):
            return "@" not in value and self._shared.holds(column, value)
        return isinstance(value, (int, float)) and self._shared.holds(column, value)

    def _whole(self, value: int) -> int:
        found = int(self._text(str(abs(value))))
        return -found if value < 0 else found

    def _fraction(self, value: float) -> float:
        digits, sign, exponent = repr(value).partition("e")
        try:
            return float(f"{self._text(digits)}{sign}{exponent}")
        except ValueError:  # no number has such a name: infinity and others
            return 0.0

    # People and things

    def contact(self, contact: LoadedContact) -> None:
        """Put pseudonyms into a contact."""
        self.person(contact.person)
        if contact.companies:
            contact.companies = tuple(map(self.word, contact.companies))

    def person(self, person: Person) -> None:
        """Put pseudonyms into a person."""
        old = None if self._told is None else IDENTIFIERS_OF(person)
        self._identify(person)
        self._describe(person)
        if old is not None:
            for what, before, after in zip(IDENTIFIERS, old, IDENTIFIERS_OF(person), strict=True):
                if before and self._told is not None:
                    self._told(what.removeprefix("person_"), before, after)

    def _identify(self, person: Person) -> None:
        text = self._text
        person.person_id = text(person.person_id)
        if person.external_id:
            person.external_id = self.identifier(person.external_id)
        if person.email:
            person.email = self.email(person.email)
        if person.phone:
            person.phone = text(person.phone)
        if person.name:
            person.name = self.free_text(person.name)

    def _describe(self, person: Person) -> None:
        if person.pseudonym:
            person.pseudonym = self._pseudonym(person.pseudonym)
        if person.avatar:
            person.avatar = self.free_text(person.avatar)
        if person.social_profiles:
            person.social_profiles = [self._profile(one) for one in person.social_profiles]
        shared = self._shared.holds
        for name, value in zip(ATTRIBUTES, ATTRIBUTES_OF(person), strict=True):
            if value and ("@" in value or not shared(name, value)):
                setattr(person, name, self.free_text(value))
        if person.location:
            person.location = self._location(person.location)
        if person.custom_attributes:
            value_of = self.value
            person.custom_attributes = {name: value_of(name, one) for name, one in person.custom_attributes.items()}

    def identifier(self, value: str) -> str:
        """Return what stands for an identifier, which may be an address."""
        return self.email(value) if "@" in value else self._text(value)

    def _pseudonym(self, value: str) -> str:
        """Return another of Intercom's pseudonyms; the city at its end is left out."""
        drawn = int.from_bytes(self._text(value.ljust(12, "x")).encode(), "big")
        return f"{COLORS[drawn % len(COLORS)]} {THINGS[drawn // 97 % len(THINGS)]}"

    def _profile(self, profile: dict[str, object]) -> dict[str, object]:
        kept = ("type", "name")
        return {name: one if name in kept else self.value("profile", one) for name, one in profile.items()}

    def _location(self, location: dict[str, object]) -> dict[str, object]:
        return {name: self.value(name, value) for name, value in location.items() if name not in NOT_KEPT}

    def company(self, company: Company) -> None:
        """Put pseudonyms into a company."""
        old = company.company_id
        same = company.company_id == company.company_key
        company.company_key = self.word(company.company_key)
        if company.company_id:
            company.company_id = company.company_key if same else self.identifier(company.company_id)
        if company.name:
            company.name = self._text(company.name)
        if company.website:
            company.website = self.free_text(company.website)
        for name in COMPANY_VALUES:
            found = getattr(company, name)
            if found and not self._shared.holds(f"company {name}", found):
                setattr(company, name, self._text(found))
        attributes = company.custom_attributes
        company.custom_attributes = {name: self.value(f"company {name}", one) for name, one in attributes.items()}
        if self._told is not None and old and company.company_id:
            self._told("company_id", old, company.company_id)

    def tag(self, tag: LoadedTag) -> LoadedTag:
        """Return a tag under another name, unless enough people have it."""
        return tag if self._shared.holds("tag", tag.tag_id) else LoadedTag(tag.tag_id, self._text(tag.name))

    def note(self, note: Note) -> Note:
        """Return a note under pseudonyms."""
        body = note.body if self._shared.holds("note", note.body) else self.free_text(note.body)
        return Note(note.note_id, self._text(note.person_id), note.created_at, note.admin_id, body)

    def conversation(self, found: LoadedConversation) -> None:
        """Put pseudonyms into a conversation and its parts; attachments are left out."""
        conversation = found.conversation
        found.person_ids = [self._text(one) for one in found.person_ids]
        conversation.person_id = self._text(conversation.person_id) if conversation.person_id else None
        conversation.body = self._said(conversation.body) or ""
        conversation.subject = self._said(conversation.subject) or ""
        conversation.title = self._said(conversation.title)
        attributes = conversation.custom_attributes
        conversation.custom_attributes = {
            name: self.value(f"conversation {name}", one) for name, one in attributes.items()
        }
        conversation.attachments = []
        conversation.parts = [self._part(part) for part in conversation.parts]

    def _part(self, part: Part) -> Part:
        person_id = self._text(part.person_id) if part.person_id else None
        return msgspec.structs.replace(part, person_id=person_id, body=self._said(part.body), attachments=[])

    def _said(self, text: str | None) -> str | None:
        return text if not text or self._shared.holds("said", text) else self.free_text(text)
