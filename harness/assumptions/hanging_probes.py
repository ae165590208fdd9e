"""Probes about what hangs on people: their conversations and their segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.assumptions.probe_client import Ask, Probe, plain_lead, plain_user, probes_in
from harness.core.people import Lead
from harness.people import People

PICTURE: Final = "https://static.intercomassets.com/app/pseudonym_avatars_2019/violet-suitcase.png"
"""A picture that is there for everybody."""


# --- conversations ---------------------------------------------------------------------------------


def merge_the_blocked(people: People, ask: Ask) -> None:
    """A merge of a lead who was blocked; is the user blocked then?"""
    user = plain_user(people)
    lead = people.lead(email=user.email, tags=())
    ask("POST", f"/contacts/{lead.id}/block")
    ask("POST", "/conversations/search", _conversations_of(lead))
    ask("POST", "/contacts/merge", {"from": lead.id, "into": user.id})
    ask("GET", f"/contacts/{user.id}")


def what_the_deleted_said(people: People, ask: Ask) -> None:
    """The conversation of a lead who was deleted."""
    lead = people.lead(tags=())
    found = ask("POST", "/conversations/search", _conversations_of(lead)).answer or {}
    ask("DELETE", f"/contacts/{lead.id}")
    for conversation in found.get("conversations") or []:
        ask("GET", f"/conversations/{conversation['id']}")


def a_conversation_in_four_versions(people: People, ask: Ask) -> None:
    """A conversation as the versions show it between which something changed."""
    lead = people.lead(tags=())
    found = ask("POST", "/conversations/search", _conversations_of(lead)).answer or {}
    for conversation in found.get("conversations") or []:
        for version in ("2.11", "2.12", "2.15", "2.16"):
            ask("GET", f"/conversations/{conversation['id']}", None, version)


def _said(ask: Ask, lead: Lead, **sent: object) -> str:
    said = ask("POST", "/conversations", {"from": {"type": "lead", "id": lead.id}, "body": "Do you ship?", **sent})
    return str((said.answer or {}).get("conversation_id"))


def attach_something(people: People, ask: Ask) -> None:
    """A conversation that begins with a picture."""
    ask("GET", f"/conversations/{_said(ask, plain_lead(people), attachment_urls=[PICTURE])}")


def reply_as_nobody(people: People, ask: Ask) -> None:
    """A reply of a teammate whom the workspace does not have, and of one who is not named."""
    conversation_id = _said(ask, plain_lead(people))
    for named in ({"admin_id": "1"}, {}):
        reply = {"message_type": "note", "type": "admin", "body": "A friend", **named}
        ask("POST", f"/conversations/{conversation_id}/reply", reply)


def let_somebody_into_a_conversation(people: People, ask: Ask) -> None:
    """A second lead in a conversation, let in by nobody in particular."""
    conversation_id, other = _said(ask, plain_lead(people)), plain_lead(people)
    ask("POST", f"/conversations/{conversation_id}/customers", {"customer": {"intercom_user_id": other.id}})


def _conversations_of(lead: Lead) -> Mapping[str, object]:
    return {"query": {"field": "contact_ids", "operator": "=", "value": lead.id}}


# --- segments --------------------------------------------------------------------------------------


def segments_of_a_merged_user(people: People, ask: Ask) -> None:
    """The segments of a user into whom a lead was merged."""
    user = plain_user(people)
    ask("POST", "/contacts/merge", {"from": plain_lead(people, user.email).id, "into": user.id})
    ask("GET", f"/contacts/{user.id}/segments")


def segments_of_a_lead_and_a_new_user(people: People, ask: Ask) -> None:
    """The segments of a lead, and of a visitor who has just become a user."""
    ask("GET", f"/contacts/{plain_lead(people).id}/segments")
    visitor = people.visitor()
    sent = {"visitor": {"user_id": visitor.user_id}, "type": "user", "user": {"email": people.newcomer().email}}
    ask("POST", "/visitors/convert", sent)
    ask("GET", f"/contacts/{visitor.id}/segments")


def segments_of_a_company(people: People, ask: Ask) -> None:
    """The segments of a company that somebody has just joined."""
    found = ask("GET", f"/contacts/{plain_user(people).id}/companies").answer or {}
    for company in found.get("data") or []:
        ask("GET", f"/companies/{company['id']}/segments")


PROBES: Final[Mapping[str, Probe]] = probes_in(globals())
"""All of them by name."""
