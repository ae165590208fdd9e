"""What a run makes in a TEST app: how it is found again, the id that an answer gives it, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from harness.core.json_values import Json
from harness.test_app.cleanup.ledger import Entry
from harness.test_app.guard.guard_policy import OwnedIds, Rules
from harness.test_app.request_effects import Kind, UnderstoodRequest

READ_AT: Final[Mapping[Kind, str]] = {"contact": "/contacts", "company": "/companies", "tag": "/tags"}
"""Where something that was made is read by its id."""


def known_from(entries: Sequence[Entry]) -> OwnedIds:
    """What the entries say is the run's own."""

    def ids(*kinds: str) -> frozenset[str]:
        return frozenset(entry.entity_id for entry in entries if entry.kind in kinds and entry.entity_id)

    people = [entry for entry in entries if entry.kind in ("contact", "visitor")]
    uuids = frozenset(value for e in people for value in (e.uuid, e.by.get("uuid", "")) if value)
    alive = sum(entry.open and entry.kind == "contact" for entry in people)
    by_name = frozenset(e.entity_id for e in people if e.entity_id and set(e.by) == {"name"})
    own = OwnedIds(ids("contact", "visitor") | uuids, ids("company"), ids("tag"), ids("conversation"), alive)
    return replace(own, by_name=by_name)


def described(call: UnderstoodRequest, rules: Rules) -> Mapping[str, str]:
    """How to find again what a call is about to make; empty where it makes nothing new."""
    makes, given = call.operation.makes, call.given
    if makes == "tag":
        return {} if given("name") in rules.tags_there else {"name": given("name")}
    if makes == "company":
        return {"company_id": given("company_id")}
    if makes == "conversation":
        return {"contact": given("from.id") or given("from.user_id") or given("from.email")}
    if makes != "contact":
        return {}
    if call.operation.pattern.endswith("/customers"):
        return {"email": call.invited} if call.invited else {}
    if call.operation.effect == "ends":
        found = {"email": given("user.email"), "external_id": given("user.user_id")}
        return {} if given("user.id") else {name: value for name, value in found.items() if value}
    external = given("external_id") or given("user_id")
    found = {"email": given("email"), "external_id": external, "name": given("name")}
    return {name: value for name, value in found.items() if value}


def made_id(call: UnderstoodRequest, body: Json) -> str:
    """Return the id that the answer of a call gives to what was made; empty where it gives none."""
    if not isinstance(body, Mapping):
        return ""
    if call.operation.makes == "conversation":
        return str(body.get("conversation_id") or "")
    return str(body.get("id") or "") if body.get("type") != "visitor" else ""
