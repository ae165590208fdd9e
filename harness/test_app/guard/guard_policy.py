"""What one run may do in a TEST app, and what it has made there so far: frozen values, by which `guard` decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.config import AppSettings

RESERVED: Final = ("example.com", "example.org", "example.net")
_RESERVED_ENDS: Final = (".test", ".example", ".invalid")
EVENTS: Final = frozenset({"looked-around"})
"""The event names that the harness's own probes send in 2.x; one fixed name, since each stays in the workspace."""
_LONGEST_IDENTIFIER = 200
_WORD = re.compile(r"[A-Za-z0-9._:@+-]*")


@dataclass(frozen=True, slots=True)
class Rules:
    """What one run may do: where, as whom, under which marker. Values that come from `.env` and from this run alone."""

    app: AppSettings
    stand_in: str
    """The token that the pipeline was handed in place of the real one."""
    marker: str
    """What every e-mail and external id of this run holds."""
    attributes: frozenset[str] = frozenset()
    """The custom attributes that the harness may make."""
    tags_there: frozenset[str] = frozenset()
    """Names of the tags that the workspace had before the run; giving one to this run's people makes nothing new."""

    def marked(self, value: str) -> bool:
        """Whether a value carries this run's marker and is plain enough to mean one thing only."""
        return bool(_WORD.fullmatch(value)) and self.marker in value.lower() and len(value) < _LONGEST_IDENTIFIER

    def marked_email(self, value: str) -> bool:
        """Whether an e-mail stands under a reserved domain and carries the marker before the @."""
        local, at, domain = value.lower().partition("@")
        reserved = domain in RESERVED or domain.endswith(_RESERVED_ENDS)
        return bool(at) and reserved and "@" not in domain and self.marked(local)


@dataclass(frozen=True, slots=True)
class OwnedIds:
    """What this run has made so far: ids by kind, and the names that Intercom itself gave its people."""

    people: frozenset[str] = frozenset()
    """Ids of visitors, leads and users, and the uuids of visitors and leads."""
    companies: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    conversations: frozenset[str] = frozenset()
    contacts_alive: int = 0
    seen: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Who is in the conversations that were read for this request; `None` where a read told nothing."""
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names of the workspace's custom attributes by model, as far as they were read for this request."""
    by_name: frozenset[str] = frozenset()
    """Ids of people who carry the marker in their name alone."""
    teammates: frozenset[str] = frozenset()
    """The id of the teammate whom the token belongs to."""

    def holds(self, kind: str, value: str) -> bool:
        """Whether a thing of this kind is this run's own; of conversations `rooms` tells."""
        own: Mapping[str, frozenset[str]] = {
            "person": self.people,
            "company": self.companies,
            "tag": self.tags,
        }
        return kind == "any" or value in own.get(kind, frozenset())
