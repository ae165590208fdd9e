"""Idle workspaces, put away in files of a temporary folder so that a server's memory stays bounded.

A workspace comes back as it was when it is asked for again. Its counters that live in memory alone (requests, rate
limit) are kept in a small record, so that nothing shows that it was away.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from harness.sandbox.workspace.workspace import Volatile
from harness.sandbox.workspaces.admin import WorkspaceAdmin


@dataclass(slots=True)
class Parking:
    """The workspaces of one server that are put away; their files are gone once it is closed."""

    _folder: tempfile.TemporaryDirectory[str] | None = None
    _records: dict[str, Volatile] = field(default_factory=dict)

    def put(self, workspace: WorkspaceAdmin, *, in_file: bool) -> bool:
        """Put a workspace away and close it, unless it is at work. in_file: whether it keeps its state in a file."""
        if not workspace.lock.acquire(blocking=False):
            return False
        try:
            if workspace.is_busy:
                return False
            if not in_file:
                self._path(workspace.name).write_bytes(workspace.checkpoint())
            self._records[workspace.name] = workspace.volatile
            workspace.close()
            return True
        finally:
            workspace.lock.release()

    def holds(self, name: str) -> bool:
        """Return whether a workspace of that name is put away."""
        return name in self._records

    @property
    def names(self) -> frozenset[str]:
        """The names of all that are put away."""
        return frozenset(self._records)

    def take_back(self, workspace: WorkspaceAdmin, *, in_file: bool) -> None:
        """Give a workspace that was opened anew what it had when it was put away."""
        record = self._records.pop(workspace.name)
        if not in_file:
            path = self._path(workspace.name)
            workspace.rewind(path.read_bytes())
            path.unlink()
        workspace.volatile = record

    def forget(self, name: str) -> None:
        """Let go of what is put away under a name."""
        if self._records.pop(name, None) is not None and self._folder is not None:
            self._path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the files."""
        self._records.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _path(self, name: str) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="harness-idle-")
        return Path(self._folder.name) / f"{name}.sqlite"
