"""Every read by which Intercom's API shows people: by each identifier, in each dialect, and every list there is.

What each read should show follows from who is there; a test that keeps a picture of that holds all of them against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from harness.tests.support.sandbox_client import Asker

Shown = set[tuple[str, str]]
"""Ids with the kind of person under which each was shown."""

KINDS: Final = {"contact": "lead", "visitor": "visitor", "user": "user"}
"""What 1.x calls the kinds of people."""


@dataclass(frozen=True)
class Lookup:
    """One read that finds people of some kinds by one trait; `%s` is its value."""

    trait: str
    kinds: frozenset[str]
    version: str
    target: str
    several: Literal["all", "refused"] = "all"
    """Where several fit: whether it shows them all, or says that they are several."""

    def rightly(self, fitting: Shown) -> Shown | None:
        """What it should show where these are the ones who fit."""
        return None if len(fitting) > 1 and self.several == "refused" else fitting

    def shown(self, asker: Asker, value: str) -> Shown | None:
        """Whom it shows; nobody where it answers 404 or 410, `None` where it says that they are several."""
        if self.target == SEARCH:
            query = {"field": self.trait, "operator": "=", "value": value}
            return people(asker.using(self.version).ask("POST", SEARCH, {"query": query}))
        response = asker.using(self.version).send("GET", self.target % quote(value, safe=""))
        if response.status == 409:
            return None
        assert response.status in (200, 404, 410), (self, value, response.body)
        return people(response.json()) if response.status == 200 else set()


def people(body: Mapping[str, Any]) -> Shown:
    """Whom an answer shows: one person, or a list of them in either dialect; each once."""
    found = body.get("data", body.get("users", body.get("contacts")))
    one_by_one = found if isinstance(found, list) else [body]
    shown = {(one["id"], one.get("role") or KINDS[one["type"]]) for one in one_by_one}
    assert len(shown) == len(one_by_one), "somebody is shown twice"
    return shown


SEARCH: Final = "/contacts/search"
ANYBODY, CONTACTS, USERS = frozenset({"visitor", "lead", "user"}), frozenset({"lead", "user"}), frozenset({"user"})
LEADS, VISITORS = frozenset({"lead"}), frozenset({"visitor"})

LOOKUPS: Final = (
    *(Lookup(trait, CONTACTS, "2.16", SEARCH) for trait in ("id", "external_id", "email", "name")),
    Lookup("id", CONTACTS, "2.16", "/contacts/%s"),
    Lookup("id", CONTACTS, "2.11", "/contacts/%s"),
    Lookup("external_id", USERS, "2.16", "/contacts/find_by_external_id/%s"),
    Lookup("id", VISITORS, "2.16", "/visitors?id=%s"),
    Lookup("id", VISITORS, "2.10", "/visitors/%s"),
    Lookup("external_id", VISITORS, "2.16", "/visitors?user_id=%s"),
    Lookup("external_id", VISITORS, "1.4", "/visitors?user_id=%s"),
    Lookup("id", USERS, "1.4", "/users/%s"),
    Lookup("id", USERS, "1.4", "/users?id=%s"),
    Lookup("external_id", USERS, "1.4", "/users?user_id=%s"),
    Lookup("email", USERS, "1.4", "/users?email=%s"),
    Lookup("email", USERS, "1.0", "/users?email=%s", "refused"),
    Lookup("id", LEADS, "1.4", "/contacts/%s"),
    Lookup("external_id", LEADS, "1.4", "/contacts?user_id=%s"),
    Lookup("email", LEADS, "1.4", "/contacts?email=%s"),
)
"""All reads by an identifier, or by the name."""


def lists(asker: Asker) -> Iterator[tuple[str, frozenset[str], Shown]]:
    """Every list of everybody: what it is called, whose it is, and whom it shows."""
    new, old = asker.using("2.16"), asker.using("1.4")
    yield "list", CONTACTS, people(new.ask("GET", "/contacts?per_page=150"))
    for kinds in (LEADS, USERS):
        (kind,) = kinds
        query = {"query": {"field": "role", "operator": "=", "value": kind}, "pagination": {"per_page": 150}}
        yield f"search by role {kind}", kinds, people(new.ask("POST", SEARCH, query))
        path = {"lead": "/contacts", "user": "/users"}[kind]
        yield f"1.x {path}", kinds, people(old.ask("GET", f"{path}?per_page=60"))
        yield f"1.x {path}/scroll", kinds, _scrolled(old, path)


def _scrolled(asker: Asker, path: str) -> Shown:
    """Read a scroll to its end; only then another one may begin."""
    found: Shown = set()
    target = f"{path}/scroll"
    while True:
        answer = asker.ask("GET", target)
        part = people(answer)
        if not part:
            return found
        found |= part
        target = f"{path}/scroll?scroll_param={quote(str(answer['scroll_param']), safe='')}"
