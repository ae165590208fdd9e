"""Who was meant to become whom: a source, its target, and how both were read before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.core.errors import Problem
from harness.core.people import Lead, User, Visitor
from harness.verification.checks.converted import Conversion
from harness.verification.claims import Claim
from harness.verification.snapshot import PersonSnapshot, Snapshot
from harness.verification.witnesses import describe_person


@dataclass(frozen=True, slots=True)
class Move:
    """One source and the user it was meant for; without a conversion, nobody was to be moved."""

    source: Visitor | Lead
    target: User | None = None
    conversion: Conversion | None = None

    @property
    def user(self) -> User:
        """Return the user it was meant for, where there is one."""
        assert self.target is not None
        return self.target


def in_place(source: Visitor | Lead, target: User, before: Snapshot, after: Snapshot) -> Conversion:
    """Return the conversion of a source who keeps their id and is a user now."""
    given = frozenset(name for name in ("email", "external_id") if getattr(target, name) is not None)
    return Conversion(describe_person(source), before.of(source), None, after.of(source), given=given)


def conversion_into(source: Visitor | Lead, made: User, before: Snapshot, after: Snapshot) -> Conversion:
    """Return the conversion of a source who was merged into a user whom the pipeline made for it."""
    given = frozenset(name for name in ("email", "external_id") if getattr(made, name) is not None)
    return Conversion(describe_person(source), before.of(source), PersonSnapshot(), after.of(made), given=given)


def created_for(source: Visitor | Lead, target: User, before: Snapshot, after: Snapshot) -> User | None:
    """Return the user whom the pipeline made, and merged the source into; `None` where it did nothing of the kind.

    A lead's old id has to lead there. A visitor leaves no such trace: they have to be gone, and the user to be new.
    """
    gone = after.of(source).by_uuid if isinstance(source, Visitor) else after.of(source).by_id
    if gone is None or gone.found:
        return None
    new = [body for contact_id, body in after.contacts.items() if contact_id not in before.contacts]
    made = [body for body in new if body["id"] != source.id and _is(body, target)]
    if isinstance(source, Lead):
        made = [body for body in made if f"</contacts/{body['id']}>" in (gone.link or "")]
    return replace(target, id=str(made[0]["id"])) if len(made) == 1 else None


def _is(body: Mapping[str, object], target: User) -> bool:
    known = [(body.get(name), getattr(target, name)) for name in ("email", "external_id")]
    return body.get("role") == "user" and all(shown == value for shown, value in known if value is not None)


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
