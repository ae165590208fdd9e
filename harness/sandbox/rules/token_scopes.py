"""Which scopes of a token let it use which operation, as Intercom's list of scopes says; the assignment is assumed.

A workspace's setting `token_scopes` names those that its token has; without it the token has all.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

_PEOPLE: Final = ({"read_list_users_companies", "read_write_users"}, {"write_users_companies", "read_write_users"})
_OF: Final[dict[str, tuple[set[str], set[str]]]] = {
    **dict.fromkeys(
        ("contacts", "users", "visitors", "companies", "notes", "segments", "subscription_types", "data_attributes"),
        _PEOPLE,
    ),
    "user_delete_requests": _PEOPLE,
    "tags": ({"read_tags"}, {"write_tags"}),
    "conversations": ({"read_conversations"}, {"write_conversations"}),
    "messages": ({"read_conversations"}, {"write_conversations"}),
    "events": ({"read_events"}, {"write_events"}),
    "counts": ({"read_counts"}, set()),
    "admins": ({"read_admins"}, {"update_admins"}),
    "teams": ({"read_admins"}, set()),
}
"""For the first word of a path: the scopes that let a token read, and write; one of them is enough."""

ONE_PERSON: Final = "read_one_user_one_company"
ONE_ADMIN: Final = "read_one_admin"
LOGS: Final = "read_admin_activity_logs"

SCOPES: Final = sorted({LOGS, ONE_ADMIN, ONE_PERSON}.union(*(scopes for pair in _OF.values() for scopes in pair)))
"""Every scope that a token can have here."""


def is_allowed(method: str, pattern: str, scopes: Collection[str] | None, *, reads: bool) -> bool:
    """Tell whether a token with these scopes may use an operation; `None` is every scope.

    pattern: the operation's path with its blanks. reads: whether it only reads.
    """
    first = pattern.split("/")[1]
    if scopes is None or first not in _OF:
        return True
    return not set(scopes).isdisjoint(_needed(method, pattern, first, only_reads=reads))


def _needed(method: str, pattern: str, first: str, *, only_reads: bool) -> set[str]:
    """Return the scopes of which one is enough."""
    reads, writes = _OF[first]
    if "activity_log" in pattern:
        return {LOGS}
    if not only_reads:
        return {"write_tags"} if "/tags" in pattern else writes
    if method != "GET" or "{" not in pattern:
        return reads
    return reads | ({ONE_ADMIN} if first == "admins" else {ONE_PERSON} if reads is _PEOPLE[0] else set())
