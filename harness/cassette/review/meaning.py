"""What an interaction means in Intercom's terms: a conversion that was asked for, or a read of one person.

A small reader of its own, written from the public API in both dialects (facts §1 to §5), for judging recordings. It
shares no code with the sandbox or with the harness's client, so neither can hide its own mistake here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Interaction
from harness.core.http import Request
from harness.core.json_values import Json

Role: TypeAlias = Literal["visitor", "lead", "user"]
GONE = frozenset({404, 410})
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class RecordedConversion:
    """A request that asks for a conversion: whom, into what role, and into whom where that is said.

    A boot of the Messenger does not say what the source is: whoever it was, `source_role` is `None`.
    """

    source: frozenset[str]
    source_role: Role | None
    role: Role
    into: str = ""


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """A person as an answer shows them."""

    person_id: str
    ids: frozenset[str]
    role: Role


def _texts(*values: Json) -> frozenset[str]:
    return frozenset(str(value) for value in values if value not in (None, ""))


def _visitor(_path: re.Match[str], body: Mapping[str, Json]) -> RecordedConversion | None:
    visitor, role = _mapping(body.get("visitor")), body.get("type")
    ids = _texts(visitor.get("id"), visitor.get("user_id"))
    if role not in ("lead", "user") or not ids:
        return None
    return RecordedConversion(ids, "visitor", "lead" if role == "lead" else "user")


def _merge(_path: re.Match[str], body: Mapping[str, Json]) -> RecordedConversion | None:
    source, into = _texts(body.get("from")), body.get("into")
    return RecordedConversion(source, "lead", "user", str(into)) if source and into else None


def _old_convert(_path: re.Match[str], body: Mapping[str, Json]) -> RecordedConversion | None:
    lead = _mapping(body.get("contact"))
    ids = _texts(lead.get("id"), lead.get("user_id"))
    return RecordedConversion(ids, "lead", "user") if ids else None


def _in_place(path: re.Match[str], body: Mapping[str, Json]) -> RecordedConversion | None:
    return RecordedConversion(_texts(path[1]), "lead", "user", path[1]) if body.get("role") == "user" else None


def _boot(_path: re.Match[str], body: Mapping[str, Json]) -> RecordedConversion | None:
    try:
        told = _mapping(json.loads(str(body.get("user_data") or "null")))
    except ValueError:
        return None
    source = _texts(told.get("anonymous_id"))
    return RecordedConversion(source, None, "user") if source and (told.get("user_id") or told.get("email")) else None


CONVERSIONS: tuple[tuple[str, str, Callable[[re.Match[str], Mapping[str, Json]], RecordedConversion | None]], ...] = (
    ("POST", r"/visitors/convert", _visitor),  # facts §2
    ("POST", r"/contacts/merge", _merge),  # facts §4, 2.x
    ("POST", r"/contacts/convert", _old_convert),  # facts §4, 1.x
    ("PUT", r"/contacts/([^/]+)", _in_place),  # facts §4: a role change creates the user in the lead's place
    ("POST", r"/messenger/web/ping", _boot),  # facts §1 and §11: who is named by a boot is the visitor no more
)
READS = (
    r"/visitors(?:/[^/]+)?",
    r"/contacts(?:/[^/]+)?",
    r"/contacts/find_by_external_id/[^/]+",
    r"/users(?:/[^/]+)?",
)
"""Paths that may answer with one person (facts §3, §5; clients: 1.x finds one by a query)."""


def path_of(interaction: Interaction) -> str:
    """The path as Intercom understands it: double and trailing slashes do not count (clients)."""
    return re.sub(r"/{2,}", "/", interaction.request.path).rstrip("/")


def conversion_in(interaction: Interaction) -> RecordedConversion | None:
    """The conversion that an interaction asks for, whatever came of it."""
    path, method = path_of(interaction), interaction.request.method.upper()
    for wanted, pattern, reader in CONVERSIONS:
        if wanted == method and (match := re.fullmatch(pattern, path)):
            return reader(match, _asked(interaction.request))
    return None


def _asked(request: Request) -> Mapping[str, Json]:
    """The body of a request by its names, be it JSON or a form."""
    if request.headers.get("content-type", "").startswith(FORM):
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    return _mapping(tree_of(request.body))


def is_read(interaction: Interaction) -> bool:
    """Whether an interaction reads what may be one person."""
    return interaction.request.method.upper() == "GET" and any(re.fullmatch(p, path_of(interaction)) for p in READS)


def status_of(interaction: Interaction) -> int:
    """The status of the answer, 0 where none came."""
    response = interaction.outcome.response
    return response.status if response else 0


def person_in(interaction: Interaction) -> ShownPerson | None:
    """The one person that an answer shows, or nothing."""
    response = interaction.outcome.response
    if response is None or response.status != 200:
        return None
    return _shown(_mapping(tree_of(response.body)))


@dataclass(frozen=True, slots=True)
class ContactPage:
    """A page of the list of contacts: the cursor that it was asked by, the next page's, and who stands on it."""

    after: str
    next: str
    people: tuple[ShownPerson, ...]


def contact_page_in(interaction: Interaction) -> ContactPage | None:
    """The page of the list of contacts that an interaction reads; `None` of whatever else, and of one that failed.

    A list that is asked for with a filter or in another order (facts §5) is not the whole list.
    """
    request, response = interaction.request, interaction.outcome.response
    if request.method.upper() != "GET" or path_of(interaction) != "/contacts" or status_of(interaction) != 200:
        return None
    query = dict(parse_qsl(request.target.partition("?")[2]))
    body = _mapping(tree_of(response.body)) if response else {}
    listed = body.get("data")
    if set(query) - {"per_page", "starting_after"} or body.get("type") != "list" or not isinstance(listed, list):
        return None
    following = _mapping(_mapping(body.get("pages")).get("next")).get("starting_after")
    shown = [_shown(_mapping(entry)) for entry in listed]
    people = tuple(one for one in shown if one is not None)
    return ContactPage(query.get("starting_after", ""), str(following or ""), people)


def converted_in(interaction: Interaction) -> ShownPerson | None:
    """Whom the answer to a conversion shows; a boot is answered with the person inside."""
    shown, response = person_in(interaction), interaction.outcome.response
    if shown is not None or response is None or response.status != 200:
        return shown
    person = _mapping(_mapping(tree_of(response.body)).get("user"))
    return _shown({**person, "type": person.get("role")})


def _shown(body: Mapping[str, Json]) -> ShownPerson | None:
    role, person_id = _role(body), body.get("id")
    if role is None or not person_id:
        return None
    return ShownPerson(str(person_id), _texts(person_id, body.get("user_id"), body.get("external_id")), role)


def _role(body: Mapping[str, Json]) -> Role | None:
    kind, role = body.get("type"), body.get("role")
    if kind == "contact" and role in ("lead", "user"):
        return "lead" if role == "lead" else "user"
    if kind in ("contact", "lead"):
        return "lead"  # 1.x calls a lead a contact
    return {"visitor": "visitor", "user": "user"}.get(str(kind))  # type: ignore[return-value]


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
