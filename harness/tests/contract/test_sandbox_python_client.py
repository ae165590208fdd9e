"""The official Python client drives a whole life cycle, and its models accept every answer strictly.

By itself the client builds its models without validating; here each answer is validated as well. `LEDGER` names the
fields in which the models are stricter than Intercom itself, and is exact in both directions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness.core.http import Request
from harness.tests.support.driven_operations import DRIVEN
from harness.tests.support.sandbox_client import Asker

intercom = pytest.importorskip("intercom", reason="needs client: python-intercom")


class Strict:
    """The client over the sandbox, with what its models say against the answers."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.found: set[str] = set()
        self.seen: set[str] = set()
        self._body: Any = None
        transport = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.client: Any = intercom.Intercom(
            token="sandbox-test",
            base_url="https://api.intercom.io",
            httpx_client=transport,
            headers={"Intercom-Version": "2.14"},
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, request.url.raw_path.decode(), headers, request.content)
        self.seen.add(self.asker.sandbox.operation_of(asked))
        response = self.asker.sandbox.handle(asked)
        self._body = response.json()
        return httpx.Response(response.status, headers=dict(response.headers), content=response.body)

    def __call__(self, call: Callable[..., Any], *args: Any, **arguments: Any) -> Any:
        """Ask by one of the client's methods, and validate what came."""
        result = call(*args, **arguments)
        if type(result).__name__ == "SyncPager":
            bodies = next(value for value in self._body.values() if isinstance(value, list))
            for item, body in zip(result.items or [], bodies, strict=bool(result.items)):
                self._validate(type(item), body)
        elif result is not None:
            self._validate(type(result), self._body)
        return result

    def _validate(self, model: Any, body: Any) -> None:
        try:
            model.model_validate(body)
        except ValueError as error:
            for problem in error.errors():  # type: ignore[attr-defined] # pydantic's own
                where = ".".join(str(step) for step in problem["loc"] if not isinstance(step, int))
                self.found.add(f"{model.__name__}.{where}: {problem['type']}")


LEDGER = {
    "Note.author.has_inbox_seat: missing": "the official example, recorded by Intercom's own tests, has none",
    "Note.author.team_ids: missing": "the official example, recorded by Intercom's own tests, has none",
}


def test_a_life_with_the_official_python_client() -> None:
    """Visitors, contacts, all that hangs on them, conversions, merges and deletions, each answer strictly read."""
    strict = Strict(Asker.new())
    _people(strict)
    _account(strict)
    assert strict.found == set(LEDGER)
    assert strict.seen == DRIVEN["python-intercom 5.0.1"].operations


def _people(strict: Strict) -> None:
    client, asker = strict.client, strict.asker
    asker.visitor(name="Somebody else")
    visitors = [asker.visitor(location={"city": "Dublin", "country": "Ireland"}) for _ in range(3)]
    strict(client.visitors.find, user_id=visitors[0]["user_id"])
    strict(client.visitors.update, request={"id": visitors[0]["id"], "name": "Vera"})
    by_id = [{"id": visitor["id"]} for visitor in visitors]
    lead = strict(client.visitors.merge_to_contact, type="lead", user={}, visitor=by_id[0])
    strict(client.visitors.merge_to_contact, type="user", user={"email": "vera@example.com"}, visitor=by_id[1])
    strict(client.visitors.merge_to_contact, type="user", user={"email": "vera@example.com"}, visitor=by_id[2])
    attribute = strict(client.data_attributes.create, request=_attribute("plan"))
    strict(
        client.data_attributes.update, str(attribute.id), request={"archived": False, "description": "what they pay"}
    )
    strict(client.data_attributes.list)
    traits = {
        "email": "uma@example.com",
        "external_id": "u-1",
        "name": "Uma",
        "custom_attributes": {"plan": "pro"},
    }
    user = strict(client.contacts.create, request=traits)
    strict(client.contacts.update, lead.id, email="uma@example.com", phone="+15550100")
    _belongings(strict, lead.id)
    strict(client.contacts.find, lead.id)
    assert strict(client.contacts.show_contact_by_external_id, "u-1").id == user.id
    strict(client.contacts.list, per_page=2)
    strict(client.contacts.search, query={"field": "email", "operator": "=", "value": "uma@example.com"})
    (fresh,) = strict(
        client.contacts.search, query={"field": "email", "operator": "=", "value": "vera@example.com"}
    ).items
    assert [one.name for one in strict(client.contacts.list_attached_segments, fresh.id).data] == ["New", "Active"]
    strict(client.contacts.merge_lead_in_user, lead_id=lead.id, contact_id=user.id)
    with pytest.raises(intercom.core.api_error.ApiError, match="User Not Found"):
        client.contacts.find(lead.id)
    for call in (
        client.contacts.archive,
        client.contacts.unarchive,
        client.contacts.block_contact,
        client.contacts.delete,
    ):
        strict(call, user.id)


def _attribute(name: str) -> dict[str, str]:
    return {"name": name, "model": "contact", "data_type": "string"}


