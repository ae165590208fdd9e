"""Binds the names of a recording (ids, uuids, cursors) to those that the sandbox gives, as they appear."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24}\b|\b\d{5,}\b")
"""What is an id wherever it stands in a text: a uuid, an ObjectId, a long number."""
NAMING = frozenset({"id", "workspace_id", "app_id", "admin_id", "owner_id", "starting_after", "conversation_id"})
"""The keys whose values are ids, whatever they look like."""


class RecordedBinding:
    """One-to-one: a recorded name stands for one of the sandbox's, and the other way round."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}
        self._theirs: dict[str, str] = {}

    def copy(self) -> RecordedBinding:
        """Return a copy, for a comparison that may be thrown away."""
        made = RecordedBinding()
        made._ours, made._theirs = dict(self._ours), dict(self._theirs)
        return made

    def bind(self, recorded: str, ours: str) -> bool:
        """Bind two names; tell whether they were free, or bound to each other already."""
        if recorded not in self._ours and ours not in self._theirs:
            self._ours[recorded], self._theirs[ours] = ours, recorded
        return self._ours.get(recorded) == ours

    def knows(self, recorded: str) -> bool:
        """Tell whether a recorded name is bound."""
        return recorded in self._ours

    def text(self, recorded: str) -> str:
        """Return a recorded text with the sandbox's names in it."""
        if recorded in self._ours:
            return self._ours[recorded]
        return TOKEN.sub(lambda found: self._ours.get(found[0], found[0]), recorded)

    def value(self, recorded: Any) -> Any:
        """Return a recorded value, at every depth, with the sandbox's names in it."""
        if isinstance(recorded, str):
            return self.text(recorded)
        if isinstance(recorded, list):
            return [self.value(one) for one in recorded]
        if isinstance(recorded, dict):
            return {key: self.value(one) for key, one in recorded.items()}
        return recorded

    def recorded(self, ours: str) -> str:
        """Return the recorded name that one of the sandbox's stands for, or the same."""
        return self._theirs.get(ours, ours)

    def alike(self, key: str, recorded: str, ours: str) -> bool:
        """Tell whether two texts say the same, and bind the names in them that appear for the first time."""
        if key == "starting_after":
            return _cursor_form(recorded) == _cursor_form(ours)
        if key in NAMING or (TOKEN.fullmatch(recorded) and TOKEN.fullmatch(ours)):
            return self.bind(recorded, ours)
        if self.text(recorded) == ours:
            return True
        names, given = TOKEN.findall(recorded), TOKEN.findall(ours)
        if len(names) != len(given) or TOKEN.sub("", recorded) != TOKEN.sub("", ours):
            return False
        return all(self.bind(*pair) for pair in zip(names, given, strict=True))


def _cursor_form(cursor: str) -> list[str] | str:
    """What a cursor is made of: the types of its values."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return "no base64 of JSON"
    return [type(value).__name__ for value in values] if isinstance(values, list) else type(values).__name__
