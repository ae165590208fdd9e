"""What a control plane needs of a sandbox, wherever that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Settable(Protocol):
    """What a scenario may ask of a workspace."""

    def create_visitor(self, traits: Mapping[str, object]) -> dict[str, object]:
        """A visitor as a Messenger ping leaves one, as Intercom shows it."""
        ...

    def reset(self) -> None:
        """Forget everyone and everything of this workspace."""
        ...

    def settings(self) -> dict[str, object]:
        """The workspace's settings."""
        ...

    def update_settings(self, changes: Mapping[str, object]) -> object:
        """Change settings; a `ValueError` or `Problem` says what cannot be."""
        ...

    def merge_users(self, from_id: str, into_id: str) -> object:
        """Merge one user into another, as a teammate can in the inbox."""
        ...


class WorkspaceControls(Settable, Protocol):
    """What can be told to one workspace of the sandbox."""

    def create_segment(self, traits: Mapping[str, object]) -> dict[str, object]:
        """A segment with a rule, as Intercom shows it."""
        ...

    def checkpoint(self) -> bytes:
        """All of its state."""
        ...

    def rewind(self, content: bytes) -> None:
        """Put such a state back."""
        ...

    def population(self, seen: int = -1) -> Mapping[str, object]:
        """Everybody there, and what became of the rest; only `changes` where it still is `seen`."""
        ...

    def changes_since(self, content: bytes) -> list[dict[str, object]]:
        """Who came, went or changed since such a state."""
        ...


class SandboxControls(Protocol):
    """A sandbox, seen from its control plane."""

    def workspace(self, name: str) -> WorkspaceControls:
        """The workspace of that name, made on first use."""
        ...

    def names(self) -> list[str]:
        """The names of the workspaces there are."""
        ...
