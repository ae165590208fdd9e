"""`POST /contacts/search` and `POST /conversations/search`: where to look first, and the fields of conversations."""

from __future__ import annotations

from operator import attrgetter

from harness.sandbox.operations.contacts import usual_order
from harness.sandbox.operations.conversations import NEWEST_FIRST
from harness.sandbox.operations.conversions import contact
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.search import language
from harness.sandbox.search.language import Field, Fields
from harness.sandbox.search.segment_rules import searchable
from harness.sandbox.serializers import conversation_v2
from harness.sandbox.store.belongings import Conversation

CONTACTS_PER_PAGE = 50
CONVERSATIONS_PER_PAGE = 20


def contacts(call: RequestContext) -> OperationResponse:
    """`POST /contacts/search`: contacts as the index has them; merged and archived ones are never found."""
    query = _query(call)
    fields = searchable(call.workspace)
    test = language.compiled(query, fields, call.version)
    found = [person for person in _candidates(call, query) if test(person)]
    ranking = language.ranking_of(call.body.get("sort"), fields, call.version, usual_order(call))
    page = language.page_of(ranking.sorted(found), call.body, CONTACTS_PER_PAGE, ranking)
    data = [contact(call, person, listed=True) for person in page.items]
    return OperationResponse({"type": "list", "data": data, "total_count": page.total, "pages": page.pages})


def _query(call: RequestContext) -> object:
    if "query" not in call.body:
        raise Refused(no.QUERY_MISSING)
    return call.body["query"]


def _candidates(call: RequestContext, query: object) -> list[Person]:
    """Everyone who could be found, by an index where the query names one value of an indexed field."""
    equal = {name: value for name, value in language.equalities(query).items() if isinstance(value, str) and value}
    people = call.listed
    if "id" in equal:
        person = people.get(equal["id"])
        found = [person] if person else []
    elif "external_id" in equal:
        found = people.by_external_id(equal["external_id"])
    elif "email" in equal:
        found = people.by_email(equal["email"])
    elif "phone" in equal:
        found = people.by_phone(equal["phone"])
    else:
        return list(people.contacts())
    return [person for person in found if person.kind != "visitor" and not person.archived]


def conversation_fields(call: RequestContext) -> Fields[Conversation]:
    """What a conversation can be searched by."""
    known: dict[str, Field[Conversation]] = {
        "id": Field("id", attrgetter("conversation_id")),
        "created_at": Field("date", attrgetter("created_at")),
        "updated_at": Field("date", attrgetter("updated_at")),
        "open": Field("boolean", lambda found: found.state != "closed"),
        "state": Field("text", attrgetter("state")),
        "read": Field("boolean", attrgetter("read")),
        "title": Field("text", attrgetter("title")),
        "waiting_since": Field("date", attrgetter("waiting_since")),
        "snoozed_until": Field("date", attrgetter("snoozed_until")),
        "admin_assignee_id": Field("text", lambda found: found.admin_assignee_id or "0"),
        "team_assignee_id": Field("text", lambda found: found.team_assignee_id or "0"),
        "tag_ids": Field("list", lambda found: _tag_ids(call, found)),
        "contact_ids": Field("list", lambda found: call.belongings.participants_of(found.conversation_id)),
        "source.id": Field("text", attrgetter("message_id")),
        "source.type": Field("text", lambda _: "conversation"),
        "source.body": Field("text", attrgetter("body")),
        "source.subject": Field("text", attrgetter("subject")),
        "source.delivered_as": Field("text", attrgetter("delivered_as")),
        "source.author.id": Field("text", lambda found: found.person_id or call.workspace.admin.admin_id),
        "source.author.type": Field("text", lambda found: _author_type(call, found)),
        "source.author.email": Field("email", lambda found: _author_trait(call, found, "email")),
        "source.author.name": Field("text", lambda found: _author_trait(call, found, "name")),
    }
    return known.get


def _tag_ids(call: RequestContext, found: Conversation) -> list[str]:
    return [str(tag.tag_id) for tag in call.belongings.labels_of("conversation", found.conversation_id)]


def _author_type(call: RequestContext, found: Conversation) -> str:
    person = call.people.get(found.person_id) if found.person_id else None
    return person.kind if person else "user" if found.person_id else "admin"


def _author_trait(call: RequestContext, found: Conversation, trait: str) -> object:
    person = call.people.get(found.person_id) if found.person_id else None
    return getattr(person, trait) if person else None


def conversations(call: RequestContext) -> OperationResponse:
    """`POST /conversations/search`."""
    query = _query(call)
    fields = conversation_fields(call)
    test = language.compiled(query, fields, call.version)
    person_id = language.equalities(query).get("contact_ids")
    candidates = (
        call.belongings.conversations_of(person_id) if isinstance(person_id, str) else call.belongings.conversations()
    )
    awake = [one.at(call.now) for one in candidates if not one.archived]
    matching = [one for one in awake if test(one)]
    ranking = language.ranking_of(call.body.get("sort"), fields, call.version, NEWEST_FIRST)
    page = language.page_of(ranking.sorted(matching), call.body, CONVERSATIONS_PER_PAGE, ranking)
    shown = [conversation_v2.conversation(call.workspace, one, call.version, parts=False) for one in page.items]
    return OperationResponse(
        {"type": "conversation.list", "pages": page.pages, "total_count": page.total, "conversations": shown}
    )
