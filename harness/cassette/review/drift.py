"""Where a live backend now answers otherwise than was recorded: the recorded requests, asked again, field by field.

Ids are bound as the backend yields them, so "create, convert, read the new one" can be asked of any backend. Times
count by their type only. A field more is information, one less a warning; another type, status, code or role, and an
id that is suddenly somebody else's are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from harness.cassette.format.blocks import PARALLEL
from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.cassette.format.id_names import COLLECTIONS, LONG_ID, IdNames
from harness.cassette.format.json_diff import kind_of as json_type
from harness.cassette.format.json_diff import shown
from harness.cassette.redaction.redactor import Redactor
from harness.cassette.replay.id_binding import Binding, without_others
from harness.cassette.replay.varying_fields import fits
from harness.cassette.review.meaning import status_of
from harness.core.http import Handler, Request, Response
from harness.core.json_values import Json, JsonObject, object_in

Tier: TypeAlias = Literal["info", "warning", "error"]
Kind: TypeAlias = Literal["added", "removed", "value", "type", "status", "code", "role", "id"]
TIERS: dict[Kind, Tier] = {
    "added": "info",
    "removed": "warning",
    "value": "warning",
    "type": "error",
    "status": "error",
    "code": "error",
    "role": "error",
    "id": "error",
}
DECIDING: dict[str, Kind] = {"role": "role", "type": "role", "code": "code"}
"""Fields whose value decides something."""
BY_CHANCE = frozenset({"pseudonym", "avatar", "image_url", "request_id", "app_id", "workspace_id", "id_code", "url"})
"""Fields that differ from workspace to workspace; only their type counts."""
OF_THE_WORKSPACE = frozenset({"admin", "team"})
"""Types of what belongs to a workspace and to no scenario; what they are called differs as well."""

MakeVisitor: TypeAlias = Callable[[Mapping[str, object]], Mapping[str, object]]
_VISIT = ("referrer", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term")


CONTROL_PLANE = "/_sandbox/"
"""Paths that are none of Intercom's: what they tell is not compared."""
PAST_THE_GATEWAY = "past_the_gateway"
"""What a person of the header says who was changed by what no request tells of."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One place where backend and recording differ."""

    kind: Kind
    operation: str
    """Method and path, with `{id}` for ids."""
    path: str
    recorded: Json = None
    live: Json = None
    place: int = 0
    """The number of the interaction."""
    times: int = 1

    @property
    def tier(self) -> Tier:
        """How much it matters."""
        return TIERS[self.kind]

    def __str__(self) -> str:
        often = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.operation} {self.path}: {_told(self)}{often}"


def _told(drift: Drift) -> str:
    if drift.kind == "added":
        return f"{shown(drift.live)} is new"
    if drift.kind == "removed":
        return f"{shown(drift.recorded)} is gone"
    return f"recorded {shown(drift.recorded)}, now {shown(drift.live)}"


def cannot_be_asked(cassette: Cassette) -> str:
    """Why a recording cannot be asked again of another backend; empty where it can."""
    for person in cassette.header.people:
        if past := person.get(PAST_THE_GATEWAY):
            return f"a {person.get('kind', 'person')} was {past} past the gateway, and no request can do that again"
    if any(interaction.block.startswith(PARALLEL) for interaction in cassette.interactions):
        return "some of it was asked by several workers at once, and in which order is not recorded"
    return ""


def drifts(
    cassette: Cassette, ask: Handler, token: str, make_visitor: MakeVisitor, *, shared: Redactor | None = None
) -> list[Drift]:
    """Ask a backend everything that was recorded, in order, and tell where it answers otherwise.

    token: for the backend's Authorization. make_visitor: makes a visitor there from traits, and tells it as Intercom
    shows it; visitors cannot be made by the API, so those of the recording are made this way when they first turn up.
    shared: where others live there too, what cleans the answers of them; who is none of this run's does not count.
    """
    names = IdNames(cassette.interactions)
    binding, redactor = Binding(names), shared or Redactor.for_header(cassette.header)
    visitors = _visitors(cassette)
    found: dict[tuple[str, ...], Drift] = {}
    for place, interaction in enumerate(cassette.interactions, 1):
        if interaction.request.path.startswith(CONTROL_PLANE) or interaction.caller == "webhook":
            continue
        for one in _mentioned(interaction, visitors):
            if not binding.knows(str(one["user_id"])):
                binding.learn(dict(one), object_in(dict(make_visitor(_traits(one)))))
        live = _ask(binding.request(interaction.request), ask, token)
        for drift in _compare(interaction, live, binding, redactor, alone=shared is None):
            here = replace(drift, place=place)
            key = (drift.operation, drift.path, drift.kind)
            found[key] = replace(found[key], times=found[key].times + 1) if key in found else here
    return list(found.values())


