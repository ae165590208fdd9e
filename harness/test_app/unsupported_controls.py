"""What stands for the workspace of a TEST app where a scenario would set something: nothing of it can be set."""

from __future__ import annotations

from collections.abc import Mapping

from harness.core.errors import NotPossibleHere, NotPossibleReason


class UnsupportedControls:
    """The workspace of a TEST app, of which nothing can be set: a scenario that asks for it is not run."""

    def create_visitor(self, traits: Mapping[str, object]) -> dict[str, object]:
        """Visitors come from a browser."""
        raise NotPossibleHere(NotPossibleReason.VISITORS)

    def reset(self) -> None:
        """Nobody resets a workspace of Intercom's."""
        raise NotPossibleHere(NotPossibleReason.SETTINGS)

    def settings(self) -> dict[str, object]:
        """What it is like cannot be read."""
        raise NotPossibleHere(NotPossibleReason.SETTINGS)

    def update_settings(self, changes: Mapping[str, object]) -> object:
        """What it is like cannot be set."""
        raise NotPossibleHere(NotPossibleReason.WEBHOOKS if "webhook_url" in changes else NotPossibleReason.SETTINGS)

    def checkpoint(self) -> bytes:
        """Nobody keeps a workspace of Intercom's."""
        raise NotPossibleHere(NotPossibleReason.SETTINGS)

    def rewind(self, content: bytes) -> None:
        """Nobody puts one back."""
        raise NotPossibleHere(NotPossibleReason.SETTINGS)

    def changes_since(self, content: bytes) -> list[dict[str, object]]:
        """Nobody knows all that changed."""
        raise NotPossibleHere(NotPossibleReason.SETTINGS)

    def merge_users(self, from_id: str, into_id: str) -> object:
        """Only a teammate merges users."""
        raise NotPossibleHere(NotPossibleReason.TEAMMATES)
