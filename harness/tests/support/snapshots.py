"""Reads and censuses by hand, for tests of what verification concludes from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.client import Reading
from harness.verification.snapshot import PersonSnapshot, Snapshot

CONTACT_ID = "6955b9000000000000000001"
TARGET_ID = "6955b9000000000000000002"


def reading(status: int, answer: Any = None, *, path: str = "/contacts/x", link: str | None = None) -> Reading:
    """One read with its answer."""
    return Reading("GET", path, None, status, answer, link)


def error(status: int, code: str = "not_found", request_id: str = "r1") -> Reading:
    """One read that Intercom answered with an error."""
    body = {"type": "error.list", "request_id": request_id, "errors": [{"code": code, "message": "no"}]}
    return reading(status, body)


def contact(contact_id: str = CONTACT_ID, role: str = "lead", **fields: Any) -> dict[str, Any]:
    """A contact's body."""
    return {"type": "contact", "id": contact_id, "role": role, **fields}


def shown(contact_id: str = CONTACT_ID, role: str = "lead", **fields: Any) -> Reading:
    """A read that shows a contact."""
    return reading(200, contact(contact_id, role, **fields))


def listing(*entries: Mapping[str, Any], status: int = 200) -> Reading:
    """A list or a search, with its entries."""
    return reading(status, {"type": "list", "data": list(entries), "total_count": len(entries)})


def ids(*values: str) -> Reading:
    """A list of entries of which only the ids matter."""
    return listing(*({"id": value} for value in values))


def census(
    *contacts: Mapping[str, Any], complete: bool = True, portraits: Mapping[str, PersonSnapshot] | None = None
) -> Snapshot:
    """A census with this list of contacts."""
    listed = listing(*contacts, status=200 if complete else 503)
    return Snapshot(portraits or {}, {str(c["id"]): c for c in contacts}, (listed,))
