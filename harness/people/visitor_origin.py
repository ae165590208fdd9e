"""Where a visitor comes from: no API makes one. A sandbox makes it on request, a cassette remembers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import requests

from harness.core.errors import Problem


class VisitorOrigin(Protocol):
    """Lets somebody visit, and tells the visitor as Intercom shows it (`id` and `user_id` at least)."""

    def visit(self, traits: Mapping[str, Any]) -> Mapping[str, Any]:
        """One new visitor, with the traits that a ping of the Messenger would leave."""
        ...


def can_visit(origin: VisitorOrigin) -> bool:
    """Whether an origin has another visitor; one that does not say always has."""
    return bool(getattr(origin, "can_visit", True))


class SandboxVisitorOrigin:
    """The embedded sandbox, asked directly."""

    def __init__(self, create: Callable[[Mapping[str, object]], Mapping[str, object]]) -> None:
        self._create = create

    def visit(self, traits: Mapping[str, object]) -> Mapping[str, object]:
        """One new visitor."""
        return self._create(traits)


class HttpVisitorOrigin:
    """A running sandbox, asked through its control plane."""

    def __init__(self, session: requests.Session, url: str, token: str) -> None:
        self._session, self._url, self._token = session, url, token

    def visit(self, traits: Mapping[str, object]) -> Mapping[str, object]:
        """One new visitor."""
        headers = {"Authorization": f"Bearer {self._token}"}
        got = self._session.post(f"{self._url}/_sandbox/visitors", json=dict(traits), headers=headers, timeout=30)
        if got.status_code != 201:
            raise Problem("the sandbox made no visitor", evidence=f"POST /_sandbox/visitors → {got.status_code}")
        return dict(got.json())


class RecordedVisitorOrigin:
    """The visitors of a cassette's header, in their order."""

    def __init__(self, visitors: Iterable[Mapping[str, object]]) -> None:
        self._visitors = list(visitors)

    @property
    def can_visit(self) -> bool:
        """Whether there is one left."""
        return bool(self._visitors)

    def visit(self, traits: Mapping[str, object]) -> Mapping[str, object]:
        """The next recorded visitor."""
        if not self._visitors:
            raise Problem(
                "the scenario has more visitors than its cassette",
                why="the scenario's people were changed after it was recorded",
                remedy="record it anew: harness run --record",
            )
        return self._visitors.pop(0)
