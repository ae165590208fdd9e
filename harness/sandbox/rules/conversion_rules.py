"""What happens to people who are converted or merged, and what is refused.

In prose. A **visitor** is told by `id` or `user_id`; an e-mail tells nobody. Converted to a lead, it stays the same
person under the same ids, and what the request says of a user is not read. Converted to a user, the request must say
who that user is, by `id`, `user_id` or `email`. If such a user exists, the visitor is merged into it and is gone; if
not, the visitor becomes that user, and the user's identifiers replace its own. A visitor that was converted is nobody
any more: the second attempt finds none. Up to 2.10, a conversion to a user that does not say which user changes
nothing and answers 200 with the visitor as it was.

A **lead** becomes a user in two ways. In 1.x `POST /contacts/convert` takes the lead (by `id` or `user_id`) and the
user, and merges or creates as above; where it does not say which user, nothing happens, and the answer is no error. In
2.x `PUT /contacts/{id}` with the role `user` makes the lead a user in place, and `POST /contacts/merge` folds a lead
into a user who exists. Nothing but a lead into a user can be merged, and from 2.16 the two must share an e-mail or a
phone number unless the request says to skip that check. A lead who came by Facebook, a mailing list or another external
channel cannot be merged. A user never becomes a lead.

The **target** is looked up by `id`, or else by `user_id`, or else by `email`. An unknown `id` finds nobody and is
refused. An unknown `user_id` means a new user, even where the e-mail is taken: 1.x then makes a second user with the
same e-mail, 2.x refuses, because there users are unique by external id and by e-mail. Several users with the e-mail
are a conflict, an archived one stands in the way, and a lead is no user.

The tables below say the same, row by row, each with its source; `decision_table` is the engine. A test
goes through every combination of facts and demands that exactly one row fits. What is *kept* stands in `keeping`.
"""

from __future__ import annotations

from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.decision_table import DecisionRule, Table
from harness.sandbox.rules.gone_contacts import GONE
from harness.sandbox.rules.preview_rules import PREVIEW, USER_WITH_CHANNEL, USERS_NOT_DUPLICATES, USERS_SKIP_REFUSED

TARGETS = ("new", "user", "several", "archived", "lead", "unknown_id", "conflict")
"""What the identifiers of the wanted user lead to: nobody yet; one user; several; an archived one; a lead; an `id` that
nobody has; somebody else who already has an identifier that the new user would get."""

CHANNELS = ("messenger", "facebook", "external")
YES_NO = ("yes", "no")
USER = ("absent", "empty", "given")

CONVERT_VISITOR = Table(
    "POST /visitors/convert",
    {
        "visitor": ("unidentified", "absent", "found"),
        "type": ("lead", "user", "missing", "invalid"),
        "user": USER,
        "target": TARGETS,
        "unconverted_visitor": YES_NO,
    },
    (
        DecisionRule({"type": "missing"}, no.CONVERT_TYPE_MISSING, "facts §2", assumed=True),
        DecisionRule({"type": "invalid"}, no.CONVERT_TYPE_INVALID, "facts §2", assumed=True),
        DecisionRule({"type": "lead|user", "visitor": "unidentified"}, no.VISITOR_UNIDENTIFIED, "facts §2"),
        DecisionRule({"type": "lead", "visitor": "absent"}, no.VISITOR_NOT_FOUND, "facts §2"),
        DecisionRule({"type": "lead", "visitor": "found"}, "become_lead", "facts §2: `user` is not read"),
        DecisionRule(
            {"type": "user", "visitor": "absent|found", "user": "absent|empty", "unconverted_visitor": "no"},
            no.CONVERT_USER_MISSING,
            "facts §2: required; the answer after 2.10 is unknown",
            assumed=True,
        ),
        DecisionRule(
            {"type": "user", "visitor": "absent", "user": "absent|empty", "unconverted_visitor": "yes"},
            no.VISITOR_NOT_FOUND,
            "facts §2",
        ),
        DecisionRule(
            {"type": "user", "visitor": "found", "user": "absent|empty", "unconverted_visitor": "yes"},
            "stay_visitor",
            "facts §2: recorded in 2.10",
        ),
        DecisionRule({"type": "user", "visitor": "absent", "user": "given"}, no.VISITOR_NOT_FOUND, "facts §2"),
        DecisionRule({"type": "user", "visitor": "found", "user": "given", "target": "new"}, "become_user", "facts §2"),
        DecisionRule({"type": "user", "visitor": "found", "user": "given", "target": "user"}, "merge", "facts §2"),
        DecisionRule(
            {"type": "user", "visitor": "found", "user": "given", "target": "several"}, no.SEVERAL_USERS, "facts §2"
        ),
        DecisionRule(
            {"type": "user", "visitor": "found", "user": "given", "target": "archived"},
            no.ARCHIVED_DUPLICATE,
            "facts §5: said so for POST /contacts",
            assumed=True,
        ),
        DecisionRule(
            {"type": "user", "visitor": "found", "user": "given", "target": "lead|unknown_id"},
            no.USER_NOT_FOUND,
            "facts §2: no such user",
            assumed=True,
        ),
        DecisionRule(
            {"type": "user", "visitor": "found", "user": "given", "target": "conflict"},
            no.DUPLICATE,
            "facts §5: users are unique by external id and e-mail",
            assumed=True,
        ),
    ),
)

