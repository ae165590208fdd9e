"""The conversions themselves: a decision of `rules` carried out on the store, so that it happens whole or not at all.

Each runs inside the transaction of its request. What is kept stands in `keeping`.
"""

from __future__ import annotations

from typing import Final

from harness.sandbox.requests import parsing, targets
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.requests.targets import Identifiers, Target
from harness.sandbox.rules import conversion_rules, merge_policy
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.decision_table import DecisionRule
from harness.sandbox.rules.intercom_errors import IntercomError, Refused
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import v1, v2
from harness.sandbox.serializers.shapes import Contact, MergeRecord
from harness.sandbox.store.person_store import Tombstone

SHOWN_MERGES = 10
"""How many merges a contact shows, the newest first (facts §4, of 2.17)."""


def show(call: RequestContext, person: Person) -> OperationResponse:
    """Somebody in the words of the version that was asked for."""
    if person.kind == "visitor" or call.version.dialect == "1.x":
        return OperationResponse(v1.person(call.workspace, person, call.version))
    return OperationResponse(contact(call, person))


def contact(call: RequestContext, person: Person, *, listed: bool = False) -> Contact:
    """A contact of 2.x, with the merges it comes from where the request asks for them."""
    shown = v2.contact(call.workspace, person, call.version, listed=listed)
    wanted = call.query.get("include_merge_history") == "true" and call.version.has("merge_history")
    if wanted and person.kind == "user":
        shown["merge_history"] = [
            merged(grave) for _, grave in call.people.merged_into(person.person_id)[:SHOWN_MERGES]
        ]
    return shown


def merged(grave: Tombstone) -> MergeRecord:
    """One merge, as a history shows it."""
    return {
        "type": "merge_history",
        "source_contact_id": grave.person_id,
        "source_contact_role": grave.kind,
        "merged_at": grave.at,
    }


def act(rule: DecisionRule, target: Target, call: RequestContext | None = None) -> str:
    """What a row says to do; raised if it says to refuse."""
    if not isinstance(rule.then, IntercomError):
        return rule.then
    refusal = rule.then
    if call is not None and refusal in (no.USER_NOT_FOUND, no.CONTACT_NOT_FOUND):
        refusal = contact_not_found(call)
    if target.person is not None and "{email}" in refusal.message:
        refusal = refusal.filled(email=target.person.email)
    if target.contact_id is not None and "{contact_id}" in refusal.message:
        refusal = refusal.filled(contact_id=target.contact_id)
    raise Refused(refusal)


def contact_not_found(call: RequestContext) -> IntercomError:
    """How this version says that there is no such contact."""
    return no.CONTACT_NOT_FOUND if call.version.has("contact_not_found") else no.USER_NOT_FOUND


def visitor_becomes_lead(call: RequestContext, visitor: Person) -> Person:
    """Turn a visitor into a lead under the same ids."""
    lead = merge_policy.become_lead(visitor, call.now)
    call.people.remember(visitor, "converted", call.now, visitor.person_id)
    call.people.put(lead)
    return lead


def becomes_user(call: RequestContext, source: Person, wanted: Identifiers) -> Person:
    """Turn a visitor or a lead into a user who did not exist."""
    user = merge_policy.become_user(source, call.now, external_id=wanted.external_id, email=wanted.email)
    call.people.remember(source, "converted", call.now, source.person_id)
    call.people.put(user)
    return user


def merge(call: RequestContext, source: Person, into: Person, without: frozenset[str] = frozenset()) -> Person:
    """Fold a visitor or a lead into a user who exists; the source is gone afterwards."""
    adopt = call.version.has("identifiers_added_by_merge") and not _email_is_taken(call, source, into)
    survivor = merge_policy.merge(source, into, call.now, adopt_email=adopt, without=without)
    call.people.tombstone(source, "merged", call.now, into.person_id)
    call.people.put(survivor)
    if source.owns:
        call.belongings.hand_over(source.person_id, into.person_id)
    return survivor


def _email_is_taken(call: RequestContext, source: Person, into: Person) -> bool:
    return any(user.person_id != into.person_id for user in call.people.by_email(source.email, "user"))


def convert_visitor(call: RequestContext) -> OperationResponse:
    """`POST /visitors/convert`."""
    visitor_body = parsing.mapping(call.body, "visitor") or {}
    kind = _conversion_type(call)
    user_body = None if kind == "lead" else parsing.mapping(call.body, "user")
    reference = _reference(call, visitor_body)
    visitor = find_visitor(call, *reference)
    wanted = targets.identifiers(user_body or {}, call.version)
    target = targets.NOBODY
    if visitor is not None and wanted.given:
        target = _target(call, wanted, visitor)
    rule = conversion_rules.CONVERT_VISITOR.decide(
        visitor="unidentified" if not any(reference) else "absent" if visitor is None else "found",
        type=kind,
        user=_said(user_body, wanted),
        target=target.kind,
        unconverted_visitor=_yes(call.version.has("unconverted_visitor")),
    )
    action = act(rule, target)
    assert visitor is not None
    match action:
        case "become_lead":
            return show(call, visitor_becomes_lead(call, visitor))
        case "become_user":
            return show(call, becomes_user(call, visitor, wanted))
        case "merge":
            assert target.person is not None
            return show(call, merge(call, visitor, target.person))
        case _:
            return show(call, visitor)


