"""Operators on a request as a whole: lost, doubled, late; its path, version, token, region; a secret given away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote, unquote

from harness.core.http import BrokenResponse, Handler, Outcome, Request
from harness.core.tokens import RUN_TOKEN, is_sandbox_token, token_in
from harness.gateway import Middleware
from harness.mutation.answer_changes import FAULT
from harness.mutation.mutant import MutantChange
from harness.mutation.observed_request import JsonValue, ObservedRequest
from harness.mutation.sending import Rewrite, like, sends, told_request


def lost(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Lose the request: it is answered by a reset, and never reaches Intercom."""
    told = told_request(seen.request.method, seen.request.target)
    yield MutantChange(
        reply=lambda request, inner: Outcome(BrokenResponse("reset_before"), fault=FAULT), telling=told, value="a reset"
    )


def doubled(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send the request twice; the pipeline hears the first answer."""

    def ask(request: Request, inner: Handler) -> Outcome:
        outcome = inner(request)
        inner(request)
        return outcome

    told = ("again", *told_request(seen.request.method, seen.request.target))
    yield MutantChange(ask=ask, telling=told, value="twice", once=True)


def late(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send the request after the next one; the pipeline hears at once what it would have been answered."""
    if seen.following and seen.granted:
        told = told_request(seen.request.method, seen.request.target)
        yield MutantChange(telling=told, value="after the next request", late=True)


def unescaped(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send the path and the query without escaping what stands in them."""
    told = told_request(seen.request.method, seen.request.target)
    yield MutantChange("path", ask=sends(lambda request: replace(request, target=_plain(request.target))), telling=told)


def _plain(target: str) -> str:
    return unquote(target).replace(" ", "%20")


VERSIONS: Final = ("2.11", "1.4", "")
"""The versions that a request is sent with in the place of its own; the empty one stands for no header."""


def another_version(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send a request with another version of the API, and with none."""
    told = ("Intercom-Version", *told_request(seen.request.method, seen.request.target))
    for version in VERSIONS:
        if seen.version != version:
            yield MutantChange("version", version or "none", sends(_in_version(version)), None, told, reshapes=True)


def _in_version(version: str) -> Rewrite:
    return lambda request: request.with_headers(intercom_version=version or None)


def another_token(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send a request with a token that opens another workspace."""
    told = told_request(seen.request.method, seen.request.target)
    yield MutantChange(
        "token", ask=sends(lambda request: request.with_headers(authorization="Bearer sandbox-mutated")), telling=told,
        value="another workspace's",
    )  # fmt: skip


def another_region(seen: ObservedRequest) -> Iterator[MutantChange]:
    """Send a request to another region."""
    host = "api.eu.intercom.io"
    told = (host, *told_request(seen.request.method, seen.request.target))
    yield MutantChange(
        "region",
        ask=sends(lambda request: replace(request, host=host, origin=f"https://{host}")),
        telling=told,
        value=host,
    )


def leaked(where: str) -> Callable[[ObservedRequest], Iterator[MutantChange]]:
    """Return the operator that gives the access token away: in a note, an attribute, an event or a URL."""

    def changes(seen: ObservedRequest) -> Iterator[MutantChange]:
        contact_id = seen.made_id
        if seen.attempt is None or (where != "url" and not contact_id):
            return
        told = ("credential", "secret", "token", where)
        yield MutantChange(
            where, ask=_leaking(where, contact_id, seen.is_old), telling=told, value=f"the token in a {where}"
        )

    return changes


def _leaking(where: str, contact_id: str, old: bool) -> Middleware:
    def ask(request: Request, inner: Handler) -> Outcome:
        secret = _own_token(request)
        if where == "url":
            mark = "&" if "?" in request.target else "?"
            return inner(replace(request, target=f"{request.target}{mark}access_token={quote(secret)}"))
        outcome = inner(request)
        inner(_written(request, where, contact_id, secret, old))
        return outcome

    return ask


def _own_token(request: Request) -> str:
    """Return the token that the pipeline knows; the gateway put a workspace's own in the place of the run's."""
    token = token_in(request.headers.get("authorization", "")) or ""
    return RUN_TOKEN if is_sandbox_token(token) else token


def _written(request: Request, where: str, contact_id: str, secret: str, old: bool) -> Request:
    match where:
        case "note" if old:
            return like(request, "POST", "/notes", {"user": {"id": contact_id}, "body": f"converted with {secret}"})
        case "note":
            return like(request, "POST", f"/contacts/{contact_id}/notes", {"body": f"converted with {secret}"})
        case "event":
            told: dict[str, JsonValue] = {"event_name": "converted", "created_at": 1_767_225_600, "id": contact_id}
            return like(request, "POST", "/events", {**told, "metadata": {"by": secret}})
        case _ if old:
            return like(request, "POST", "/users", {"id": contact_id, "custom_attributes": {"plan": secret}})
        case _:
            return like(request, "PUT", f"/contacts/{contact_id}", {"custom_attributes": {"plan": secret}})
