"""Everything Intercom tells of everybody at one moment: the reads before the pipeline's first call, and after its last.

The same reads are made both times, in the newest version, because a 404 proves absence only where the same read found
the entity before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from harness.client import IntercomClient, Reading
from harness.client.intercom import segment
from harness.core.people import Person, User

PAGE = 150
PAGES_AT_MOST = 2_000


@dataclass(frozen=True, slots=True)
class PersonSnapshot:
    """All reads about one person at one moment; `None` where there was nothing to ask by."""

    by_uuid: Reading | None = None
    by_id: Reading | None = None
    by_external_id: Reading | None = None
    by_email: Reading | None = None
    tags: Reading | None = None
    notes: Reading | None = None
    companies: Reading | None = None
    conversations: Reading | None = None
    subscriptions: Reading | None = None
    events: Reading | None = None
    talks: Mapping[str, Reading] = field(default_factory=dict)
    """Each conversation by its id, with its parts."""

    def readings(self) -> Iterable[tuple[str, Reading]]:
        """Return the reads that were made, by name."""
        for spec in fields(self):
            reading = getattr(self, spec.name)
            if isinstance(reading, Reading):
                yield spec.name, reading
        for conversation_id, reading in self.talks.items():
            yield f"conversation {conversation_id}", reading

    def about(self) -> dict[str, tuple[Reading, object]]:
        """Each read by name with what it tells of this person: of a search their own entry, of an error no number."""
        return {name: (reading, self._own(name, reading)) for name, reading in self.readings()}

    def _own(self, name: str, reading: Reading) -> object:
        answer = reading.answer
        if not isinstance(answer, Mapping):
            return answer
        if name == "by_email":
            mine = (self.body or {}).get("id")
            return [entry for entry in answer.get("data", []) if entry.get("id") == mine]
        if name == "companies":
            return [lasting(company) for company in answer.get("data", [])]
        return {key: value for key, value in answer.items() if key != "request_id"}

    @property
    def body(self) -> Mapping[str, object] | None:
        """The contact, or else the visitor, as it was shown."""
        for reading in (self.by_id, self.by_uuid):
            if reading is not None and reading.found and isinstance(reading.answer, Mapping):
                return reading.answer
        return None

    @property
    def role(self) -> str | None:
        """`visitor`, `lead` or `user`; `None` if nobody was found."""
        body = self.body
        return None if body is None else str(body.get("role") or body.get("type"))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Portraits by person, and the list of the workspace's contacts."""

    portraits: Mapping[str, PersonSnapshot]
    contacts: Mapping[str, Mapping[str, Any]]
    listed: tuple[Reading, ...]
    tags: Reading | None = None
    """All tags of the workspace, with their names."""
    attributes: Reading | None = None
    """All data attributes of contacts."""

    @property
    def complete(self) -> bool:
        """Whether the list of contacts was read to its end."""
        return bool(self.listed) and all(reading.found for reading in self.listed)

    def with_portraits(self, client: IntercomClient, people: Iterable[Person]) -> Snapshot:
        """The same census with portraits of those it lacks."""
        lacking = {key_of(person): person for person in people if key_of(person) not in self.portraits}
        more = {key: take_portrait(client, person) for key, person in lacking.items()}
        return replace(self, portraits={**self.portraits, **more}) if more else self

    def with_archived(self, archived: Mapping[str, PersonSnapshot]) -> Snapshot:
        """Return the same census with those who are archived as they were shown before."""
        return replace(self, portraits={**self.portraits, **archived}) if archived else self

    def with_external_id(self, external_id: str) -> list[Mapping[str, object]]:
        """The contacts that the list shows with this external id: the only prompt read that finds leads by theirs."""
        return [body for body in self.contacts.values() if body.get("external_id") == external_id]

    def of(self, person: Person) -> PersonSnapshot:
        """The portrait of one person; an empty one of somebody nobody asked about."""
        return self.portraits.get(key_of(person), PersonSnapshot())


def key_of(person: Person) -> str:
    """What a person is filed under: Intercom's id, or how a user who does not exist yet is identified."""
    return person.id or person.email or getattr(person, "external_id", None) or "nobody"