CONVERT_LEAD = Table(
    "POST /contacts/convert (1.x)",
    {
        "lead": ("unidentified", "absent", "found"),
        "user": USER,
        "target": TARGETS,
        "channel": CHANNELS,
    },
    (
        DecisionRule(
            {"lead": "unidentified"}, no.CONTACT_UNIDENTIFIED, "facts-recorded 8: status and words, intercom-ruby#419"
        ),
        DecisionRule({"lead": "absent"}, no.CONTACT_NOT_FOUND, "facts §4", assumed=True),
        DecisionRule(
            {"lead": "found", "user": "absent|empty"},
            "stay_lead",
            "facts §4: intercom-ruby#330, no error and nothing converted; that the lead comes back is a guess",
            assumed=True,
        ),
        DecisionRule({"lead": "found", "user": "given", "target": "new"}, "become_user", "facts §4"),
        DecisionRule(
            {"lead": "found", "user": "given", "target": "user", "channel": "facebook"},
            no.FACEBOOK_USER,
            "facts §4: intercom-ruby#470",
        ),
        DecisionRule(
            {"lead": "found", "user": "given", "target": "user", "channel": "external"}, no.EXTERNAL_CHANNEL, "facts 57"
        ),
        DecisionRule({"lead": "found", "user": "given", "target": "user", "channel": "messenger"}, "merge", "facts §4"),
        DecisionRule({"lead": "found", "user": "given", "target": "several"}, no.SEVERAL_USERS, "facts §2"),
        DecisionRule(
            {"lead": "found", "user": "given", "target": "archived"},
            no.ARCHIVED_DUPLICATE,
            "facts §5: said so for POST /contacts",
            assumed=True,
        ),
        DecisionRule(
            {"lead": "found", "user": "given", "target": "lead|unknown_id"},
            no.USER_NOT_FOUND,
            "facts §4: no such user",
            assumed=True,
        ),
        DecisionRule({"lead": "found", "user": "given", "target": "conflict"}, no.DUPLICATE, "facts §5", assumed=True),
    ),
)

USER_TO_USER = {"from": "user", "into": "user"}
USERS_MERGE = {**USER_TO_USER, "users_merge": "yes"}
MESSENGER_USERS = {**USERS_MERGE, "channel": "messenger"}

MERGE = Table(
    "POST /contacts/merge",
    {
        "from": ("missing", "absent", "lead", "user"),
        "into": ("missing", "absent", "lead", "user"),
        "channel": CHANNELS,
        "shared": YES_NO,
        "skip": YES_NO,
        "merge_needs_duplicates": YES_NO,
        "users_merge": YES_NO,
    },
    (
        DecisionRule({"from": "absent"}, no.USER_NOT_FOUND, "facts §4"),
        DecisionRule({"from": "missing"}, no.USER_NOT_FOUND, "facts §4: looked up and not found", assumed=True),
        DecisionRule({"from": "lead|user", "into": "absent"}, no.USER_NOT_FOUND, "facts §4"),
        DecisionRule(
            {"from": "lead|user", "into": "missing"}, no.USER_NOT_FOUND, "facts-recorded 7: 404, intercom-php#320"
        ),
        DecisionRule({"from": "user", "into": "lead"}, no.INVALID_MERGE, "facts §4"),
        DecisionRule({**USER_TO_USER, "users_merge": "no"}, no.INVALID_MERGE, "facts §4"),
        DecisionRule({**USERS_MERGE, "channel": "facebook|external"}, USER_WITH_CHANNEL, "facts §4: Preview"),
        DecisionRule({**MESSENGER_USERS, "skip": "yes"}, USERS_SKIP_REFUSED, "facts §4: Preview"),
        DecisionRule({**MESSENGER_USERS, "skip": "no", "shared": "no"}, USERS_NOT_DUPLICATES, "facts §4: Preview"),
        DecisionRule({**MESSENGER_USERS, "skip": "no", "shared": "yes"}, "merge", "facts §4: Preview"),
        DecisionRule({"from": "lead", "into": "lead"}, no.INVALID_MERGE, "facts §4"),
        DecisionRule({"from": "lead", "into": "user", "channel": "facebook"}, no.FACEBOOK_USER, "facts §4"),
        DecisionRule({"from": "lead", "into": "user", "channel": "external"}, no.EXTERNAL_CHANNEL, "facts 57"),
        DecisionRule(
            {"from": "lead", "into": "user", "channel": "messenger", "merge_needs_duplicates": "no"},
            "merge",
            "facts §4: any lead into any user up to 2.15",
        ),
        DecisionRule(
            {
                "from": "lead",
                "into": "user",
                "channel": "messenger",
                "merge_needs_duplicates": "yes",
                "shared": "no",
                "skip": "no",
            },
            no.NOT_DUPLICATES,
            "facts §4: from 2.16",
        ),
        DecisionRule(
            {"from": "lead", "into": "user", "channel": "messenger", "merge_needs_duplicates": "yes", "shared": "yes"},
            "merge",
            "facts §4: they share an e-mail or a phone number",
        ),
        DecisionRule(
            {
                "from": "lead",
                "into": "user",
                "channel": "messenger",
                "merge_needs_duplicates": "yes",
                "shared": "no",
                "skip": "yes",
            },
            "merge",
            "facts §4: skip_duplicate_validation",
        ),
    ),
)

