"""Carries out what `rules` decide about a ping: a visitor comes or comes back, becomes a user, or is merged into one.

The conversions themselves are those of the REST paths, so that a boot and a request cannot differ in what they keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from harness.sandbox.messenger import messenger_rules, proofs
from harness.sandbox.messenger.forms import Form
from harness.sandbox.operations import profiles, users_v1
from harness.sandbox.operations.contacts import newcomer
from harness.sandbox.operations.conversions import act, becomes_user, merge
from harness.sandbox.requests import parsing, targets
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.requests.new_people import new_visitor
from harness.sandbox.requests.targets import Identifiers, Target
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.rules.person import Person


@dataclass(frozen=True, slots=True)
class VisitorArrival:
    """Who is on the page, and whether a session began with this ping."""

    person: Person
    new_session: bool


def arrive(call: RequestContext, form: Form) -> VisitorArrival:
    """Who a ping is from, made or changed as the tables say."""
    wanted = wanted_user(call, form)
    session = _session(call, form)
    if wanted.given:
        source = _source(call, form, session)
        person = _user(call, form, wanted, source)
        if source is not None:
            return VisitorArrival(_written(call, form, person, wanted), new_session=False)
        return _seen(call, _written(call, form, person, wanted), new_session=session is None)
    person = _visitor(call, form, session)
    new = session is None or session.person_id != person.person_id
    return _seen(call, _written(call, form, person, wanted), new_session=new)


def whoever_is_here(call: RequestContext, form: Form) -> Person:
    """Who a later post is from: somebody whom a ping has made known."""
    wanted = wanted_user(call, form)
    if wanted.given:
        _check_proof(call, form, wanted)
        found = _target(call, wanted, None).person
    else:
        found = _signed_in(call, _session(call, form)) or next(_anonymous(call, form.anonymous_id), None)
    if found is None or found.archived:
        raise Refused(messenger_rules.NOT_BOOTED)
    return found


def identified(call: RequestContext, form: Form) -> Form:
    """Return a form with what its signed token (`intercom_user_jwt`) says of the user, which wins over the rest.

    Raises: `Refused` for a token that is not signed with the workspace's secret, or has expired.
    """
    token = form.user_data.get("intercom_user_jwt")
    if token is None:
        return form
    claims = (
        proofs.claims_of(call.workspace.preferences.client_secret, token, call.now) if isinstance(token, str) else None
    )
    if claims is None or not (claims.get("user_id") or claims.get("email")):
        raise Refused(messenger_rules.UNVERIFIED)
    return Form(form.fields, {**form.user_data, **claims}, proved=True)


def wanted_user(call: RequestContext, form: Form) -> Identifiers:
    """The user that a form names; the Messenger knows no `id`."""
    named = {name: form.user_data.get(name) for name in ("user_id", "email")}
    return targets.identifiers(named, call.version)


# --- anonymous ------------------------------------------------------------------------------------


def _visitor(call: RequestContext, form: Form, session: proofs.Session | None) -> Person:
    anonymous_id, user = form.anonymous_id, _signed_in(call, session)
    found = next(_anonymous(call, anonymous_id), None)
    rule = messenger_rules.ANONYMOUS.decide(
        session="user" if user else "other", anonymous_id=_what_is(call, anonymous_id, found)
    )
    match act(rule, targets.NOBODY):
        case "still_signed_in":
            assert user is not None
            return user
        case "come_back":
            assert found is not None
            return found
        case "new_visitor_under_it":
            return _newcomer(call, form, anonymous_id)
        case _:
            return _newcomer(call, form, None)


def _signed_in(call: RequestContext, session: proofs.Session | None) -> Person | None:
    """The user who told who they are on this browser, and never signed out."""
    found = call.people.get(session.person_id) if session is not None and session.signed_in else None
    return found if found is not None and found.kind == "user" and not found.archived else None


def _what_is(call: RequestContext, anonymous_id: str | None, found: Person | None) -> str:
    if anonymous_id is None:
        return "none"
    if found is not None:
        return found.kind
    return "used_up" if call.people.was_here(anonymous_id) else "unknown"


def _anonymous(call: RequestContext, anonymous_id: str | None) -> Iterator[Person]:
    found = call.people.by_external_id(anonymous_id) if anonymous_id else []
    return (person for person in found if person.kind != "user" and not person.archived)


def _newcomer(call: RequestContext, form: Form, anonymous_id: str | None) -> Person:
    traits = form.page() | ({"user_id": anonymous_id} if anonymous_id else {})
    visitor = msgspec.structs.replace(new_visitor(call.workspace, traits), session_count=0)
    call.people.add(visitor)
    return visitor


# --- identified -----------------------------------------------------------------------------------


def _user(call: RequestContext, form: Form, wanted: Identifiers, source: Person | None) -> Person:
    target = _target(call, wanted, source)
    rule = messenger_rules.IDENTIFIED.decide(
        verified="yes" if _proved(call, form, wanted) else "no",
        source=source.kind if source else "nobody",
        target=target.kind,
    )
    action = act(rule, target)
    if action == "become_user":
        assert source is not None
        return becomes_user(call, source, wanted)
    if action == "create_user":
        return _new_user(call, wanted)
    assert target.person is not None
    if action == "merge":
        assert source is not None
        return merge(call, source, target.person)
    return target.person


def _target(call: RequestContext, wanted: Identifiers, source: Person | None) -> Target:
    """The user who is meant; one known by the e-mail alone so far gets the user id (facts §9: not described)."""
    nobody = Person(person_id="", kind="visitor", created_at=0, updated_at=0)
    found = targets.find_target(call.people, wanted, source or nobody, email_may_repeat=True)
    if found.kind == "new" and wanted.external_id and wanted.email:
        by_email = targets.find_target(
            call.people, Identifiers(email=wanted.email), source or nobody, email_may_repeat=True
        )
        if by_email.kind == "user" and by_email.person is not None and by_email.person.external_id is None:
            return by_email
    return found


def _new_user(call: RequestContext, wanted: Identifiers) -> Person:
    identity = {"email": wanted.email, "external_id": wanted.external_id}
    user = newcomer(call, call.workspace.database.next("people"), "user", identity)
    user = msgspec.structs.replace(user, signed_up_at=call.now)
    call.people.add(user)
    return user


def _source(call: RequestContext, form: Form, session: proofs.Session | None) -> Person | None:
    """The visitor or lead who the page was until now, by the cookie's uuid or by the session."""
    found = next(_anonymous(call, form.anonymous_id), None)
    if found is None and session is not None:
        found = call.people.get(session.person_id)
    return found if found is not None and found.kind != "user" and not found.archived else None


