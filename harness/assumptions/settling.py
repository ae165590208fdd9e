"""For each guess what settles it on a TEST app: scenarios, probes, or why nothing can, from a closed list.

`where` narrows a scenario down: only what differs at a place that ends so speaks against the guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from harness.assumptions.probes import PROBES
from harness.assumptions.questions import Question, Section


class Unsettled(StrEnum):
    """Why no scenario settles a guess: the whole list."""

    GUARD = "the guard lets nobody ask it: it names nobody of the run, no token, or is a write that it does not know"
    LEAVES = "if the guess is wrong, something stays in the TEST app that no request removes"
    LIMIT = "it takes a spent rate limit or a body too large, and a run is courteous"
    FAILURE = "only Intercom's own failures show it"
    MESSENGER = "only the Messenger's own script asks it, with settings that no API makes"
    NO_API = "no request brings it about"
    TIME = "it takes hours, or an index that has caught up"
    WEBHOOK = "Intercom tells its webhooks to public addresses only"
    EVERYBODY = "it counts or orders everybody in the workspace, others included"
    BLIND = "a comparison asks in JSON and looks at no order"
    NEVER = "no request leads there: the row makes its table whole"
    OURS = "it is the sandbox's own, and Intercom has nothing of the kind"


@dataclass(frozen=True, slots=True)
class Settled:
    """What settles a guess: ids of scenarios, names of probes, and where in their answers to look (empty: anywhere)."""

    by: tuple[str, ...]
    where: str = ""


Settling = Settled | Unsettled


def _by(*names: str, where: str = "") -> Settled:
    return Settled(names, where)


LEAD_CREATED = "scenarios/lead_to_user.py::test_a_lead_becomes_a_new_user"
LEAD_MERGED = "scenarios/lead_to_user.py::test_a_user_with_gaps_gets_what_the_lead_carried"
LEAD_OPTED_OUT = "scenarios/lead_to_user.py::test_an_opt_out_survives_a_merge"
LEAD_ADDS_EMAIL = "scenarios/lead_to_user.py::test_a_lead_merges_into_a_user_without_email"
VISITOR_TO_LEAD = "scenarios/visitor_to_lead.py::test_a_visitor_becomes_a_lead"
VISITOR_CREATED = "scenarios/visitor_to_user_create.py::test_a_visitor_becomes_a_new_user"
VISITOR_MERGED = "scenarios/visitor_to_user_merge.py::test_a_user_with_gaps_gets_what_the_visitor_carried"
TWIN = "scenarios/refusals.py::test_an_archived_twin_is_not_doubled"
INTO_A_LEAD = "scenarios/refusals.py::test_a_visitor_is_not_merged_into_a_lead"

_KEPT = (VISITOR_TO_LEAD, VISITOR_CREATED, LEAD_MERGED)
_CONVERT, _OLD_CONVERT, _MERGE = "POST /visitors/convert", "POST /contacts/convert (1.x)", "POST /contacts/merge"
_UPDATE, _CREATE = "PUT /contacts/{contact_id}", "POST /contacts"
_GONE = "a contact by its id"
_PING, _NAMED_PING = "a ping without user_id and e-mail", "a ping with user_id or e-mail"

SETTLING: Final[Mapping[Section, Mapping[str, Settling]]] = {
    "decisions": {
        f"{_CONVERT}: type: missing": _by("convert_without_type"),
        f"{_CONVERT}: type: invalid": _by("convert_into_something_else"),
        f"{_CONVERT}: type: user, visitor: absent or found, user: absent or empty, unconverted_visitor: no": _by(
            "convert_into_nobody"
        ),
        f"{_CONVERT}: type: user, visitor: found, user: given, target: archived": _by(TWIN),
        f"{_CONVERT}: type: user, visitor: found, user: given, target: lead or unknown_id": _by(
            INTO_A_LEAD, "convert_into_an_unknown_id"
        ),
        f"{_CONVERT}: type: user, visitor: found, user: given, target: conflict": _by("convert_into_a_conflict"),
        f"{_OLD_CONVERT}: lead: absent": _by("convert_a_lead_who_never_was"),
        f"{_OLD_CONVERT}: lead: found, user: absent or empty": Unsettled.GUARD,
        f"{_OLD_CONVERT}: lead: found, user: given, target: archived": _by("convert_a_lead_into_an_archived_user"),
        f"{_OLD_CONVERT}: lead: found, user: given, target: lead or unknown_id": _by("convert_a_lead_into_a_lead"),
        f"{_OLD_CONVERT}: lead: found, user: given, target: conflict": Unsettled.NEVER,
        f"{_MERGE}: from: missing": _by("merge_somebody_who_never_was"),
        f"{_UPDATE}: wanted: invalid": _by("change_to_an_unknown_role"),
        f"{_UPDATE}: role: lead, wanted: user, identified: no": _by("become_a_user_without_identifier"),
        f"{_UPDATE}: role: user, wanted: unchanged or user, identified: no": _by("become_a_user_without_identifier"),
        f"{_CREATE}: wanted: invalid": _by("make_an_unknown_role"),
        f"{_CREATE}: wanted: absent, identified: no": _by("make_somebody_without_identifier"),
        f"{_CREATE}: wanted: user or contact, identified: no": _by("make_somebody_without_identifier"),
        f"{_GONE}: state: archived, asked: change": _by("ask_more_of_the_archived"),
        f"{_GONE}: state: archived, asked: delete": _by("ask_more_of_the_archived"),
        f"{_GONE}: state: blocked, asked: read or change": _by("ask_more_of_the_blocked"),
        f"{_GONE}: state: blocked, asked: archive or unarchive or delete": _by("ask_more_of_the_blocked"),
        f"{_GONE}: state: deleted, asked: change or archive or delete": _by("ask_more_of_the_deleted"),
        f"{_GONE}: state: merged, asked: change or archive or delete": _by("ask_more_of_the_merged"),
        f"{_PING}: session: other, anonymous_id: used_up": Unsettled.MESSENGER,
        f"{_PING}: session: other, anonymous_id: unknown": Unsettled.MESSENGER,
        f"{_NAMED_PING}: verified: yes, target: several": Unsettled.MESSENGER,
        f"{_NAMED_PING}: verified: yes, target: archived": Unsettled.MESSENGER,
        f"{_NAMED_PING}: verified: yes, target: lead": Unsettled.MESSENGER,
    },
    "refusals": {
        "NO_AUTHORIZATION": Unsettled.GUARD,
        "PATH_UNKNOWN": _by("ask_for_nothing_there_is"),
        "WRONG_METHOD": _by("ask_for_nothing_there_is"),
        "WRONG_CONTENT_TYPE": Unsettled.BLIND,
        "TOO_MANY": Unsettled.LIMIT,
        "NOT_AN_OBJECT": _by("search_badly"),
        "BODY_TOO_LARGE": Unsettled.LIMIT,
        "TYPE_MISMATCH": _by("give_an_attribute_another_type"),
        "PARAMETER_MISSING": _by("leave_out_what_is_needed"),
        "PARAMETER_INVALID": _by("leave_out_what_is_needed"),
        "ATTRIBUTE_UNKNOWN": Unsettled.LEAVES,
        "ATTRIBUTE_VALUE": _by("give_an_attribute_another_type"),
        "LEAD_ATTRIBUTE_NULL": Unsettled.LEAVES,
        "CONVERT_TYPE_MISSING": _by("convert_without_type"),
        "CONVERT_TYPE_INVALID": _by("convert_into_something_else"),
        "CONVERT_USER_MISSING": _by("convert_into_nobody"),
        "USER_EXISTS": _by("give_a_user_another_s_user_id"),
        "CONTACT_UNIDENTIFIED": Unsettled.GUARD,
        "USER_UNIDENTIFIED": Unsettled.GUARD,
        "CONTACT_EMPTY": _by("make_somebody_without_identifier"),
        "USER_NEEDS_IDENTIFIER": _by("become_a_user_without_identifier"),
        "ROLE_INVALID": _by("change_to_an_unknown_role", "make_an_unknown_role"),
        "EMAIL_INVALID": Unsettled.GUARD,
        "EMAIL_VERIFIED_ALONE": _by("verify_an_email_that_is_not_there"),
        "NOT_REDACTABLE": Unsettled.GUARD,
        "QUERY_MISSING": _by("search_badly"),
        "QUERY_INVALID": _by("search_badly"),
        "INTERNAL": Unsettled.OURS,
        "UNVERIFIED": Unsettled.MESSENGER,
        "APP_UNKNOWN": Unsettled.MESSENGER,
        "NOT_BOOTED": Unsettled.MESSENGER,
    },
    "kept": {
        "email": _by(*_KEPT, where=".email"),
        "pseudonym": _by(*_KEPT, where=".pseudonym"),
        "avatar": _by(*_KEPT, where=".avatar"),
        "session_count": _by(*_KEPT, where=".session_count"),
        "unsubscribed_from_emails": _by(
            VISITOR_TO_LEAD, VISITOR_CREATED, LEAD_OPTED_OUT, where=".unsubscribed_from_emails"
        ),
        "marked_email_as_spam": Unsettled.NO_API,
        "has_hard_bounced": Unsettled.NO_API,
        "sms_consent": Unsettled.NO_API,
        "unsubscribed_from_sms": Unsettled.NO_API,
        "archived": _by("merge_the_archived"),
        "blocked": _by("merge_the_blocked"),
        "channel": Unsettled.NO_API,
        "events": _by("merge_with_events"),
        "consents": _by(LEAD_OPTED_OUT),
        "segments": _by("segments_of_a_merged_user"),
    },
    "expected": {
        "avatar, in place": _by(VISITOR_TO_LEAD, VISITOR_CREATED, where=".avatar"),
        "has_hard_bounced, in place": Unsettled.NO_API,
        "marked_email_as_spam, in place": Unsettled.NO_API,
        "location, merged": _by(VISITOR_MERGED, where=".location"),
        "created_at, merged": _by(LEAD_MERGED, where=".created_at"),
        "signed_up_at, merged": _by(LEAD_MERGED, where=".signed_up_at"),
        "last_seen_at, merged": _by(VISITOR_MERGED, where=".last_seen_at"),
        "email, merged": _by(LEAD_ADDS_EMAIL, where=".email"),
        "unsubscribed_from_emails, merged": _by(LEAD_OPTED_OUT, where=".unsubscribed_from_emails"),
        "avatar, merged": _by(VISITOR_MERGED, where=".avatar"),
        "marked_email_as_spam, merged": Unsettled.NO_API,
        "has_hard_bounced, merged": Unsettled.NO_API,
        "sms_consent, merged": Unsettled.NO_API,
        "unsubscribed_from_sms, merged": Unsettled.NO_API,
    },
    "elsewhere": {
        "E-mail addresses are the same whatever the case of their letters": _by("say_an_email_in_capitals"),
        "The user of a conversion is looked up by `id`, or else `user_id`, or else `email`; the others are not read": (
            _by("convert_by_id_before_email")
        ),
        "An `external_id` in the `user` of a conversion is not read, in 2.x either": _by("convert_by_external_id"),
        "Deleted and merged users keep their e-mail and external id for good": _by("make_the_deleted_again"),
        "Two users may not get one e-mail by a change unless each has an external id": _by("share_an_email"),
        "An archived contact is neither end of a merge": _by("merge_the_archived"),
        "The id of a visitor who was merged answers 404, not 410": _by(VISITOR_MERGED, where=""),
        "The uuid of a lead who was merged away answers 410 from 2.16 on, though no lead is found by theirs before": (
            _by("ask_more_of_the_merged")
        ),
        "Lists and searches without a sort show the latest changed first in every version": Unsettled.EVERYBODY,
        "In names `&`, `<` and `>` come back escaped, once, and quotation marks do not": _by(
            "call_somebody_with_signs"
        ),
        "Days begin at midnight UTC in every workspace": Unsettled.TIME,
        "A new visitor has neither signed up nor a remote creation time": _by("a_new_visitor"),
        "2.x refuses unknown custom attributes of visitors as of contacts": Unsettled.LEAVES,
        "The conversations of a blocked contact are closed, answer by id, and are in no list or search": _by(
            "merge_the_blocked"
        ),
        "Counts of events noted in bulk add up when noted again": Unsettled.GUARD,
        "1.x counts of one kind by another are lists with a name and its count in each entry": Unsettled.EVERYBODY,
        "Segments are worked out at once, and all that Intercom begins with are of users": _by(
            "segments_of_a_lead_and_a_new_user"
        ),
        "Segments that nobody changed are New (signed up for less than a day), Active (seen within 30 days) and "
        "Slipping Away (seen 30 to 60 days ago)": Unsettled.TIME,
        "A list by a tag or a segment that is not there is refused, and so is one by both": Unsettled.EVERYBODY,
        "A company is in no segment": _by("segments_of_a_company"),
        "A teammate who acts is named by the id of one of the workspace's, else 404 Resource Not Found": _by(
            "reply_as_nobody"
        ),
        "Nobody has to be named as acting where a contact is let into a conversation": _by(
            "let_somebody_into_a_conversation"
        ),
        "An unassigned conversation shows null for its assignees": _by(
            "a_conversation_in_four_versions", where="_assignee_id"
        ),
        "Unassigning an admin leaves the team, and vice versa; assigning opens what was closed": Unsettled.GUARD,
        "A snoozed conversation is open again when its time has come, without a part that says so": Unsettled.TIME,
        "Custom attributes of conversations need not be made first, and hold one value each": Unsettled.GUARD,
        "An attachment keeps its address and its name, and what is not known of it is 0": _by(
            "attach_something", where=".attachments"
        ),
        "A redacted message loses what was attached to it": Unsettled.GUARD,
        "What a deleted contact said stays, without anybody taking part": _by("what_the_deleted_said"),
    },
    "versions": {
        "identifiers_added_by_merge": _by(LEAD_ADDS_EMAIL, where=".email"),
        "number_ids": Unsettled.GUARD,
        "priority_levels": _by("a_conversation_in_four_versions", where=".priority"),
        "part_metadata": _by("a_conversation_in_four_versions", where=".metadata"),
    },
    "webhooks": dict.fromkeys(("merged", "lead updated", "email updated", "unarchived"), Unsettled.WEBHOOK),
    "errors on purpose": {
        "400": Unsettled.FAILURE,
        "402": Unsettled.FAILURE,
        "408": Unsettled.FAILURE,
        "422": Unsettled.FAILURE,
        "429": Unsettled.LIMIT,
    },
}


def settling(question: Question) -> Settling:
    """What settles a guess, or why nothing does."""
    return SETTLING[question.section][question.key]


def named(name: str) -> str:
    """What settles something as evidence names it: `module::case` of a scenario, `unknowns::probe` of a probe."""
    return f"unknowns::{name}" if name in PROBES else name.removeprefix("scenarios/").replace(".py::", "::")
