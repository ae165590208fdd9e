"""What people have to lose, made through Intercom's own API: attributes, tags, notes, companies, conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final

from harness.client import IntercomClient, Reading
from harness.core.errors import NotPossibleHere, NotPossibleReason, Problem
from harness.core.marked_names import marked_name
from harness.people.carried import ATTRIBUTES, AttributeValue, Consent, ConversationState, PersonalBelongings


class CannotMake(Problem):
    """A person could not be made, or cannot exist in Intercom."""


class Outfitter:
    """Makes contacts and gives them what the scenario's traits say. `marker` is put after the name of each tag."""

    def __init__(self, client: IntercomClient, marker: str) -> None:
        self._client = client
        self._marker = marker
        self._tags: dict[str, str] = {}
        self._attributes: set[str] | None = None
        self._admin = ""
        """The teammate whose token this is, as the author of a note is shown; empty where nobody is."""
        self._subscriptions: Mapping[str, str] | None = None

    def copied(self) -> Outfitter:
        """Return another one that knows the same tags and attributes, and learns on its own."""
        other, known = copy(self), self._attributes
        vars(other).update(_tags=dict(self._tags), _attributes=None if known is None else set(known))
        return other

    def attributes(self, values: Mapping[str, AttributeValue]) -> None:
        """Make the custom attributes that these values need and that are not there: 2.x wants them made first."""
        if not values:
            return
        if self._attributes is None:
            known = self._client.get("/data_attributes", model="contact")
            listed = (known.answer or {}).get("data", [])
            self._attributes = {entry["name"] for entry in listed if entry.get("custom")}
        for name, value in values.items():
            if name not in self._attributes:
                if self._marker and name not in ATTRIBUTES:
                    raise NotPossibleHere(NotPossibleReason.ATTRIBUTES)
                self._attributes.add(name)
                made = {"name": name, "model": "contact", "data_type": data_type_of(name, value)}
                self.do("POST", "/data_attributes", made)

    def contact(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a lead or a user; what is `None` is not sent. Attributes that nobody defined yet are defined."""
        self.attributes(fields.get("custom_attributes") or {})
        made: Mapping[str, object] = self.do("POST", "/contacts", {k: v for k, v in fields.items() if v is not None})
        return made

    def equip(
        self,
        contact_id: str,
        traits: Mapping[str, object],
        tags: Sequence[str],
        says: str | None,
        role: str,
        has: PersonalBelongings,
    ) -> None:
        """Give somebody tags, a note, companies and, where they are wanted, a conversation, events and consent."""
        base = f"/contacts/{contact_id}"
        for name in tags:
            self.do("POST", f"{base}/tags", {"id": self._tag(name)})
        told = f"Spoke to {traits['name']} about {traits['campaign']}."
        note = self.do("POST", f"{base}/notes", {"body": told})
        self._admin = str((note.get("author") or {}).get("id") or "")
        if has.owner and self._admin:
            self.do("PUT", base, {"owner_id": int(self._admin)})
        for number in range(has.companies):
            more = f"-{number}" if number else ""
            names = {"company_id": f"{traits['company_id']}{more}", "name": f"{traits['company']}{more}"}
            company = self.do("POST", "/companies", names)
            self.do("POST", f"{base}/companies", {"id": company["id"]})
        if says is not None:
            self._talk(contact_id, role, says, has.conversation)
        for name in has.events:
            marked = marked_name(name, self._marker)
            self.do("POST", "/events", {"event_name": marked, "created_at": EVENT_AT, "id": contact_id})
        for consent in has.consent:
            if (subscription := self._subscription(consent)) is not None:
                self.do("POST", f"{base}/subscriptions", {"id": subscription, "consent_type": consent})

    def _talk(self, contact_id: str, role: str, says: str, state: ConversationState) -> None:
        said = {"from": {"type": role, "id": contact_id}, "body": says}
        talk = self.do("POST", "/conversations", said)
        if state == "open" or not self._admin:
            return
        changes: Mapping[str, Mapping[str, object]] = {
            "closed": {"message_type": "close", "type": "admin"},
            "snoozed": {"message_type": "snoozed", "snoozed_until": SNOOZED_UNTIL},
            "assigned": {"message_type": "assignment", "type": "admin", "assignee_id": self._admin},
        }
        sent = {**changes[state], "admin_id": self._admin}
        self.do("POST", f"/conversations/{talk['conversation_id']}/parts", sent)

    def _subscription(self, consent: Consent) -> str | None:
        """Return the first kind of newsletter to which this consent can be given; `None` where there is none."""
        if self._subscriptions is None:
            types = self._client.get("/subscription_types")
            listed = reversed((types.answer or {}).get("data", []))
            self._subscriptions = {str(one.get("consent_type")): str(one["id"]) for one in listed}
        return self._subscriptions.get(consent)

    def _tag(self, name: str) -> str:
        if name not in self._tags:
            marked = marked_name(name, self._marker)
            self._tags[name] = self.do("POST", "/tags", {"name": marked})["id"]
        return self._tags[name]

    def do(self, method: str, path: str, sent: object = None, version: str | None = None) -> Any:
        """Ask for something that has to be done, in an older version where one is named.

        Raises:
            CannotMake: where it is not done.
        """
        reading = self._client.ask(method, path, sent, version=version)
        if not 200 <= reading.status < 300:
            raise _failed(reading)
        return reading.answer


EVENT_AT: Final = 1_700_000_000
"""When people did what events tell of."""

SNOOZED_UNTIL: Final = 2_000_000_000


def data_type_of(name: str, value: AttributeValue) -> str:
    """Return Intercom's type for a value; a whole number is a date where the name says so."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "date" if name.endswith("_at") else "integer"
        case float():
            return "float"
        case _:
            return "string"


def _failed(reading: Reading) -> CannotMake:
    errors = (reading.answer or {}).get("errors") if isinstance(reading.answer, dict) else None
    said = "; ".join(f"{e.get('code')}: {e.get('message')}" for e in errors or [])
    return CannotMake(
        "the scenario's people could not be made",
        evidence=f"{reading}{f' ({said})' if said else ''}",
        why="the backend refuses what a scenario needs, or does not answer",
        remedy="look at the request above; `harness doctor` checks token and workspace",
    )
