"""Whose a conversation is: this run's where this run began it, or where everybody seen in it is one of its people.

Decided from frozen values, as in `guard_rules`. `Unseen` says what must be read; `guard_middleware` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.json_values import Json
from harness.test_app.conversation_participants import listed
from harness.test_app.guard.guard_policy import OwnedIds
from harness.test_app.request_effects import UnderstoodRequest

_ID = re.compile(r"[0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class Unseen:
    """It depends on who is in this conversation, which has to be read first."""

    conversation_id: str


def judge(call: UnderstoodRequest, known: OwnedIds) -> str | Unseen | None:
    """What speaks against a write to the conversations it names, or which of them must be read to tell.

    One that this run began may be changed as it is. One that it found, and whatever is to be ended for good, is looked
    at just before.
    """
    for conversation_id in call.rooms:
        if not _ID.fullmatch(conversation_id):
            return "it names a conversation by something else than its id"
        own = conversation_id in known.conversations
        if conversation_id in known.seen:
            objection = _seen(conversation_id, own, known)
            if objection:
                return objection
        elif not own or call.operation.effect == "ends":
            return Unseen(conversation_id)
    return None


def _seen(conversation_id: str, own: bool, known: OwnedIds) -> str | None:
    inside = known.seen[conversation_id]
    if inside is None:
        return f"who is in conversation {conversation_id} could not be read"
    if inside - known.people:
        return f"somebody whom this run did not make is in conversation {conversation_id}"
    if not own and not inside:
        return f"conversation {conversation_id} was not begun by this run, and shows none of its people"
    return None


def customers_in(body: Json) -> frozenset[str]:
    """The ids of all who take part, as the answer to letting somebody in tells them."""
    return frozenset(str(one["id"]) for one in listed(body, "customers") if isinstance(one, Mapping) and one.get("id"))
