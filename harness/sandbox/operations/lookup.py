"""Finds the person whom a request body or a query names by `id`, `user_id` or `email`, outside of conversions."""

from __future__ import annotations

from collections.abc import Mapping

from harness.sandbox.requests import targets
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.requests.targets import Identifiers
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person


def named_person(call: RequestContext, entry: Mapping[str, object]) -> Person:
    """The lead or user named in an object; refused if there is none."""
    return _the_one(call, targets.identifiers(dict(entry), call.version))


def queried_person(call: RequestContext) -> Person:
    """The lead or user named in the query string."""
    query = call.query
    return _the_one(
        call,
        Identifiers(
            query.get("intercom_user_id") or query.get("id") or None,
            query.get("user_id") or query.get("external_id") or None,
            query.get("email") or None,
        ),
    )


def _the_one(call: RequestContext, wanted: Identifiers) -> Person:
    if not wanted.given:
        raise Refused(no.USER_UNIDENTIFIED)
    found = [person for person in _matches(call, wanted) if person.kind != "visitor" and not person.archived]
    if not found:
        raise Refused(no.USER_NOT_FOUND)
    users = [person for person in found if person.kind == "user"]
    if len(users) > 1 and not wanted.person_id and not wanted.external_id:
        raise Refused(no.SEVERAL_USERS.filled(email=wanted.email))
    return users[0] if users else found[0]


def _matches(call: RequestContext, wanted: Identifiers) -> list[Person]:
    if wanted.person_id:
        person = call.people.get(wanted.person_id)
        return [person] if person else []
    if wanted.external_id:
        return call.people.by_external_id(wanted.external_id)
    return call.people.by_email(wanted.email)
