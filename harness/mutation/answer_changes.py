"""Operators on what the pipeline is answered: late, partial, about somebody else, an error in the place of success."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from harness.core.http import Handler, Outcome, Request, Response
from harness.gateway import Middleware
from harness.mutation.mutant import MutantChange
from harness.mutation.observed_request import JsonValue, ObservedRequest
from harness.mutation.sending import mapping, told_request

FAULT = "mutation"
"""What marks an answer that was changed: it is evidence of nothing."""


def answered(change: Callable[[Response], Response]) -> Middleware:
    """Return what lets a request be done, and changes the answer that the pipeline hears."""

    def reply(request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        if not isinstance(outcome.answer, Response):
            return outcome
        return replace(outcome, answer=change(outcome.answer), fault=FAULT)

    return reply


def _reply(seen: ObservedRequest, change: Callable[[Response], Response], person: str = "") -> MutantChange:
    told = ("what Intercom answered", *told_request(seen.request.method, seen.request.target))
    return MutantChange("answer", person, reply=answered(change), telling=told, value="another answer")


def _with_json(change: Callable[[Mapping[str, JsonValue]], JsonValue]) -> Callable[[Response], Response]:
    def changed(response: Response) -> Response:
        body = response.json()
        if not isinstance(body, Mapping) or body == (now := change(body)):
            return response
        return replace(response, body=json.dumps(now, ensure_ascii=False).encode())

    return changed


def stale(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Answer with the contact as they were before the pipeline's first call."""
    before = seen.cast.before.contacts.get(seen.made_id)
    if before is not None and seen.request.method != "GET":
        now = mapping(seen.answer)
        old = {name: before.get(name, value) for name, value in now.items()}
        yield replace(_reply(seen, _with_json(lambda body: {**body, **old})), reshapes=True)


def first_page(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Answer a list as if its first page were all of it."""
    pages = mapping(mapping(seen.answer).get("pages"))
    if pages.get("next"):
        yield _reply(seen, _with_json(lambda body: {**body, "pages": {**mapping(body.get("pages")), "next": None}}))


def another_first(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Answer with another contact in the first place of a list, or in the place of the one contact."""
    entries = mapping(seen.answer).get("data")
    if isinstance(entries, list):
        stranger = _stranger(seen, {str(mapping(one).get("id")) for one in entries})
        if stranger is not None:
            yield _reply(seen, _with_json(lambda body: {**body, "data": [stranger, *_list(body.get("data"))]}))
    elif seen.made_id and (stranger := _stranger(seen, {seen.made_id})) is not None:
        yield _reply(seen, _with_json(lambda body: {**body, **{name: stranger.get(name) for name in ("id", "email")}}))


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _stranger(seen: ObservedRequest, known: set[str]) -> Mapping[str, JsonValue] | None:
    ids = [person.id for person in seen.cast.bystanders if person.id and person.kind == "user"]
    return next((seen.cast.before.contacts.get(one) for one in ids if one not in known), None)


def wrong_count(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Answer a list with a total that is not that of its entries."""
    if "total_count" in mapping(seen.answer):
        yield _reply(seen, _with_json(lambda body: {**body, "total_count": 0}))


def error_as_success(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Answer an error with status 200."""
    if not seen.granted and isinstance(seen.exchange.outcome.answer, Response):
        yield _reply(seen, lambda response: replace(response, status=200))


def success_as_error(status: int) -> Callable[[ObservedRequest], Iterator[MutantChange]]:
    """Return the operator that answers what was done with an error."""
    error = {"type": "error.list", "request_id": None, "errors": [{"code": "mutated", "message": "It was done."}]}
    body = json.dumps(error).encode()

    def changes(seen: ObservedRequest) -> Iterator[MutantChange]:
        if seen.granted:
            yield _reply(seen, lambda response: replace(response, status=status, body=body))

    return changes


def without_body(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Answer without a body."""
    if seen.exchange.outcome.response and seen.exchange.outcome.response.body:
        yield _reply(seen, lambda response: replace(response, body=b""))
