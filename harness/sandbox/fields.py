"""Which fields of a body each operation reads, so that one that was sent in vain can be told.

A nested field is written with a dot; `name.*` stands for whatever is in there, which the operation takes as it comes.
Operations that are no row here are not judged. A contract test holds the rows against what the sandbox's own code asks
of a body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.sandbox.operations.profiles import PLAIN_TEXT, UTM

PERSON: Final = (*PLAIN_TEXT, "email", "role", "avatar", "owner_id", "unsubscribed_from_emails", "custom_attributes.*")
CONTACT: Final = (*PERSON, "external_id", "signed_up_at", "last_seen_at", "email_verified")
OLD_PERSON: Final = (
    *PERSON, *UTM, "id", "user_id", "remote_created_at", "signed_up_at", "last_request_at", "new_session",
    "update_last_request_at", "location_data.*", "companies.*",
)  # fmt: skip
USER: Final = ("user.id", "user.user_id", "user.email")
VISITOR: Final = ("id", "user_id", "name", "email", "custom_attributes.*")

READ: Final[Mapping[str, frozenset[str]]] = {
    "convertVisitor": frozenset({"visitor.id", "visitor.user_id", "type", *USER}),
    "convertLead": frozenset({"contact.id", "contact.user_id", *USER}),
    "MergeContact": frozenset({"from", "into", "skip_duplicate_validation"}),
    "CreateContact": frozenset(CONTACT),
    "UpdateContact": frozenset(CONTACT),
    "updateVisitor": frozenset(VISITOR),
    "updateVisitorById": frozenset(VISITOR),
    "createOrUpdateUser": frozenset(OLD_PERSON),
    "updateUser": frozenset(OLD_PERSON),
    "createOrUpdateLead": frozenset(OLD_PERSON),
    "attachTagToContact": frozenset({"id"}),
    "createNote": frozenset({"body", "admin_id"}),
    "attachContactToACompany": frozenset({"id"}),
    "attachSubscriptionTypeToContact": frozenset({"id", "consent_type"}),
    "createTag": frozenset({"id", "name", "users.*", "companies.*"}),
    "SearchContacts": frozenset({"query.*", "sort.*", "pagination.*"}),
}
"""The fields that each operation reads, by Intercom's name for it."""


def unread(operation: str, body: Any) -> tuple[str, ...]:
    """The fields of a body that this operation does not read, in the order in which they were sent."""
    known = READ.get(operation)
    if known is None or not isinstance(body, dict):
        return ()
    return tuple(path for path in _paths(body, known) if path not in known)


def _paths(body: Mapping[str, Any], known: frozenset[str], within: str = "") -> Iterator[str]:
    for name, value in body.items():
        path = f"{within}{name}"
        if f"{path}.*" in known:
            continue
        nested = any(field.startswith(f"{path}.") for field in known)
        if nested and isinstance(value, dict):
            yield from _paths(value, known, f"{path}.")
        elif not nested or value is not None:
            yield path