def _ask(request: Request, ask: Handler, token: str) -> Response | None:
    return ask(request.with_headers(authorization=f"Bearer {token}", content_type="application/json")).response


def _visitors(cassette: Cassette) -> dict[str, Mapping[str, Json]]:
    """The visitors of a recording by both their ids, as they were first shown."""
    found: dict[str, Mapping[str, Json]] = {}
    for interaction in cassette.interactions:
        response = interaction.outcome.response
        body = tree_of(response.body) if response else None
        if isinstance(body, dict) and body.get("type") == "visitor" and body.get("user_id"):
            for own in (str(body["id"]), str(body["user_id"])):
                found.setdefault(own, body)
    return found


def _mentioned(interaction: Interaction, visitors: Mapping[str, Mapping[str, Json]]) -> Iterator[Mapping[str, Json]]:
    text = interaction.request.target + " " + interaction.request.body.decode("utf-8", "replace")
    for own in LONG_ID.findall(text):
        if own in visitors:
            yield visitors[own]


def _traits(visitor: Mapping[str, Json]) -> JsonObject:
    traits = {name: visitor[name] for name in _VISIT if visitor.get(name)}
    location = visitor.get("location_data")
    if not isinstance(location, dict):
        return traits
    place: JsonObject = {key: value for key, value in location.items() if value is not None and key != "type"}
    return {**traits, "location": place} if place else traits


def _compare(
    interaction: Interaction, live: Response | None, binding: Binding, redactor: Redactor, *, alone: bool
) -> Iterator[Drift]:
    operation = operation_of(interaction.request)
    recorded = interaction.outcome.response
    if recorded is None:
        return
    if live is None or live.status != recorded.status:
        yield Drift("status", operation, "", status_of(interaction), live.status if live else None)
    if live is None:
        return
    old, new = tree_of(recorded.body), tree_of(redactor.response(live, interaction.request).body)
    new = new if alone else without_others(old, new, binding)
    if recorded.status < 300:
        binding.learn(old, new)
    yield from _values(binding.tree(old), new, "$", operation)


def operation_of(request: Request) -> str:
    """Method and path with `{id}` for ids, without the query."""
    parts = request.path.split("/")
    named = [
        "{id}" if LONG_ID.fullmatch(part) or (before in COLLECTIONS and part.isdigit()) else part
        for before, part in zip(["", *parts], parts, strict=False)
    ]
    return f"{request.method} {'/'.join(named)}"


def _values(old: Json, new: Json, path: str, operation: str, key: str = "") -> Iterator[Drift]:
    if json_type(old) != json_type(new):
        kind: Kind = "value" if None in (old, new) else "type"
        yield Drift(kind, operation, path, old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _objects(old, new, path, operation)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path, operation, key)
    elif old != new and not (fits(old, "time") and fits(new, "time")):
        yield Drift(_kind(key, old), operation, path, old, new)


def _kind(key: str, old: Json) -> Kind:
    if key in DECIDING:
        return DECIDING[key]
    return "id" if isinstance(old, str) and LONG_ID.fullmatch(old) else "value"


def _objects(old: Mapping[str, Json], new: Mapping[str, Json], path: str, operation: str) -> Iterator[Drift]:
    for key, value in old.items():
        if key in new:
            if json_type(value) != json_type(new[key]) or not _by_chance(key, old):
                yield from _values(value, new[key], f"{path}.{key}", operation, key)
        else:
            yield Drift("removed", operation, f"{path}.{key}", recorded=value)
    for key, value in new.items():
        if key not in old:
            yield Drift("added", operation, f"{path}.{key}", live=value)


def _by_chance(key: str, item: Mapping[str, Json]) -> bool:
    return key in BY_CHANCE or (item.get("type") in OF_THE_WORKSPACE and key in ("name", "email"))


def _lists(old: list[Json], new: list[Json], path: str, operation: str, key: str) -> Iterator[Drift]:
    if len(old) != len(new):
        yield Drift("value", operation, f"{path}.length", len(old), len(new))
    for one, other in _pairs(old, new):
        yield from _values(one, other, f"{path}[*]", operation, key)


def _pairs(old: list[Json], new: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Items with the same id where they have ids, in whatever order; otherwise one after the other."""
    by_id = {own: item for item in new if (own := _id_of(item))}
    ids = [_id_of(item) for item in old]
    if len(by_id) == len(new) and set(ids) == by_id.keys():
        return ((item, by_id[own]) for item, own in zip(old, ids, strict=True))
    return zip(old, new, strict=False)


def _id_of(item: Json) -> str:
    own = item.get("id") if isinstance(item, dict) else None
    return own if isinstance(own, str) else ""
