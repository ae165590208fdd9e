"""Users of 1.x: `POST /users` makes or changes one, matched by `id`, or else `user_id`, or else `email`."""

from __future__ import annotations

from operator import attrgetter

import msgspec

from harness.sandbox.operations import companies, profiles, scrolls, segments, tags
from harness.sandbox.operations.contacts import newcomer
from harness.sandbox.operations.conversions import show
from harness.sandbox.requests import paging, parsing, targets
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.requests.targets import Identifiers
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Kind, Person
from harness.sandbox.search.segment_rules import Segments
from harness.sandbox.serializers import v1


def save(call: RequestContext) -> OperationResponse:
    """`POST /users`."""
    wanted = targets.identifiers(call.body, call.version)
    person = _match(call, wanted)
    if person is None:
        if not wanted.external_id and not wanted.email:
            raise Refused(no.USER_UNIDENTIFIED)
        identity = {"email": wanted.email, "external_id": wanted.external_id}
        person = newcomer(call, call.workspace.database.next("people"), "user", identity)
        call.people.add(person)
    return show(call, write(call, person, wanted))


def write(call: RequestContext, person: Person, wanted: Identifiers) -> Person:
    """Write what a request says of a user or a lead who is there."""
    identity: dict[str, object] = {}
    if wanted.email:
        identity["email"] = wanted.email
    if wanted.external_id and person.kind == "user":
        _check_free(call, person, wanted.external_id)
        identity["external_id"] = wanted.external_id
    if person.kind == "lead" and None in (parsing.mapping(call.body, "custom_attributes") or {}).values():
        raise Refused(no.LEAD_ATTRIBUTE_NULL)
    changes = profiles.changes(call, person.custom_attributes)
    if parsing.flag(call.body, "new_session"):
        changes["session_count"] = person.session_count + 1
    person = person.changed({**identity, **changes, "updated_at": call.now})
    call.people.put(person)
    for entry in parsing.objects(call.body, "companies") or []:
        _company(call, person, entry)
    return person


def _check_free(call: RequestContext, person: Person, external_id: str) -> None:
    """An external id is one user's only; an e-mail may be several users' in 1.x."""
    holder = _first(call.people.by_external_id(external_id))
    if holder is not None and holder.person_id != person.person_id:
        raise Refused(no.USER_EXISTS)


def _company(call: RequestContext, person: Person, entry: dict[str, object]) -> None:
    company = companies.saved(call, entry)
    if parsing.flag(entry, "remove"):
        call.belongings.leave(person.person_id, company.company_key)
    else:
        call.belongings.join(person.person_id, company.company_key)


def _match(call: RequestContext, wanted: Identifiers) -> Person | None:
    if wanted.person_id:
        person = call.people.get(wanted.person_id)
        if person is None or person.kind != "user" or person.archived:
            raise Refused(no.USER_NOT_FOUND)
        return person
    if wanted.external_id:
        return _first(call.people.by_external_id(wanted.external_id))
    users = [user for user in call.people.by_email(wanted.email, "user") if not user.archived]
    if len(users) > 1:
        raise Refused(no.SEVERAL_USERS.filled(email=wanted.email))
    return _first(users)


def _first(people: list[Person]) -> Person | None:
    users = [person for person in people if person.kind == "user"]
    return min(users, key=attrgetter("archived"), default=None)


def queried(call: RequestContext) -> Person:
    """The user named in the path or in the query string."""
    query = call.query
    user_id = call.parameters[0] if call.parameters else query.get("id")
    wanted = Identifiers(user_id or None, query.get("user_id") or None, query.get("email") or None)
    found = _match(call, wanted) if wanted.given else None
    if found is None or found.archived:
        raise Refused(no.USER_NOT_FOUND)
    return found


def find(call: RequestContext) -> OperationResponse:
    """`GET /users`: one by `user_id` or `email`, or a page of all, which `tag_id` or `segment_id` narrows.

    From 1.1 an e-mail finds a list (intercom-node#229).
    """
    email = call.query.get("email")
    if email and call.version.has("users_by_email_listed") and not call.query.get("user_id"):
        return paged(
            call, "user", [user for user in reversed(call.people.by_email(email, "user")) if not user.archived]
        )
    if any(call.query.get(name) for name in ("id", "user_id", "email")):
        return show(call, queried(call))
    return listed(call, "user")


