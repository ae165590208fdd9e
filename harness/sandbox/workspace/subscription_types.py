"""The kinds of message that people opt in to or out of; every workspace has the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """A kind of message that people opt in to or out of."""

    subscription_id: int
    name: str
    consent_type: str
    content_types: tuple[str, ...]


SUBSCRIPTIONS = (
    Subscription(1, "Newsletters", "opt_out", ("email",)),
    Subscription(2, "Product updates", "opt_in", ("email",)),
)
"""What every workspace starts with: one that people get unless they opt out, one that they get if they opt in."""
