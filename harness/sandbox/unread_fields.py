"""Which fields of a body each operation reads, so that one that was sent in vain can be told.

A nested field is written with a dot; `name.*` stands for whatever is in there, which the operation takes as it comes.
Operations that are no row here are not judged. A contract test holds the rows against what the sandbox's own code asks
of a body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from harness.sandbox.operations.profiles import written_names
from harness.sandbox.rules.contact_fields import FIELDS
from harness.sandbox.rules.versions import VERSIONS, Dialect

_decode = msgspec.json.Decoder().decode


def _written(dialect: Dialect) -> frozenset[str]:
    """Return the fields that the field table lets a body write; those that hold objects are taken as they come."""
    versions = [version for version in VERSIONS.values() if version.dialect == dialect]
    found = ((name, row.type) for version in versions for row in FIELDS for name in written_names(row, version))
    return frozenset(f"{name}.*" if kind in ("object", "list") else name for name, kind in found)


CONTACT: Final = _written("2.x")
OLD_PERSON: Final = (*_written("1.x"), "id", "new_session", "update_last_request_at")
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


PAGES: Final = frozenset({"page", "per_page", "order", "sort"})
FIND: Final = frozenset({"id", "user_id", "email", "created_since", "tag_id", "segment_id"})

READ_QUERY: Final[Mapping[str, frozenset[str]]] = {
    "ListContacts": frozenset({"page", "per_page", "starting_after"}),
    "ShowContact": frozenset({"include_merge_history"}),
    "ShowContactByExternalId": frozenset(),
    "retrieveVisitorWithUserId": frozenset({"user_id"}),
    "listUsers": PAGES | FIND,
    "listLeads": PAGES | FIND | {"phone"},
    "convertVisitor": frozenset(),
    "convertLead": frozenset(),
    "MergeContact": frozenset({"include_merge_history"}),
    "UpdateContact": frozenset(),
    "CreateContact": frozenset(),
    "SearchContacts": frozenset(),
}
"""The query parameters that each operation reads, by Intercom's name for it."""

_OPEN: Final = {name: frozenset(path[:-2] for path in read if path.endswith(".*")) for name, read in READ.items()}
_PARENTS: Final = {
    name: frozenset(path[:at] for path in read for at, letter in enumerate(path) if letter == ".")
    for name, read in READ.items()
}


def unread(operation: str, body: object) -> tuple[str, ...]:
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


def unread_query(operation: str, query: Mapping[str, str]) -> tuple[str, ...]:
    """Return the query parameters that this operation does not read, each as `?name`."""
    read = READ_QUERY.get(operation)
    return () if read is None else tuple(f"?{name}" for name in query if name not in read)


def _unread(body: Mapping[str, object], operation: str, within: str) -> Iterator[str]:
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
