"""A workspace as its server holds it: with what can be told to it and made of it that no API of Intercom's can.

It makes visitors, changes settings, puts everything back, and tells a subscriber what requests changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.core.clock import Clock
from harness.core.newest_version import NEWEST_VERSION
from harness.sandbox.operations.conversions import merge
from harness.sandbox.requests.context import RequestContext
from harness.sandbox.requests.new_people import VISITOR_TRAITS, new_visitor
from harness.sandbox.rules.impossible import impossible, listed
from harness.sandbox.rules.versions import VERSIONS
from harness.sandbox.search.segment_rules import Segments
from harness.sandbox.serializers import shared_fields, v1
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.history import changes_since
from harness.sandbox.workspace.population import Population, population
from harness.sandbox.workspace.settings import WorkspaceSettings, check_setting
from harness.sandbox.workspace.workspace import Workspace
from harness.sandbox.workspaces.notifications import Notification, Outbox, ping


class WorkspaceAdmin(Workspace):
    """One workspace and its control plane."""

    def __init__(self, name: str, clock: Clock, *, seed: int, path: Path | None, intercom_version: str | None) -> None:
        super().__init__(name, clock, seed=seed, path=path, intercom_version=intercom_version)
        self.outbox = Outbox(self)
        self._listen()

    def _listen(self) -> None:
        listens = bool(self.preferences.webhook_url)
        self.people.listener = self.outbox.hear if listens else None
        self.belongings.tag_listener = self.outbox.hear_tag if listens else None

    @property
    def is_busy(self) -> bool:
        """Return whether a request is under way, or something waits to be told to a subscriber."""
        return self.outbox.waits or self.database.in_transaction

    def publish(self) -> None:
        """A request is done: whoever subscribed may be told what it changed."""
        if self.people.listener is not None:
            self.outbox.publish(self.preferences.webhook_topics)

    def take_notifications(self) -> list[Notification]:
        """What is to be sent now, each once."""
        with self.lock:
            self.publish()
            return self.outbox.take()

    def ping(self) -> Notification:
        """What is sent to see whether anybody listens."""
        return ping(self)

    # The control plane

    def update_settings(self, changes: Mapping[str, object]) -> dict[str, Any]:
        """Change some settings; an unknown name or an impossible value is refused and changes nothing."""
        with self.lock:
            changes = {name: value for name, value in changes.items() if (name, value) != ("app_id", self.app_id)}
            for name, value in changes.items():
                check_setting(name, value)
            self.keep_settings(WorkspaceSettings(**(asdict(self.preferences) | changes)))
            self._listen()
            return self.settings()

    def create_visitor(self, traits: Mapping[str, object]) -> dict[str, Any]:
        """A visitor as a ping of the Messenger leaves it, as `GET /visitors` shows it in the newest version.

        `{"pseudonym": None}` gives a bare one: no pseudonym, no session, never seen.
        """
        unknown = set(traits) - VISITOR_TRAITS
        if unknown:
            raise impossible(f"a visitor has no {listed(unknown)}", f"a visitor has {listed(VISITOR_TRAITS)}")
        with self.lock, self.database.transaction():
            visitor = new_visitor(self, traits)
            self.attributes.learn("contact", visitor.custom_attributes, self.now(), self.admin.admin_id)
            self.people.add(visitor)
            return {**v1.person(self, visitor, VERSIONS[NEWEST_VERSION])}

    def create_segment(self, traits: Mapping[str, object]) -> dict[str, object]:
        """A segment `{name, role, query}`, which no version of the API makes, as the newest one shows it."""
        with self.lock, self.database.transaction():
            return shared_fields.segment(Segments(self).make(traits), VERSIONS[NEWEST_VERSION])

    def bring(self, tags: Mapping[str, str], attributes: Mapping[str, Mapping[str, str]]) -> None:
        """Take in tags (names by id) and data attributes of contacts (`name` and `data_type` by id) made elsewhere."""
        with self.lock, self.database.transaction():
            for tag_id, name in tags.items():
                self.belongings.bring_tag(int(tag_id), name)
            for attribute_id, made in attributes.items():
                attribute = Attribute(
                    attribute_id=int(attribute_id),
                    model=made["model"],
                    name=made["name"],
                    data_type=made["data_type"],
                    created_at=self.now(),
                    updated_at=self.now(),
                    admin_id=self.admin.admin_id,
                )
                self.attributes.bring(attribute)

    def merge_users(self, from_id: str, into_id: str) -> None:
        """Merge one user into another: a teammate can, no version of the API does (facts §4: Preview will)."""
        with self.lock, self.database.transaction():
            source, into = self.people.get(from_id), self.people.get(into_id)
            if source is None or into is None or {source.kind, into.kind} != {"user"} or source is into:
                raise impossible("two users are needed for this merge", f"from {from_id}, into {into_id}")
            merge(RequestContext(self, VERSIONS[NEWEST_VERSION], (), {}, {}, self.now(), "", ""), source, into)

    def reset(self) -> None:
        """Put this workspace back to where it began; its settings too."""
        with self.lock:
            super().reset()
            self._listen()

    def rewind(self, content: bytes) -> None:
        """Put back what `checkpoint` gave; anything else is refused, and nothing is changed."""
        with self.lock:
            super().rewind(content)
            self._listen()

    def population(self, seen: int = -1) -> Population:
        """Everybody, for the dashboard; nobody where nothing was changed since `seen`."""
        with self.lock:
            changes = self.database.changes
            return {"type": "population", "changes": changes} if seen == changes else population(self)

    def changes_since(self, content: bytes) -> list[dict[str, object]]:
        """Who came, went or changed since a checkpoint."""
        with self.lock:
            return changes_since(self.database, content)