TAKEN = ("no", "live", "archived")
"""Whether another user already has the e-mail or the external id, and whether that one is archived."""

UPDATE_CONTACT = Table(
    "PUT /contacts/{contact_id}",
    {
        "role": ("lead", "user"),
        "wanted": ("unchanged", "lead", "user", "invalid"),
        "identified": YES_NO,
        "taken": TAKEN,
    },
    (
        DecisionRule({"wanted": "invalid"}, no.ROLE_INVALID, "facts §5", assumed=True),
        DecisionRule({"role": "user", "wanted": "lead"}, no.USER_TO_LEAD, "facts §4"),
        DecisionRule(
            {"role": "lead", "wanted": "unchanged|lead"}, "update", "facts-recorded 4: an external_id is not read"
        ),
        DecisionRule(
            {"role": "lead", "wanted": "user", "identified": "no"},
            no.USER_NEEDS_IDENTIFIER,
            "facts §5: a user needs external_id or email",
            assumed=True,
        ),
        DecisionRule(
            {"role": "lead", "wanted": "user", "identified": "yes", "taken": "no"},
            "become_user",
            "facts-recorded 1, 2: the same id, and signed_up_at stays as it was",
        ),
        DecisionRule(
            {"role": "lead", "wanted": "user", "identified": "yes", "taken": "live"}, no.DUPLICATE, "facts §4"
        ),
        DecisionRule(
            {"role": "lead", "wanted": "user", "identified": "yes", "taken": "archived"},
            no.ARCHIVED_DUPLICATE,
            "facts §5",
        ),
        DecisionRule(
            {"role": "user", "wanted": "unchanged|user", "identified": "no"},
            no.USER_NEEDS_IDENTIFIER,
            "facts §5",
            assumed=True,
        ),
        DecisionRule(
            {"role": "user", "wanted": "unchanged|user", "identified": "yes", "taken": "no|archived"},
            "update",
            "facts §5; recorded in 2.3, 5 of 5: what an archived user has can be taken by a change",
        ),
        DecisionRule(
            {"role": "user", "wanted": "unchanged|user", "identified": "yes", "taken": "live"}, no.DUPLICATE, "facts §5"
        ),
    ),
)

CREATE_CONTACT = Table(
    "POST /contacts",
    {"wanted": ("absent", "lead", "user", "contact", "invalid"), "identified": YES_NO, "taken": TAKEN},
    (
        DecisionRule({"wanted": "invalid"}, no.ROLE_INVALID, "facts §5", assumed=True),
        DecisionRule({"wanted": "absent", "identified": "no"}, no.CONTACT_EMPTY, "facts §5", assumed=True),
        DecisionRule(
            {"wanted": "user|contact", "identified": "no"}, no.USER_NEEDS_IDENTIFIER, "facts §5", assumed=True
        ),
        DecisionRule(
            {"wanted": "lead"}, "create_lead", "facts-recorded 4, 12: leads share e-mails, an external_id is not read"
        ),
        DecisionRule({"wanted": "user|absent", "identified": "yes", "taken": "no"}, "create_user", "facts §5"),
        DecisionRule(
            {"wanted": "contact", "identified": "yes", "taken": "no"},
            "create_user",
            "facts-recorded 69: a `contact` becomes a user",
        ),
        DecisionRule({"wanted": "user|absent|contact", "identified": "yes", "taken": "live"}, no.DUPLICATE, "facts §5"),
        DecisionRule(
            {"wanted": "user|absent|contact", "identified": "yes", "taken": "archived"},
            no.ARCHIVED_DUPLICATE,
            "facts §5; facts-recorded 10, 11: an archived or a deleted user has it",
        ),
    ),
)

TABLES = (PREVIEW, CONVERT_VISITOR, CONVERT_LEAD, MERGE, UPDATE_CONTACT, CREATE_CONTACT, GONE)


def assumed_rules() -> list[tuple[str, DecisionRule]]:
    """Rows that rest on an assumption, with their table's name: what only a TEST app can settle."""
    return [(table.name, rule) for table in TABLES for rule in table.rules if rule.assumed]