def read(call: RequestContext) -> OperationResponse:
    """`GET /users/{id}`."""
    return show(call, queried(call))


def update(call: RequestContext) -> OperationResponse:
    """`PUT /users/{id}`, as some libraries write."""
    person = queried(call)
    wanted = targets.identifiers(call.body, call.version)
    return show(call, write(call, person, wanted))


def delete(call: RequestContext) -> OperationResponse:
    """`DELETE /users/{id}` and `DELETE /users?user_id=`: the user, once more."""
    return removed(call, queried(call))


def removed(call: RequestContext, person: Person) -> OperationResponse:
    """Answer with somebody as they were, who is gone now; `updated_at` moves (facts-recorded 20)."""
    shown = show(call, msgspec.structs.replace(person, updated_at=call.now))
    call.people.tombstone(person, "deleted", call.now)
    call.belongings.forget(person.person_id)
    return shown


def delete_request(call: RequestContext) -> OperationResponse:
    """`POST /user_delete_requests {"intercom_user_id"}`."""
    user_id = parsing.identifier(call.body, "intercom_user_id", call.version)
    person = _match(call, Identifiers(user_id)) if user_id else None
    if person is None:
        raise Refused(no.USER_NOT_FOUND)
    removed(call, person)
    return OperationResponse({"id": call.workspace.database.next("delete_requests")})


NAMES: dict[Kind, tuple[str, str]] = {"user": ("user.list", "users"), "lead": ("contact.list", "contacts")}


def listed(call: RequestContext, kind: Kind) -> OperationResponse:
    """A page of everyone of a kind, or of those with a tag or in a segment, the newest first; past the last nobody."""
    narrowed = _narrowed(call, kind)
    if narrowed is not None:
        return paged(call, kind, narrowed)
    per_page, page = _wanted_page(call)
    listed = call.listed
    shown = [person for _, person in listed.page((kind,), per_page, skip=(page - 1) * per_page)]
    return _page(call, kind, shown, listed.count(kind))


def paged(call: RequestContext, kind: Kind, people: list[Person]) -> OperationResponse:
    """A page of these people, who are all of a kind."""
    per_page, page = _wanted_page(call)
    return _page(call, kind, people[(page - 1) * per_page : page * per_page], len(people))


def _wanted_page(call: RequestContext) -> tuple[int, int]:
    query = call.query
    return parsing.number_from(query, "per_page", paging.USUAL_PAGE, 60), parsing.number_from(query, "page", 1, 10**6)


def _page(call: RequestContext, kind: Kind, shown: list[Person], total: int) -> OperationResponse:
    pages = paging.numbered(call.origin, call.path, dict(call.query), total, *_wanted_page(call))
    limited = {"limited": False} if kind == "user" else {}  # recorded in 2017 (facts-recorded 30)
    return OperationResponse({**_list(call, kind, shown), "pages": pages, "total_count": total, **limited})


def _narrowed(call: RequestContext, kind: Kind) -> list[Person] | None:
    """Those of a kind whom `tag_id` or `segment_id` ask for; the two cannot be combined (documented)."""
    tag_id, segment_id = call.query.get("tag_id"), call.query.get("segment_id")
    if tag_id and segment_id:
        raise Refused(no.PARAMETER_INVALID.filled(field="segment_id"))
    if tag_id:
        return call.people.tagged(tags.named(call, tag_id).tag_id, kind)
    if segment_id:
        segment = segments.named(call, segment_id)
        return Segments(call.workspace).members(segment) if segment.role == kind else []
    return None


def _list(call: RequestContext, kind: Kind, people: list[Person]) -> dict[str, object]:
    list_type, key = NAMES[kind]
    shown = [v1.person(call.workspace, person, call.version) for person in people]
    return {"type": list_type, key: shown}


def scroll_users(call: RequestContext) -> OperationResponse:
    """`GET /users/scroll`."""
    return scrolled(call, "user")


def scrolled(call: RequestContext, kind: Kind) -> OperationResponse:
    """Answer with the next part of everyone of a kind."""
    part = scrolls.next_part(call, kind, lambda before: call.listed.page((kind,), scrolls.PART, before=before))
    return OperationResponse({**_list(call, kind, part.items), "scroll_param": part.scroll_param, "pages": None})
