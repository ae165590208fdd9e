"""What stands beside each pipeline of the zoo as data: its bug and what must refute it, or what it claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

Kind = TypeVar("Kind", bound=type)

CONVERSIONS: Final = ("lead_to_user", "refusals", "visitor_to_lead", "visitor_to_user_create", "visitor_to_user_merge")
"""The scenario modules that every sound pipeline must pass."""

JOBS: Final = ("jobs",)
ADVERSITY: Final = ("resilience", "webhooks")


@dataclass(frozen=True, slots=True)
class Kill:
    """One scenario that must refute a pipeline: by which claim, with what found there, and for which likely reason.

    `scenario` is `module::case`; the others are parts of the texts that a person reads.
    """

    scenario: str
    claim: str
    found: str = ""
    likely: str = ""


@dataclass(frozen=True, slots=True)
class Bug:
    """A kind of bug, and what must catch it."""

    kind: str
    kills: tuple[Kill, ...]
    time_limit: float | None = None
    """Seconds for one call of a pipeline that hangs; the usual limit where none is named."""


@dataclass(frozen=True, slots=True)
class Right:
    """A right pipeline: the API versions it claims, and the scenarios in which nothing of it may be refuted.

    `only` names some where it claims no whole module.
    """

    versions: tuple[str, ...]
    modules: tuple[str, ...] = CONVERSIONS
    only: tuple[str, ...] = ()


def bug(kind: str, *kills: Kill) -> Callable[[Kind], Kind]:
    """Marks a class as a wrong pipeline."""
    return _marked(Bug(kind, kills))


def right(*versions: str, modules: tuple[str, ...] = CONVERSIONS, only: tuple[str, ...] = ()) -> Callable[[Kind], Kind]:
    """Marks a class as a right pipeline."""
    return _marked(Right(versions, modules, only))


def _marked(mark: Bug | Right) -> Callable[[Kind], Kind]:
    def put(kind: Kind) -> Kind:
        kind.stands_for = mark  # type: ignore[attr-defined]
        return kind

    return put
