"""What an operation is handed and what it gives back: a request made sense of, and an answer not yet put into bytes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harness.sandbox.rules.versions import Version
from harness.sandbox.store.belongings import Belongings
from harness.sandbox.store.person_store import PersonStore
from harness.sandbox.store.search_index import ListedPeople
from harness.sandbox.workspace.workspace import Workspace


class RequestContext(msgspec.Struct, frozen=True):
    """One request to one operation of one workspace; `parameters` are the path's blanks in their order."""

    workspace: Workspace
    version: Version
    parameters: tuple[str, ...]
    query: Mapping[str, str]
    body: dict[str, object]
    now: int
    origin: str
    path: str

    @property
    def people(self) -> PersonStore:
        """The workspace's people."""
        return self.workspace.people

    @property
    def listed(self) -> ListedPeople:
        """The people that lists and searches show: as they are, or as an index has them that lags."""
        return self.workspace.listed

    @property
    def belongings(self) -> Belongings:
        """What they have."""
        return self.workspace.belongings


class OperationResponse(msgspec.Struct, frozen=True):
    """What an operation answers; `None` is an empty body."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
