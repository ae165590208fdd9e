"""Which fields of a request Intercom does not read: the quiet mistakes, such as `to` where a merge reads `into`.

A table of what the operations around a conversion read. It passes no judgement: clients send fields too many every day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.sandbox.versions import Dialect

CONTACT = (
    "role external_id email email_verified phone name avatar signed_up_at last_seen_at owner_id "
    "unsubscribed_from_emails language_override custom_attributes.*"
)
OLD_PERSON = (
    "id user_id email phone name avatar avatar.image_url remote_created_at signed_up_at last_request_at owner_id "
    "unsubscribed_from_emails language_override custom_attributes.* companies.* location_data.* new_session "
    "update_last_request_at referrer utm_campaign utm_content utm_medium utm_source utm_term"
)

READ = {
    operation: frozenset(fields.split())
    for operation, fields in {
        "convertVisitor": "type visitor.id visitor.user_id user.id user.user_id user.email",
        "convertLead": "contact.id contact.user_id user.id user.user_id user.email",
        "MergeContact": "from into skip_duplicate_validation",
        "CreateContact": CONTACT,
        "UpdateContact": CONTACT,
        "updateVisitor": "id user_id name email custom_attributes.*",
        "updateVisitorById": "user_id name email custom_attributes.*",
        "createOrUpdateUser": OLD_PERSON,
        "createOrUpdateLead": OLD_PERSON,
    }.items()
}
"""The fields that each operation reads; `.*` stands for whatever is inside."""

IN_OLD_VERSIONS_ONLY = frozenset({("updateVisitor", "email"), ("updateVisitorById", "email")})
"""What 1.x reads and 2.x does not: an e-mail in a visitor's update (facts §3)."""


def unread(operation: str, dialect: Dialect, body: Any) -> list[str]:
    """The fields of a body that this operation does not read, by their path; none for an operation not in the table."""
    known = READ.get(operation)
    if known is None or not isinstance(body, dict):
        return []
    return [
        path
        for path in _paths(body)
        if not _is_read(path, known) or (dialect == "2.x" and (operation, path) in IN_OLD_VERSIONS_ONLY)
    ]


def _is_read(path: str, known: frozenset[str]) -> bool:
    return path in known or any(one.endswith(".*") and f"{path}.".startswith(one[:-1]) for one in known)


def _paths(body: dict[str, Any], above: str = "") -> Iterator[str]:
    """The path of each value that is no object; an empty object has nothing to read."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"
