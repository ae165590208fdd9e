"""What a pipeline defined in one scenario and may count on in the next: tags and data attributes, under their ids.

Each scenario has a workspace of its own. A process that lives for the whole run may keep a tag's id all the same, as it
may with Intercom: so what the pipeline made itself is there in the next workspace, and nothing else of the last one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from harness.core.http import Exchange, Response


@runtime_checkable
class TakesDefinitions(Protocol):
    """A workspace into which definitions can be brought."""

    def bring(self, tags: Mapping[str, str], attributes: Mapping[str, Mapping[str, str]]) -> None:
        """Take in tags (names by id) and data attributes (`model`, `name` and `data_type` by id)."""
        ...


class KeptDefinitions:
    """The tags and data attributes that the pipeline of a run has made so far."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}
        self._attributes: dict[str, Mapping[str, str]] = {}

    def learn(self, asked: Iterable[Exchange]) -> None:
        """Note what requests of the pipeline defined."""
        for exchange in asked:
            if exchange.request.method == "POST" and isinstance(answer := exchange.outcome.answer, Response):
                made = _object(answer.body) if 200 <= answer.status < 300 else {}
                self._note(exchange.request.path.strip("/"), made)

    def _note(self, path: str, made: Mapping[str, object]) -> None:
        if path == "tags" and made.get("id"):
            self._tags[str(made["id"])] = str(made.get("name"))
        elif path == "data_attributes" and made.get("id"):
            self._attributes[str(made["id"])] = {name: str(made.get(name)) for name in ("model", "name", "data_type")}

    def bring_into(self, workspace: object) -> None:
        """Put all of it into a new workspace, where that takes it."""
        if (self._tags or self._attributes) and isinstance(workspace, TakesDefinitions):
            workspace.bring(self._tags, self._attributes)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found: object = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}