def _belongings(strict: Strict, contact_id: str) -> None:
    client = strict.client
    tag = strict(client.tags.create, request={"name": "vip"})
    strict(client.tags.list)
    strict(client.tags.find, tag.id)
    strict(client.tags.tag_contact, contact_id, tag_id=tag.id)
    strict(client.contacts.list_attached_tags, contact_id)
    strict(client.tags.untag_contact, contact_id, tag.id)
    strict(client.tags.delete, tag.id)
    note = strict(client.notes.create, contact_id, body="Called")
    strict(client.notes.list, contact_id)
    strict(client.notes.find, note.id)
    _companies(strict, contact_id)
    strict(client.subscription_types.list)
    strict(client.contacts.attach_subscription, contact_id, subscription_id="1", consent_type="opt_out")
    strict(client.contacts.list_attached_subscriptions, contact_id)
    strict(client.contacts.detach_subscription, contact_id, "1")
    strict(client.contacts.list_attached_segments, contact_id)
    _conversations(strict, contact_id)


def _companies(strict: Strict, contact_id: str) -> None:
    client = strict.client
    company = strict(client.companies.create_or_update, request={"company_id": "1", "name": "Acme", "plan": "gold"})
    strict(client.companies.find, company.id)
    strict(client.companies.retrieve, company_id="1")
    strict(client.companies.update, company.id, request={"name": "Acme Ltd"})
    strict(client.companies.attach_contact, contact_id, company_id=company.id)
    strict(client.contacts.list_attached_companies, contact_id)
    strict(client.companies.list_attached_contacts, company.id)
    strict(client.companies.list_attached_segments, company.id)
    strict(client.companies.list)
    strict(client.companies.scroll)
    strict(client.companies.detach_contact, contact_id, company.id)
    strict(client.companies.delete, company.id)


def _conversations(strict: Strict, contact_id: str) -> None:
    client = strict.client
    said = strict(client.conversations.create, from_={"type": "lead", "id": contact_id}, body="Do you ship?")
    conversation = said.conversation_id
    reply = {"message_type": "comment", "type": "user", "intercom_user_id": contact_id, "body": "Hello?"}
    strict(client.conversations.reply, conversation, request=reply)
    attributes = {"issue": "Shipping"}
    strict(client.conversations.update, conversation, read=True, title="Shipping", custom_attributes=attributes)
    admin = strict.asker.sandbox.workspace("test").admin.admin_id
    (team,) = strict(client.teams.list).teams
    strict(client.teams.find, team.id)
    acting = {"type": "admin", "admin_id": admin}
    for act in (
        {**acting, "message_type": "assignment", "assignee_id": admin},
        {**acting, "message_type": "snoozed", "snoozed_until": 2_000_000_000},
        {**acting, "message_type": "close"},
    ):
        strict(client.conversations.manage, conversation, request=act)
    ruled = strict(client.conversations.run_assignment_rules, conversation)
    part = ruled.conversation_parts.conversation_parts[0].id
    redacted = {"type": "conversation_part", "conversation_id": conversation, "conversation_part_id": part}
    strict(client.conversations.redact_conversation_part, request=redacted)
    colleague = strict(client.contacts.create, request={"email": "colleague@example.com"}).id
    joined = {"intercom_user_id": colleague}
    strict(client.conversations.attach_contact_as_admin, conversation, admin_id=admin, customer=joined)
    strict(client.conversations.detach_contact_as_admin, conversation, colleague, admin_id=admin)
    written = {"body": "We do", "from": {"type": "admin", "id": int(admin)}, "to": {"type": "user", "id": colleague}}
    strict(client.messages.create, request={"message_type": "inapp", **written})
    label = strict(client.tags.create, request={"name": "shipping"})
    strict(client.tags.tag_conversation, conversation, tag_id=label.id, admin_id=admin)
    strict(client.conversations.find, conversation)
    strict(client.tags.untag_conversation, conversation, label.id, admin_id=admin)
    strict(client.conversations.list)
    strict(client.conversations.search, query={"field": "contact_ids", "operator": "=", "value": contact_id})
    other = strict(client.conversations.create, from_={"type": "lead", "id": contact_id}, body="Never mind")
    strict(client.conversations.delete_conversation, other.conversation_id)
    strict(client.events.create, request={"event_name": "asked", "created_at": 1, "id": contact_id})
    strict(client.events.list, type="user", intercom_user_id=contact_id, summary=True)
    strict(client.contacts.create, request={"external_id": "counted"})
    counted = {"event_name": "asked", "count": 3, "first": 1, "last": 2}
    strict(client.events.summaries, user_id="counted", event_summaries=counted)


def _account(strict: Strict) -> None:
    client = strict.client
    strict(client.admins.identify)
    admin, _ = strict(client.admins.list).admins
    strict(client.admins.find, admin.id)
    segments = strict(client.segments.list, include_count=True).segments
    assert [(one.name, one.count) for one in segments] == [("Active", 1), ("New", 1), ("Slipping Away", 0)]
    strict(client.segments.find, segments[0].id)