def _session(call: RequestContext, form: Form) -> proofs.Session | None:
    return proofs.read_session(call.workspace.preferences.client_secret, form.session, call.now)


def _proved(call: RequestContext, form: Form, wanted: Identifiers) -> bool:
    preferences = call.workspace.preferences
    if form.proved or not preferences.identity_verification:
        return True
    identifier = wanted.external_id or wanted.email or ""
    return proofs.is_proved(preferences.client_secret, identifier, form.user_data.get("user_hash"))


def _check_proof(call: RequestContext, form: Form, wanted: Identifiers) -> None:
    if not _proved(call, form, wanted):
        raise Refused(messenger_rules.UNVERIFIED)


# --- what the page says of them -------------------------------------------------------------------


def _seen(call: RequestContext, person: Person, *, new_session: bool) -> VisitorArrival:
    """Somebody who was not converted by this ping was seen by it; a conversion keeps both as they were (facts §2)."""
    sessions = person.session_count + 1 if new_session else person.session_count
    person = msgspec.structs.replace(person, last_seen_at=call.now, session_count=sessions)
    call.people.put(person)
    return VisitorArrival(person, new_session)


def _written(call: RequestContext, form: Form, person: Person, wanted: Identifiers) -> Person:
    traits = form.traits()
    if person.kind != "user":
        traits.pop("signed_up_at", None)
        traits.pop("companies", None)
        written = person.changed(_changes(call, traits, person))
    else:
        written = users_v1.write(_saying(call, traits), person, wanted)
    call.people.put(written)
    return written


def _changes(call: RequestContext, traits: dict[str, object], person: Person) -> dict[str, object]:
    changes = profiles.changes(_saying(call, traits), person.custom_attributes)
    return changes | ({"updated_at": call.now} if traits != {"custom_attributes": {}} else {})


def _saying(call: RequestContext, body: dict[str, object]) -> RequestContext:
    """The same call with another body, for an operation of the REST paths."""
    return RequestContext(
        call.workspace, call.version, call.parameters, call.query, body, call.now, call.origin, call.path
    )


def check_email(email: str) -> None:
    """Refuse what cannot be an e-mail."""
    parsing.email({"email": email})
