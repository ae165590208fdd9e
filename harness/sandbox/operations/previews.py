"""What only `Preview` has: what a merge would do, and which contacts were deleted.

`/contacts/merge/preview` is described, `/contacts/deleted` is known by its name alone (facts 59): its response is
modelled on that of `/conversations/deleted`.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Final

from harness.sandbox.operations.conversions import act, channel_of, live_contact, role_of, share_identifier
from harness.sandbox.requests import paging, parsing, targets
from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import merge_policy, preview_rules
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import v2

ATTRIBUTES: Final = (
    "name", "email", "phone", "avatar", "owner_id", "signed_up_at", "last_seen_at", "last_replied_at",
    "last_contacted_at", "language_override", "browser", "browser_version", "browser_language", "os",
    "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "referrer",
)  # fmt: skip
"""The fields of which a preview tells what becomes, besides custom attributes and companies."""
REASONS: Final = {
    "invalid_merge_role_pair": "The source must be a lead and the target a user.",
    "no_shared_identifier": "These contacts don't share a common identifier (email, phone, or external ID), so they "
    "aren't recognised as duplicates. Set skip_duplicate_validation to true to preview the merge anyway.",
    "facebook_user": "Facebook contacts can't be merged.",
    "external_lead_channel_not_allowed": "The source is an external-channel lead that isn't eligible for merging.",
    "mailing_list": "Contacts created from a mailing list can't be merged.",
}
"""Why a merge is not allowed; the words of the second are Intercom's, the others are assumed."""
CHANNELS: Final = {"facebook": "facebook_user", "mailing_list": "mailing_list"}


def merge_preview(call: RequestContext) -> OperationResponse:
    """`POST /contacts/merge/preview`: what a merge would change; nothing is changed."""
    from_id, into_id = (parsing.identifier(call.body, name, call.version) for name in ("from", "into"))
    source, into = (live_contact(call, contact_id) for contact_id in (from_id, into_id))
    rule = preview_rules.PREVIEW.decide(**{"from": role_of(from_id, source), "into": role_of(into_id, into)})
    act(rule, targets.NOBODY, call)
    assert source is not None
    assert into is not None
    code = _blocked(source, into, skip=bool(parsing.flag(call.body, "skip_duplicate_validation")))
    if code:
        return OperationResponse({"allowed": False, "reasons": [{"code": code, "message": REASONS[code]}]})
    changes = [*_attributes(call, source, into), *_custom(source, into), *_companies(call, source, into)]
    summary = {
        "attribute_changes": {"attributes": changes, "total_count": len(changes)},
        "reassignments": _reassignments(call, source, into),
    }
    return OperationResponse({"allowed": True, "summary": summary})


def _blocked(source: Person, into: Person, *, skip: bool) -> str:
    if (source.kind, into.kind) != ("lead", "user"):
        return "invalid_merge_role_pair"
    if channel_of(source) != "messenger":
        return CHANNELS.get(str(source.channel), "external_lead_channel_not_allowed")
    return "" if skip or share_identifier(source, into) else "no_shared_identifier"


def _attributes(call: RequestContext, source: Person, into: Person) -> list[dict[str, object]]:
    merged = merge_policy.merge(source, into, call.now, adopt_email=True)
    theirs, mine, after = (dict(v2.contact(call.workspace, one, call.version)) for one in (source, into, merged))
    return [
        _change(name, theirs[name], mine.get(name), after.get(name))
        for name in ATTRIBUTES
        if theirs.get(name) not in (None, "")
    ]


def _custom(source: Person, into: Person) -> list[dict[str, object]]:
    mine = into.custom_attributes
    return [
        _change(f"custom_attributes.{name}", value, mine.get(name), mine.get(name) or value)
        for name, value in source.custom_attributes.items()
    ]


def _change(field: str, theirs: object, mine: object, after: object) -> dict[str, object]:
    adopted = mine in (None, "")
    shown = {"field": field, "outcome": "adopted" if adopted else "discarded", "from_value": theirs}
    return {**shown, **({} if adopted else {"into_value": mine}), "new_into_value": after}


def _companies(call: RequestContext, source: Person, into: Person) -> list[dict[str, object]]:
    theirs, mine = ([one.name for one in call.belongings.companies_of(who.person_id)] for who in (source, into))
    if not theirs:
        return []
    after = [*mine, *(name for name in theirs if name not in mine)]
    told = {"field": "companies", "outcome": "merged", "from_value": theirs, "into_value": mine}
    return [{**told, "new_into_value": after}]


def _reassignments(call: RequestContext, source: Person, into: Person) -> dict[str, dict[str, int]]:
    counts: dict[str, Callable[[str], Sized]] = {
        "conversations": call.belongings.conversations_of,
        "tags": call.belongings.tags_of,
        "notes": call.belongings.notes_of,
    }
    found = {name: {"from": len(of(source.person_id)), "into": len(of(into.person_id))} for name, of in counts.items()}
    return {**found, "tickets": {"from": 0, "into": 0}}


def deleted_contacts(call: RequestContext) -> OperationResponse:
    """`GET /contacts/deleted`: the ids of contacts that were deleted, the latest first."""
    graves = [
        grave for _, grave in call.people.departed(10**6) if grave.reason == "deleted" and grave.kind != "visitor"
    ]
    return OperationResponse(
        paging.by_number(
            call,
            graves,
            lambda grave: {
                "type": "contact",
                "id": grave.person_id,
                "external_id": grave.external_id,
                "deleted_at": grave.at,
            },
        )
    )
