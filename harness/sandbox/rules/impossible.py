"""How whoever sets or makes something of a workspace is told that it cannot be. Refusals of the API are `refusals`."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.errors import Problem


def impossible(what: str, evidence: str) -> Problem:
    """The problem of something that no workspace can have."""
    return Problem(f"The sandbox refuses: {what}.", evidence=evidence, remedy="correct the request and send it again")


def listed(names: Iterable[str]) -> str:
    """Names in their order, as a sentence holds them."""
    return ", ".join(sorted(names))
