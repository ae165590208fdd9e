"""Who a ping of the Messenger is from, and what it makes of them: two tables for the engine in `decisions`.

A ping without `user_id` and e-mail is anonymous: it is told by the uuid in the page's cookie, and a person nobody knows
is a new **visitor**; unless the session of a user who never signed out is still good. A ping with one of them is a
**user**: whoever the page was until then, visitor or lead, becomes that user, or is merged into them if they exist.
Where the workspace verifies identities, a ping that names a user without the right hash is refused and changes nothing.
"""

from __future__ import annotations

from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.decision_table import DecisionRule, Table
from harness.sandbox.rules.intercom_errors import IntercomError

UNVERIFIED = IntercomError(
    403,
    "action_forbidden",
    "User hash is missing or wrong, and identity verification is on",
    "facts §9: 403, seen by users; the words are not known",
    assumed=True,
)
APP_UNKNOWN = IntercomError(404, "not_found", "There is no workspace with this App ID", "facts §9", assumed=True)
NOT_BOOTED = IntercomError(
    404, "not_found", "Nobody is here by this anonymous_id or user", "facts §9: a message follows a ping", assumed=True
)

CONTINENTS = {"US": "United States", "EU": "Europe", "AU": "Australia"}


def wrong_region(hosted: str, asked: str) -> IntercomError:
    """Return the error of a Messenger that asks a region where the workspace is not hosted."""
    told = f"Your workspace is hosted in {CONTINENTS[hosted]} but you connected to {CONTINENTS[asked]}"
    return IntercomError(403, "region_mismatch", told, "facts 58")


ANONYMOUS = Table(
    "a ping without user_id and e-mail",
    {"session": ("user", "other"), "anonymous_id": ("none", "visitor", "lead", "used_up", "unknown")},
    (
        DecisionRule({"session": "user"}, "still_signed_in", "facts §9: without shutdown they are shown for one week"),
        DecisionRule(
            {"session": "other", "anonymous_id": "none"}, "new_visitor", "facts §9: visitors come into being by a ping"
        ),
        DecisionRule(
            {"session": "other", "anonymous_id": "visitor|lead"},
            "come_back",
            "facts §9: the cookie's uuid is the visitor's user_id",
        ),
        DecisionRule(
            {"session": "other", "anonymous_id": "used_up"},
            "new_visitor",
            "facts §3: who was converted is found by the uuid no more; the next ping from there is not described",
            assumed=True,
        ),
        DecisionRule(
            {"session": "other", "anonymous_id": "unknown"},
            "new_visitor_under_it",
            "facts §9: not described",
            assumed=True,
        ),
    ),
)
"""`session`: `user` for that of somebody who told who they are, on this browser and within the week.
`used_up`: the uuid of a visitor or lead who is a user now, was merged or was deleted."""


IDENTIFIED = Table(
    "a ping with user_id or e-mail",
    {
        "verified": ("yes", "no"),
        "source": ("nobody", "visitor", "lead"),
        "target": ("new", "user", "several", "archived", "lead"),
    },
    (
        DecisionRule({"verified": "no"}, UNVERIFIED, "facts §9"),
        DecisionRule(
            {"verified": "yes", "source": "nobody", "target": "new"}, "create_user", "facts §9: a new user is created"
        ),
        DecisionRule({"verified": "yes", "source": "nobody", "target": "user"}, "come_back", "facts §9"),
        DecisionRule(
            {"verified": "yes", "source": "visitor|lead", "target": "new"},
            "become_user",
            "facts §2, recorded: the same person under the same id",
        ),
        DecisionRule({"verified": "yes", "source": "visitor|lead", "target": "user"}, "merge", "facts §2"),
        DecisionRule(
            {"verified": "yes", "target": "several"}, no.SEVERAL_USERS, "facts §2: said so for the API", assumed=True
        ),
        DecisionRule(
            {"verified": "yes", "target": "archived"},
            no.ARCHIVED_DUPLICATE,
            "facts §5: said so for the API",
            assumed=True,
        ),
        DecisionRule(
            {"verified": "yes", "target": "lead"}, no.DUPLICATE, "facts §5: said so for the API", assumed=True
        ),
    ),
)

TABLES = (ANONYMOUS, IDENTIFIED)


def assumed_rules() -> list[tuple[str, DecisionRule]]:
    """Rows that rest on an assumption, with their table's name."""
    return [(table.name, rule) for table in TABLES for rule in table.rules if rule.assumed]
