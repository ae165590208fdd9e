"""How probes ask: one request in a pipeline's place, and the plainest people there are to ask about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from harness.client import Reading
from harness.core.newest_version import NEWEST_VERSION
from harness.core.people import Lead, User
from harness.people import People


class Ask(Protocol):
    """One request in a pipeline's place; bytes are sent as they are."""

    def __call__(self, method: str, path: str, sent: object = None, version: str = NEWEST_VERSION) -> Reading:
        """Ask."""
        ...


Probe = Callable[[People, Ask], object]
"""A small thing to ask."""


def plain_lead(people: People, email: str | None = None) -> Lead:
    """A lead without tags who has said nothing."""
    return people.lead(email=email, says=None, tags=())


def plain_user(people: People, **changes: Any) -> User:
    """A user without tags who has said nothing."""
    return people.user(says=None, tags=(), **changes)


def probes_in(module: Mapping[str, object]) -> dict[str, Probe]:
    """The probes that a module defines, by name, in the order in which they stand there."""
    return {
        name: value
        for name, value in list(module.items())
        if callable(value) and getattr(value, "__module__", "") == module["__name__"] and not name.startswith("_")
    }
