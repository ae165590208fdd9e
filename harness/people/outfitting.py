"""What people have to lose, made through Intercom's own API: attributes, tags, notes, companies, conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from harness.client import IntercomClient, Reading
from harness.core.errors import Problem

ATTRIBUTES: Final[Mapping[str, str]] = {"plan": "string", "campaign": "string", "seats": "integer"}
"""The custom attributes that people carry; 2.x wants each to exist before it is written (facts §5)."""

TYPES: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "float", bool: "boolean"}
"""The type with which an attribute is defined that a scenario names by itself."""


class CannotMake(Problem):
    """A person could not be made, or cannot exist in Intercom."""


class Outfitter:
    """Makes contacts and gives them what the scenario's traits say. `marker` is put after the name of each tag."""

    def __init__(self, client: IntercomClient, marker: str) -> None:
        self._client = client
        self._marker = marker
        self._tags: dict[str, str] = {}
        self._newsletter: str | None = None
        self._defined: set[str] = set()

    def prepare(self) -> None:
        """See to it that the attributes that people carry exist, and find out what they can opt out of."""
        known = self._client.get("/data_attributes", model="contact")
        there = {entry["name"] for entry in (known.answer or {}).get("data", []) if entry.get("custom")}
        self._defined |= there
        for name, data_type in ATTRIBUTES.items():
            self._define(name, data_type)
        types = self._client.get("/subscription_types")
        live = [t for t in (types.answer or {}).get("data", []) if t.get("consent_type") == "opt_out"]
        self._newsletter = live[0]["id"] if live else None

    def contact(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a lead or a user; what is `None` is not sent. Attributes that nobody defined yet are defined."""
        for name, value in (fields.get("custom_attributes") or {}).items():
            self._define(name, TYPES.get(type(value), "string"))
        made: Mapping[str, Any] = self.do("POST", "/contacts", {k: v for k, v in fields.items() if v is not None})
        return made

    def _define(self, name: str, data_type: str) -> None:
        if name not in self._defined:
            self._defined.add(name)
            self.do("POST", "/data_attributes", {"name": name, "model": "contact", "data_type": data_type})

    def equip(
        self,
        contact_id: str,
        traits: Mapping[str, Any],
        tags: Sequence[str],
        says: str | None,
        role: str,
        opted_out: bool,
    ) -> None:
        """Give somebody tags, a note, a company and, where they are wanted, a conversation and an opt-out."""
        for name in tags:
            self.do("POST", f"/contacts/{contact_id}/tags", {"id": self._tag(name)})
        self.do(
            "POST", f"/contacts/{contact_id}/notes", {"body": f"Spoke to {traits['name']} about {traits['campaign']}."}
        )
        company = self.do("POST", "/companies", {"company_id": traits["company_id"], "name": traits["company"]})
        self.do("POST", f"/contacts/{contact_id}/companies", {"id": company["id"]})
        if says is not None:
            self.do("POST", "/conversations", {"from": {"type": role, "id": contact_id}, "body": says})
        if opted_out and self._newsletter:
            sent = {"id": self._newsletter, "consent_type": "opt_out"}
            self.do("POST", f"/contacts/{contact_id}/subscriptions", sent)

    def _tag(self, name: str) -> str:
        if name not in self._tags:
            marked = f"{name} {self._marker}".strip()
            self._tags[name] = self.do("POST", "/tags", {"name": marked})["id"]
        return self._tags[name]

    def do(self, method: str, path: str, sent: Any = None, version: str | None = None) -> Any:
        """Ask for something that has to be done, in an older version where one is named.

        Raises:
            CannotMake: where it is not done.
        """
        reading = self._client.ask(method, path, sent, version=version)
        if not 200 <= reading.status < 300:
            raise _failed(reading)
        return reading.answer


def _failed(reading: Reading) -> CannotMake:
    errors = (reading.answer or {}).get("errors") if isinstance(reading.answer, dict) else None
    said = "; ".join(f"{e.get('code')}: {e.get('message')}" for e in errors or [])
    return CannotMake(
        "the scenario's people could not be made",
        evidence=f"{reading}{f' ({said})' if said else ''}",
        why="the backend refuses what a scenario needs, or does not answer",
        remedy="look at the request above; `harness doctor` checks token and workspace",
    )
