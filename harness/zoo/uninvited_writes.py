"""Wrong pipelines that convert soundly and then, or before, write what nobody asked for."""

from __future__ import annotations

import hashlib
import re
import time

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.plain_client import PlainClient, WorksOnAfterwards


class PutsTheUserBackAsTheyWere(PlainClient):
    """It reads the user before a merge and writes that copy back afterwards, empty fields included."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        before = self._find(user.id) if user.id else None
        contact = super().lead_to_user(lead, user)
        if before is not None:
            kept = {name: before[name] for name in ("name", "phone")}
            mine = before["custom_attributes"]
            attributes = {name: mine.get(name) for name in contact["custom_attributes"]}
            self._ask("PUT", f"/contacts/{user.id}", {**kept, "custom_attributes": attributes})
        return contact


class TouchesLastSeen(WorksOnAfterwards):
    """It writes the time of the conversion to `last_seen_at`, as if the person had just been there."""

    def afterwards(self, contact: IntercomBody) -> None:
        self._ask("PUT", f"/contacts/{contact['id']}", {"last_seen_at": int(time.time())})


class GivesAGravatar(WorksOnAfterwards):
    """It sets an avatar made of the e-mail's digest on everybody whom it converts."""

    def afterwards(self, contact: IntercomBody) -> None:
        if contact.get("email"):
            digest = hashlib.sha256(contact["email"].encode()).hexdigest()
            self._ask("PUT", f"/contacts/{contact['id']}", {"avatar": f"https://gravatar.example/avatar/{digest}"})


class MakesADataAttributePerRun(WorksOnAfterwards):
    """It defines a new data attribute for each conversion, until the workspace has no room for more."""

    def afterwards(self, contact: IntercomBody) -> None:
        body = {"name": f"converted_{contact['id']}", "model": "contact", "data_type": "boolean"}
        self._ask("POST", "/data_attributes", body)


class ArchivesUnusedDataAttributes(WorksOnAfterwards):
    """It archives the data attributes that this one contact has no value for, for the whole workspace."""

    def afterwards(self, contact: IntercomBody) -> None:
        for attribute in self._ask("GET", "/data_attributes?model=contact")["data"]:
            if attribute.get("custom") and contact["custom_attributes"].get(attribute["name"]) is None:
                self._ask("PUT", f"/data_attributes/{attribute['id']}", {"archived": True})


class RetagsByDeletingTheTag(WorksOnAfterwards):
    """To move a tag it deletes the tag itself and makes it anew, which takes it from everybody else who had it."""

    def afterwards(self, contact: IntercomBody) -> None:
        for tag in self._ask("GET", f"/contacts/{contact['id']}/tags")["data"]:
            self._ask("DELETE", f"/tags/{tag['id']}")
            again = self._ask("POST", "/tags", {"name": tag["name"]})
            self._ask("POST", f"/contacts/{contact['id']}/tags", {"id": again["id"]})


class CopiesNotesByHandAndMergesToo(PlainClient):
    """It copies the lead's notes to the user before a merge that moves them anyway: each stands there twice."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        notes = self._ask("GET", f"/contacts/{lead.id}/notes")["data"] if user.id else []
        for note in notes:
            self._ask("POST", f"/contacts/{user.id}/notes", {"body": note["body"]})
        return super().lead_to_user(lead, user)


class ReplaysTheConversation(PlainClient):
    """It starts the lead's conversation anew as the user after a merge that moved it already."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        query = {"field": "contact_ids", "operator": "=", "value": lead.id}
        found = self._ask("POST", "/conversations/search", {"query": query})["conversations"]
        contact = super().lead_to_user(lead, user)
        for one in found:
            said = {"from": {"type": "user", "id": contact["id"]}, "body": one["source"]["body"]}
            self._ask("POST", "/conversations", said)
        return contact


class WelcomesBeforeItKnows(PlainClient):
    """It sends the user a welcome message before it asks for the conversion, so also where that is refused."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        if user is not None and user.id:
            admin = self._ask("GET", "/admins")["admins"][0]
            whom = {"from": {"type": "admin", "id": admin["id"]}, "to": {"type": "user", "id": user.id}}
            self._ask("POST", "/messages", {"message_type": "inapp", "body": "Welcome back!", **whom})
        return super()._convert(source, user)


class TagsTheUserBeforeItKnows(PlainClient):
    """It tags the user as converted before it asks for the conversion, so also where that is refused."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        if user is not None and user.id and self._find(user.id):
            tag = self._ask("POST", "/tags", {"name": "converted"})
            self._ask("POST", f"/contacts/{user.id}/tags", {"id": tag["id"]})
        return super()._convert(source, user)


class BorrowsTheAddressToPleaseTheCheck(PlainClient):
    """It gives the lead the user's e-mail so that 2.16 takes them for duplicates; a refused merge leaves it there."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        if user.id and user.email and lead.email != user.email:
            self._ask("PUT", f"/contacts/{lead.id}", {"email": user.email})
        return super().lead_to_user(lead, user)


class ReformatsThePhone(WorksOnAfterwards):
    """It writes the phone again as digits with two leading zeros, which is not the number any more that was there."""

    def afterwards(self, contact: IntercomBody) -> None:
        if contact.get("phone"):
            digits = "00" + re.sub(r"\D", "", contact["phone"])
            self._ask("PUT", f"/contacts/{contact['id']}", {"phone": digits})


class CapitalisesNames(WorksOnAfterwards):
    """It writes each name with capitals where words begin: `Ann McLeod de Wit` becomes `Ann Mcleod De Wit`."""

    def afterwards(self, contact: IntercomBody) -> None:
        name = contact.get("name") or ""
        if name != name.title():
            self._ask("PUT", f"/contacts/{contact['id']}", {"name": name.title()})


class SnakesItsKeys(WorksOnAfterwards):
    """It empties custom attributes whose names are not in snake case: its settings know them by another name."""

    def afterwards(self, contact: IntercomBody) -> None:
        odd = [name for name in contact["custom_attributes"] if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]
        if odd:
            self._ask("PUT", f"/contacts/{contact['id']}", {"custom_attributes": dict.fromkeys(odd)})


class DropsFalsyValues(WorksOnAfterwards):
    """It writes attributes back as `value or None`: 0, False and the empty string become nothing."""

    def afterwards(self, contact: IntercomBody) -> None:
        attributes = {name: value or None for name, value in contact["custom_attributes"].items()}
        if any(value is None for value in attributes.values()):
            self._ask("PUT", f"/contacts/{contact['id']}", {"custom_attributes": attributes})


class MakesACompanyOfTheDomain(WorksOnAfterwards):
    """It puts everybody into a company made of their e-mail's domain."""

    def afterwards(self, contact: IntercomBody) -> None:
        if contact.get("email"):
            domain = contact["email"].split("@")[1]
            company = self._ask("POST", "/companies", {"company_id": domain, "name": domain})
            self._ask("POST", f"/contacts/{contact['id']}/companies", {"id": company["id"]})


class MarksConversationsRead(WorksOnAfterwards):
    """It marks the contact's conversations as read, so that nobody in the team sees that an answer is due."""

    def afterwards(self, contact: IntercomBody) -> None:
        query = {"field": "contact_ids", "operator": "=", "value": contact["id"]}
        for one in self._ask("POST", "/conversations/search", {"query": query})["conversations"]:
            self._ask("PUT", f"/conversations/{one['id']}", {"read": True})