def take_census(client: IntercomClient, people: Iterable[Person], bystanders: Iterable[Person] = ()) -> Snapshot:
    """Read everybody, and the list of contacts; bystanders in fewer reads."""
    brief = {key_of(person) for person in bystanders}
    portraits: dict[str, PersonSnapshot] = {}
    for person in people:
        if (key := key_of(person)) not in portraits:
            portraits[key] = (take_sketch if key in brief else take_portrait)(client, person)
    listed, contacts = _list_contacts(client)
    attributes = client.get("/data_attributes", model="contact")
    return Snapshot(portraits, contacts, listed, client.get("/tags"), attributes)


def take_portrait(client: IntercomClient, person: Person) -> PersonSnapshot:
    """Every read that can tell something about one person; Intercom finds users alone by their external id."""
    uuid, external_id = person.uuid, person.external_id if isinstance(person, User) else None
    return PersonSnapshot(
        by_uuid=client.get("/visitors", user_id=uuid) if uuid else None,
        by_id=(found := client.get(f"/contacts/{segment(person.id)}") if person.id else None),
        by_external_id=client.get(f"/contacts/find_by_external_id/{segment(external_id)}") if external_id else None,
        by_email=_search(client, "email", person.email) if person.email else None,
        **(_belongings(client, person.id) if person.id and found is not None and found.found else {}),
    )


def take_sketch(client: IntercomClient, person: Person) -> PersonSnapshot:
    """The fewest reads in which any change to somebody shows: their body names tags, notes and opt-outs."""
    found = client.get(f"/contacts/{segment(person.id)}") if person.id else None
    return PersonSnapshot(
        by_uuid=client.get("/visitors", user_id=person.uuid) if person.uuid else None,
        by_id=found,
        **(_few_belongings(client, person.id) if person.id and found is not None and found.found else {}),
    )


def _belongings(client: IntercomClient, contact_id: str) -> dict[str, Any]:
    base = f"/contacts/{segment(contact_id)}"
    found: dict[str, Any] = {name: client.get(f"{base}/{name}") for name in ("tags", "notes", "subscriptions")}
    found |= _few_belongings(client, contact_id)
    ids = sorted(ids_in(found["conversations"]))
    talks = {one: client.get(f"/conversations/{segment(one)}") for one in ids}
    return {**found, "talks": talks}


def _few_belongings(client: IntercomClient, contact_id: str) -> dict[str, Any]:
    """Read what a contact's own body does not tell of: fields of companies, conversations, events."""
    return {
        "companies": client.get(f"/contacts/{segment(contact_id)}/companies"),
        "conversations": _conversations(client, contact_id),
        "events": client.get("/events", type="user", intercom_user_id=contact_id),
    }


COUNTED: Final = ("user_count", "session_count", "last_request_at", "updated_at", "segments")
"""What Intercom itself counts of a company: it changes when somebody joins, or is merged."""


def lasting(company: Mapping[str, object]) -> dict[str, object]:
    """Return what a company's body shows of it but for what Intercom counts."""
    return {name: value for name, value in company.items() if name not in COUNTED}


def _conversations(client: IntercomClient, contact_id: str) -> Reading:
    query = {"query": {"field": "contact_ids", "operator": "=", "value": contact_id}}
    return client.ask("POST", "/conversations/search", query)


def _search(client: IntercomClient, field: str, value: str) -> Reading:
    return client.ask("POST", "/contacts/search", {"query": {"field": field, "operator": "=", "value": value}})


def _list_contacts(client: IntercomClient) -> tuple[tuple[Reading, ...], dict[str, Mapping[str, object]]]:
    readings: list[Reading] = []
    contacts: dict[str, Mapping[str, object]] = {}
    query: dict[str, object] = {"per_page": PAGE}
    while len(readings) < PAGES_AT_MOST:
        reading = client.get("/contacts", **query)
        readings.append(reading)
        answer = reading.answer if isinstance(reading.answer, Mapping) else {}
        contacts.update({entry["id"]: entry for entry in answer.get("data", [])})
        following = (answer.get("pages") or {}).get("next")
        if not reading.found or not following:
            break
        query = {"per_page": PAGE, "starting_after": following["starting_after"]}
    return tuple(readings), contacts


def ids_in(reading: Reading | None) -> frozenset[str]:
    """The ids of the entries of a list that was read."""
    if reading is None or not isinstance(reading.answer, Mapping):
        return frozenset()
    entries = reading.answer.get("data") or reading.answer.get("conversations") or []
    return frozenset(str(entry["id"]) for entry in entries)
