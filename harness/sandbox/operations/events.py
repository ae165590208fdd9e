"""Events: what people did, noted by the application."""

from __future__ import annotations

from typing import Final

from harness.core.timestamps import iso_milliseconds
from harness.sandbox.operations.lookup import named_person, queried_person
from harness.sandbox.requests import parsing
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.store.belongings import Event

ACCEPTED: Final = {"content-type": "text/html", "cache-control": "no-cache"}
"""What a response without a body says of itself (facts 35)."""


def add(call: RequestContext) -> OperationResponse:
    """`POST /events`: accepted, with an empty answer."""
    name = parsing.text(call.body, "event_name")
    if call.body.get("event_name") == "":
        raise Refused(no.EVENT_NAME_EMPTY)
    if not name:
        raise Refused(no.PARAMETER_MISSING.filled(field="event_name"))
    at = parsing.moment(call.body, "created_at")
    if at is None:
        raise Refused(no.PARAMETER_MISSING.filled(field="created_at"))
    person = named_person(call, call.body)
    call.belongings.add_event(person.person_id, name, at, parsing.mapping(call.body, "metadata") or {})
    return OperationResponse(status=202, headers=ACCEPTED)


def list_all(call: RequestContext) -> OperationResponse:
    """`GET /events?type=user&…`: one person's events, or how often each happened."""
    person = queried_person(call)
    events = call.belongings.events_of(person.person_id)
    if call.query.get("summary") == "true":
        return OperationResponse(_summary(person, events, call.belongings.event_counts_of(person.person_id)))
    shown = [_shown(person, event) for event in events]
    return OperationResponse({"type": "event.list", "events": shown, "pages": {"next": None}})


def _shown(person: Person, event: Event) -> dict[str, object]:
    return {
        "type": "event",
        "id": f"{event.person_id}-{event.seq}",
        "event_name": event.name,
        "created_at": event.created_at,
        "intercom_user_id": person.person_id,
        "user_id": person.external_id,
        "email": person.email,
        "metadata": event.metadata,
    }


def _summary(person: Person, events: list[Event], counts: list[tuple[str, int, int, int]]) -> dict[str, object]:
    times: dict[str, list[int]] = {}
    for event in events:
        times.setdefault(event.name, []).append(event.created_at)
    rows = [_row(name, len(at), min(at), max(at)) for name, at in times.items()]
    rows += [_row(*counted) for counted in counts]
    return {
        "type": "event.summary",
        "events": rows,
        "pages": {"next": None},
        "email": person.email,
        "intercom_user_id": person.person_id,
        "user_id": person.external_id,
    }


def _row(name: str, count: int, first: int, last: int) -> dict[str, object]:
    return {
        "name": name,
        "first": iso_milliseconds(first),
        "last": iso_milliseconds(last),
        "count": count,
        "description": "",
    }


def summarize(call: RequestContext) -> OperationResponse:
    """`POST /events/summaries`: how often somebody did something, noted at once."""
    person = named_person(call, {"user_id": parsing.text(call.body, "user_id")})
    for entry in _summaries(call):
        name, count = parsing.text(entry, "event_name"), parsing.whole(entry, "count")
        if not name:
            raise Refused(no.PARAMETER_MISSING.filled(field="event_summaries.event_name"))
        first, last = (parsing.moment(entry, end) or call.now for end in ("first", "last"))
        call.belongings.count_event(person.person_id, name, 1 if count is None else count, first, last)
    return OperationResponse()


def _summaries(call: RequestContext) -> list[dict[str, object]]:
    """What is described as one object and spoken of as a list; both are taken."""
    one = call.body.get("event_summaries")
    if isinstance(one, dict):
        return [one]
    return parsing.objects(call.body, "event_summaries") or []
