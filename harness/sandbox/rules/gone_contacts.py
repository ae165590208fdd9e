"""What is answered about a contact who is gone: gone is a state, and an archived contact is not an unknown one.

In prose. An **archived** contact is not shown, changed or given anything: reads and writes by its id answer as if it
were unknown. It can be archived again, which changes nothing, restored, and deleted. A **blocked** contact is archived
as well. A **deleted** contact is marked for permanent deletion and cannot be restored. A contact that was **merged**
away cannot be restored either, and from 2.16 a read names the contact that it was merged into. No list and no search
shows any of them. Archived, deleted and merged *users* keep their e-mail and external id: no other user can get them
while they last. Leads keep nothing, because leads may share an e-mail.

All this was recorded in 2.3 or told by staff; for other versions it is assumed from 2.3 where nothing else is said.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.decision_table import DecisionRule, Table

State: TypeAlias = Literal["there", "archived", "blocked", "deleted", "merged", "unknown"]
Request: TypeAlias = Literal["read", "change", "archive", "unarchive", "delete"]

GONE = Table(
    "a contact by its id",
    {
        "state": ("there", "archived", "blocked", "deleted", "merged", "unknown"),
        "asked": ("read", "change", "archive", "unarchive", "delete"),
        "merged_is_gone": ("yes", "no"),
        "deleted_is_named": ("yes", "no"),
    },
    (
        DecisionRule({"state": "there"}, "serve", "facts §5"),
        DecisionRule({"state": "unknown"}, no.USER_NOT_FOUND, "facts-recorded 21"),
        DecisionRule({"state": "archived", "asked": "read"}, no.USER_NOT_FOUND, "facts-recorded 15"),
        DecisionRule(
            {"state": "archived", "asked": "change"}, no.USER_NOT_FOUND, "facts-recorded 15: as the read", assumed=True
        ),
        DecisionRule({"state": "archived", "asked": "archive|unarchive"}, "serve", "facts-recorded 17, 18"),
        DecisionRule({"state": "archived", "asked": "delete"}, "serve", "nothing said", assumed=True),
        DecisionRule(
            {"state": "blocked", "asked": "read|change"},
            no.USER_NOT_FOUND,
            "facts §5: archived as well; facts-recorded 15",
            assumed=True,
        ),
        DecisionRule({"state": "blocked", "asked": "archive|unarchive|delete"}, "serve", "nothing said", assumed=True),
        DecisionRule({"state": "deleted", "asked": "read"}, no.USER_NOT_FOUND, "facts-recorded 19"),
        DecisionRule(
            {"state": "deleted", "asked": "change|archive|delete"},
            no.USER_NOT_FOUND,
            "facts-recorded 17: not recorded; as the read",
            assumed=True,
        ),
        DecisionRule(
            {"state": "deleted", "asked": "unarchive", "deleted_is_named": "yes"},
            no.DELETED_FOR_GOOD,
            "facts-recorded 18: since 2021-03-31",
        ),
        DecisionRule(
            {"state": "deleted", "asked": "unarchive", "deleted_is_named": "no"},
            no.SERVER_ERROR,
            "facts-recorded 18: in January 2021",
        ),
        DecisionRule(
            {"state": "merged", "asked": "read", "merged_is_gone": "yes"}, no.MERGED_AWAY, "facts §4: from 2.16"
        ),
        DecisionRule(
            {"state": "merged", "asked": "read", "merged_is_gone": "no"}, no.USER_NOT_FOUND, "facts-recorded 49"
        ),
        DecisionRule(
            {"state": "merged", "asked": "change|archive|delete"},
            no.USER_NOT_FOUND,
            "the official description has the 410 for the two reads only",
            assumed=True,
        ),
        DecisionRule({"state": "merged", "asked": "unarchive"}, no.MERGED_FOR_GOOD, "facts-recorded 50"),
    ),
)
