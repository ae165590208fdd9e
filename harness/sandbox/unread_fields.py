"""Which fields of a body each operation reads, so that one that was sent in vain can be told.

A nested field is written with a dot; `name.*` stands for whatever is in there, which the operation takes as it comes.
Operations that are no row here are not judged. A contract test holds the rows against what the sandbox's own code asks
of a body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from harness.sandbox.operations.profiles import PLAIN_TEXT, UTM

_decode = msgspec.json.Decoder().decode

PERSON: Final = (*PLAIN_TEXT, "email", "avatar", "owner_id", "unsubscribed_from_emails", "custom_attributes.*")
CONTACT: Final = (*PERSON, "role", "external_id", "signed_up_at", "last_seen_at")
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
    "CreateContact": frozenset({*CONTACT, "email_verified"}),
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


_OPEN: Final = {name: frozenset(path[:-2] for path in read if path.endswith(".*")) for name, read in READ.items()}
_PARENTS: Final = {
    name: frozenset(path[:at] for path in read for at, letter in enumerate(path) if letter == ".")
    for name, read in READ.items()
}


def unread(operation: str, body: Any) -> tuple[str, ...]:
    """The fields of a body that this operation does not read, in the order in which they were sent."""
    if operation not in READ or not isinstance(body, dict):
        return ()
    return tuple(_unread(body, operation, ""))


def unread_in(operation: str, content: bytes) -> tuple[str, ...]:
    """The same of a body as it was sent; one that is no JSON has no fields."""
    if operation not in READ:
        return ()
    try:
        return unread(operation, _decode(content))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ()


def _unread(body: Mapping[str, Any], operation: str, within: str) -> Iterator[str]:
    read, parents, whatever = READ[operation], _PARENTS[operation], _OPEN[operation]
    for name, value in body.items():
        path = f"{within}{name}"
        if path in whatever or path in read:
            continue
        if path not in parents:
            yield path
        elif isinstance(value, dict):
            yield from _unread(value, operation, f"{path}.")
        elif value is not None:
            yield path
