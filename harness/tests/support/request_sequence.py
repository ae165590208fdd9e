"""A life in 2.x: one of everything that can be asked, and refused, each request made of the answers before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.tests.support.sandbox_client import Asker

PICTURE = "https://www.example.com/parcel.png"

DUBLIN = {
    "city_name": "Dublin",
    "continent_code": "EU",
    "country_code": "IRL",
    "country_name": "Ireland",
    "postal_code": "D02",
    "region_name": "Dublin",
    "timezone": "Europe/Dublin",
}


def live(ask: Callable[..., Any], asker: Asker) -> None:
    """One of everything that 2.x can be asked, and refused."""
    visitor, other = asker.visitor(name="Vera", location=DUBLIN), asker.visitor()
    ask("GET", "/me")
    admin = ask("GET", "/admins")["admins"][0]["id"]
    ask("GET", f"/admins/{admin}")
    ask("PUT", f"/admins/{admin}/away", {"away_mode_enabled": True, "away_mode_reassign": False})
    ask("PUT", "/admins/7/away", {"away_mode_enabled": True, "away_mode_reassign": False})
    ask("GET", "/admins/activity_logs?created_at_after=1")
    ask("GET", "/counts")
    if asker.version == "2.16":
        ask("POST", "/admins/activity_logs/search", {"created_at_after": 1})
        ask("GET", "/admins/activity_log_event_types")
    ask("GET", f"/visitors?user_id={visitor['user_id']}")
    ask("PUT", "/visitors", {"id": visitor["id"], "name": "Vera V"})
    ask("PUT", f"/visitors/{visitor['id']}", {"name": "Vera"})
    ask("POST", "/data_attributes", {"name": "plan", "model": "contact", "data_type": "string"})
    attribute = next(one["id"] for one in ask("GET", "/data_attributes?model=contact")["data"] if one["custom"])
    ask("PUT", f"/data_attributes/{attribute}", {"description": "what they pay for"})
    ask("PUT", "/data_attributes/999", {"description": "nothing"})
    convert = {"visitor": {"user_id": visitor["user_id"]}, "user": {"email": "vera@example.com"}, "type": "user"}
    born = ask("POST", "/visitors/convert", convert)
    ask("GET", f"/contacts/{born['id']}/segments")
    segment = ask("GET", "/segments?include_count=true")["segments"][0]["id"]
    ask("GET", f"/segments/{segment}")
    ask("GET", f"/companies?segment_id={segment}")
    lead = ask("POST", "/visitors/convert", {"visitor": {"id": other["id"]}, "user": {}, "type": "lead"})
    ask("GET", f"/visitors?user_id={visitor['user_id']}")
    user = ask("POST", "/contacts", {"email": "uma@example.com", "name": "Uma", "custom_attributes": {"plan": "pro"}})
    ask("PUT", f"/contacts/{lead['id']}", {"email": "uma@example.com", "owner_id": admin})
    conversation = _belongings(ask, lead["id"])
    if asker.version == "2.16":
        ask("DELETE", f"/conversations/{conversation}")
    else:
        ask("POST", f"/conversations/{conversation}/run_assignment_rules")
        ask("POST", "/conversations/1/run_assignment_rules")
    ask("GET", f"/contacts/{lead['id']}")
    ask("GET", "/contacts?per_page=1")
    query = {"operator": "AND", "value": [{"field": "role", "operator": "=", "value": "lead"}]}
    ask("POST", "/contacts/search", {"query": query, "pagination": {"per_page": 1}})
    ask("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    ask("GET", f"/contacts/{lead['id']}")
    ask("POST", f"/contacts/{user['id']}/archive")
    ask("POST", f"/contacts/{user['id']}/unarchive")
    if asker.version == "2.16":
        ask("GET", f"/contacts/{user['id']}/merge_history")
        ask("GET", f"/contacts/find_by_external_id/{lead['external_id']}")
        ask("POST", f"/contacts/{user['id']}/block")
    ask("DELETE", f"/contacts/{user['id']}", {})
    ask("GET", f"/contacts/{user['id']}/tags")


def _belongings(ask: Callable[..., Any], contact_id: str) -> str:
    contact = f"/contacts/{contact_id}"
    tag = ask("POST", "/tags", {"name": "vip"})["id"]
    ask("GET", "/tags")
    ask("GET", f"/tags/{tag}")
    ask("POST", f"{contact}/tags", {"id": tag})
    ask("POST", f"{contact}/tags", {"id": "999"})
    ask("GET", f"{contact}/tags")
    ask("DELETE", f"{contact}/tags/{tag}")
    note = ask("POST", f"{contact}/notes", {"body": "Hello"})["id"]
    ask("GET", f"{contact}/notes")
    ask("GET", f"/notes/{note}")
    _companies(ask, contact)
    ask("GET", "/subscription_types")
    ask("POST", f"{contact}/subscriptions", {"id": "1", "consent_type": "opt_out"})
    ask("GET", f"{contact}/subscriptions")
    ask("DELETE", f"{contact}/subscriptions/1")
    ask("GET", "/segments")
    ask("GET", "/segments/1")
    ask("GET", f"{contact}/segments")
    conversation = _conversations(ask, contact_id)
    ask("DELETE", f"/tags/{tag}")
    return conversation


def _companies(ask: Callable[..., Any], contact: str) -> None:
    company = ask(
        "POST", "/companies", {"company_id": "1", "name": "Acme", "plan": "gold", "size": 3, "remote_created_at": 1}
    )["id"]
    ask("POST", "/companies", {"test": "invalid"})
    ask("GET", "/companies")
    ask("GET", f"/companies/{company}")
    ask("PUT", f"/companies/{company}", {"name": "Acme Ltd", "monthly_spend": 12})
    ask("POST", f"{contact}/companies", {"id": company})
    ask("POST", f"{contact}/companies", {"id": "none"})
    ask("GET", f"{contact}/companies")
    ask("GET", f"/companies/{company}/contacts")
    ask("GET", f"/companies/{company}/segments")
    ask("POST", "/companies/list")
    ask("GET", "/companies/scroll")
    ask("DELETE", f"{contact}/companies/{company}")
    ask("DELETE", f"/companies/{company}")


def _conversations(ask: Callable[..., Any], contact_id: str) -> str:
    other = ask("POST", "/contacts", {"email": "other@example.com"})["id"]
    said = {"from": {"type": "lead", "id": contact_id}, "body": "Do you ship?", "attachment_urls": [PICTURE]}
    conversation: str = ask("POST", "/conversations", said)["conversation_id"]
    ask("POST", "/messages", said)
    ask("GET", "/conversations")
    ask("GET", "/conversations/1")
    admin_id = ask("GET", "/me")["id"]
    acting = {"admin_id": admin_id}
    reply = {"message_type": "comment", "type": "user", "intercom_user_id": contact_id, "body": "Hello?"}
    answered = ask("POST", f"/conversations/{conversation}/reply", reply)
    ask("GET", f"/conversations/{conversation}")
    ask("PUT", f"/conversations/{conversation}", {"read": True, "custom_attributes": {"issue": "Billing", "size": 3}})
    _manage(ask, conversation, admin_id)
    part = answered["conversation_parts"]["conversation_parts"][0]["id"]
    redacted = {"type": "conversation_part", "conversation_id": conversation, "conversation_part_id": part}
    ask("POST", "/conversations/redact", redacted)
    ask("POST", "/conversations/redact", {**redacted, "conversation_id": "none"})
    query = {"field": "contact_ids", "operator": "=", "value": contact_id}
    ask("POST", "/conversations/search", {"query": query})
    customer = {"customer": {"intercom_user_id": other}}
    ask("POST", f"/conversations/{conversation}/customers", acting | customer)
    ask("POST", "/conversations/1/customers", acting | customer)
    ask("DELETE", f"/conversations/{conversation}/customers/{other}", acting)
    ask("DELETE", f"/conversations/{conversation}/customers/{other}", acting)
    ask("DELETE", f"/conversations/{conversation}/customers/{contact_id}", acting)
    label = {"id": ask("POST", "/tags", {"name": "shipping"})["id"], "admin_id": admin_id}
    ask("POST", f"/conversations/{conversation}/tags", label)
    ask("POST", "/conversations/1/tags", label)
    ask("GET", f"/conversations/{conversation}")
    ask("DELETE", f"/conversations/{conversation}/tags/{label['id']}", label)
    ask("DELETE", f"/conversations/{conversation}/tags/{label['id']}", label)
    _events(ask, contact_id, other)
    return conversation


def _manage(ask: Callable[..., Any], conversation: str, admin_id: str) -> None:
    path, acting = f"/conversations/{conversation}/parts", {"type": "admin", "admin_id": admin_id}
    team = ask("GET", "/teams")["teams"][0]["id"]
    ask("GET", f"/teams/{team}")
    ask("GET", "/teams/1")
    ask("POST", path, {**acting, "message_type": "close", "body": "Goodbye"})
    ask("POST", path, {**acting, "message_type": "assignment", "assignee_id": admin_id})
    ask("POST", path, {**acting, "type": "team", "message_type": "assignment", "assignee_id": team})
    ask("POST", path, {**acting, "message_type": "assignment", "assignee_id": "0"})
    ask("POST", path, {**acting, "message_type": "snoozed", "snoozed_until": 2_000_000_000})
    ask("POST", path, {**acting, "message_type": "open"})
    ask("POST", "/conversations/1/parts", {**acting, "message_type": "open"})
    sent = {"name": "order.json", "content_type": "application/json", "data": "e30="}
    note = {**acting, "message_type": "comment", "body": "We do", "attachment_files": [sent]}
    ask("POST", f"/conversations/{conversation}/reply", note)


def _events(ask: Callable[..., Any], contact_id: str, other: str) -> None:
    ask("POST", "/events", {"event_name": "asked", "created_at": 1, "id": contact_id, "metadata": {"a": 1}})
    ask("POST", "/events/summaries", {"user_id": "nobody"})
    ask("PUT", f"/contacts/{other}", {"external_id": "other"})
    ask("POST", "/events/summaries", {"user_id": "other", "event_summaries": {"event_name": "asked", "count": 3}})
    ask("GET", f"/events?type=user&intercom_user_id={contact_id}")
    ask("GET", f"/events?type=user&intercom_user_id={contact_id}&summary=true")
