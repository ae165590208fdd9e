"""Who was meant to become whom: a source, its target, and how both were read before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.core.errors import Problem
from harness.core.people import Lead, User, Visitor
from harness.verification.checks.kept import Conversion
from harness.verification.claims import Claim
from harness.verification.snapshot import Snapshot
from harness.verification.witnesses import describe_person


@dataclass(frozen=True, slots=True)
class Move:
    """One source and the user it was meant for; without a conversion, nobody was to be moved."""

    source: Visitor | Lead
    target: User | None = None
    conversion: Conversion | None = None


def moves_of(pairs: Sequence[tuple[Visitor | Lead, User]], before: Snapshot, after: Snapshot) -> list[Move]:
    """The merges of a scenario; those that end in the same user know of each other."""
    if not pairs:
        raise Problem("verify.all_merged() was given nobody", remedy="give it pairs: [(lead, user), …]")
    return [
        Move(
            source,
            into,
            Conversion(
                describe_person(source),
                before.of(source),
                before.of(into),
                after.of(into),
                others=tuple(before.of(other) for other, target in pairs if target.id == into.id and other != source),
            ),
        )
        for source, into in pairs
    ]


def named(claims: Iterable[Claim], move: Move) -> Iterator[Claim]:
    """The claims of one merge among several, each with the names of who is meant."""
    assert move.target is not None
    which = f"{describe_person(move.source)} → {describe_person(move.target)}"
    return (replace(claim, text=f"{which}: {claim.text}") for claim in claims)