def _conversion_type(call: RequestContext) -> str:
    kind = parsing.text(call.body, "type")
    if not kind:
        return "missing"
    return kind if kind in ("lead", "user") else "invalid"


def _said(user_body: object, wanted: Identifiers) -> str:
    return "given" if wanted.given else "absent" if user_body is None else "empty"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _reference(call: RequestContext, body: dict[str, object]) -> tuple[str | None, str | None]:
    return parsing.identifier(body, "id", call.version), parsing.identifier(body, "user_id", call.version)


def find_visitor(call: RequestContext, visitor_id: str | None, visitor_user_id: str | None) -> Person | None:
    """The visitor with this id, or else with this uuid."""
    return _find(call, "visitor", visitor_id, visitor_user_id)


def _find(call: RequestContext, kind: str, person_id: str | None, external_id: str | None) -> Person | None:
    if person_id:
        found = call.people.get(person_id)
        return found if found is not None and found.kind == kind else None
    if external_id:
        for one in call.people.by_external_id(external_id):
            if one.kind == kind:
                return one
    return None


def _target(call: RequestContext, wanted: Identifiers, source: Person) -> Target:
    return targets.find_target(call.people, wanted, source, email_may_repeat=call.version.has("email_may_repeat"))


NOT_COPIED: Final = frozenset({"name"})
"""What 1.x does not copy from a lead to a user who has none (facts-recorded 51, told by staff in intercom-ruby#425)."""


def convert_lead(call: RequestContext) -> OperationResponse:
    """1.x `POST /contacts/convert`."""
    lead_body = parsing.mapping(call.body, "contact") or {}
    user_body = parsing.mapping(call.body, "user")
    reference = _reference(call, lead_body)
    lead = _find(call, "lead", *reference)
    wanted = targets.identifiers(user_body or {}, call.version)
    target = _target(call, wanted, lead) if lead is not None and wanted.given else targets.NOBODY
    rule = conversion_rules.CONVERT_LEAD.decide(
        lead="unidentified" if not any(reference) else "absent" if lead is None else "found",
        user=_said(user_body, wanted),
        target=target.kind,
        channel=channel_of(lead),
    )
    action = act(rule, target)
    assert lead is not None
    match action:
        case "become_user":
            return show(call, becomes_user(call, lead, wanted))
        case "merge":
            assert target.person is not None
            return show(call, merge(call, lead, target.person, NOT_COPIED))
        case _:
            return show(call, lead)


def channel_of(lead: Person | None) -> str:
    """Tell whether a lead came by the Messenger, by Facebook or from elsewhere outside."""
    if lead is None or not lead.channel:
        return "messenger"
    return "facebook" if lead.channel == "facebook" else "external"


def merge_contacts(call: RequestContext) -> OperationResponse:
    """2.x `POST /contacts/merge`."""
    from_id, into_id = (parsing.identifier(call.body, name, call.version) for name in ("from", "into"))
    source, into = (live_contact(call, contact_id) for contact_id in (from_id, into_id))
    rule = conversion_rules.MERGE.decide(
        **{"from": role_of(from_id, source), "into": role_of(into_id, into)},
        channel=channel_of(source),
        shared=_yes(source is not None and into is not None and share_identifier(source, into)),
        skip=_yes(bool(parsing.flag(call.body, "skip_duplicate_validation"))),
        merge_needs_duplicates=_yes(call.version.has("merge_needs_duplicates")),
        users_merge=_yes(call.version.has("users_merge")),
    )
    act(rule, targets.NOBODY, call)
    assert source is not None
    assert into is not None
    return show(call, merge(call, source, into))


def live_contact(call: RequestContext, contact_id: str | None) -> Person | None:
    """Return the contact with this id who is not archived."""
    found = call.people.get(contact_id) if contact_id else None
    return None if found is None or found.kind == "visitor" or found.archived else found


def role_of(contact_id: str | None, found: Person | None) -> str:
    """Return the role of the contact that a request names by id: `missing` or `absent` without one."""
    if not contact_id:
        return "missing"
    return "absent" if found is None else found.kind


def share_identifier(one: Person, other: Person) -> bool:
    """Tell whether two contacts share an e-mail or a phone number."""
    same_email = bool(one.email and other.email and one.email.lower() == other.email.lower())
    return same_email or bool(one.phone and one.phone == other.phone)
