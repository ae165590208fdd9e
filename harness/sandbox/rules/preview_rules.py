"""The decisions and the errors of what only `Preview` has."""

from __future__ import annotations

from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.decision_table import DecisionRule, Table
from harness.sandbox.rules.intercom_errors import IntercomError

USERS_SKIP_REFUSED = IntercomError(
    400,
    "parameter_not_allowed",
    "skip_duplicate_validation is not supported for user-to-user merges; contacts must share an email or phone",
    "facts §4: Preview",
)
USERS_NOT_DUPLICATES = IntercomError(
    422,
    "unprocessable_entity",
    "Contacts can only be merged when they are duplicates (matching email or phone)",
    "facts §4: Preview",
)
USER_WITH_CHANNEL = IntercomError(
    422,
    "unprocessable_entity",
    "User merge cannot move WhatsApp data yet, so a source contact with WhatsApp data cannot be merged",
    "facts §4: Preview",
)

PREVIEW = Table(
    "POST /contacts/merge/preview",
    {"from": ("missing", "absent", "lead", "user"), "into": ("missing", "absent", "lead", "user")},
    (
        DecisionRule({"from": "missing|absent"}, no.USER_NOT_FOUND, "facts §4: as for the merge"),
        DecisionRule(
            {"from": "lead|user", "into": "missing|absent"},
            no.USER_NOT_FOUND,
            "facts §4: as for the merge",
        ),
        DecisionRule({"from": "lead|user", "into": "lead|user"}, "preview", "facts §4: the description of Preview"),
    ),
)
"""Whether a merge can be previewed; what stands in its way is told in the response."""
