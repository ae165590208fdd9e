"""A conversion as values: who was converted into whom, as read before and after, and what a scenario allows beside."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.verification.snapshot import PersonSnapshot


@dataclass(slots=True)
class Permissions:
    """What may be done all the same: `allowed` by the scenario, `standing` by the pipeline's settings.

    A scenario must need what it allows. A pipeline's settings stand for a whole run: one scenario need not use them.
    """

    allowed: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)

    def covers(self, name: str) -> bool:
        """Return whether this is allowed, such as the change of an attribute; remember that it was needed."""
        if name in self.allowed | self.standing:
            self.used.add(name)
            return True
        return False

    @property
    def unused(self) -> frozenset[str]:
        """Return the permissions of the scenario that nothing needed."""
        return self.allowed - self.used


@dataclass(frozen=True, slots=True)
class Conversion:
    """Who was converted into whom, as read before and after; `target_before` is `None` where nobody was there.

    `others` were folded into the same user as well: any of them may have filled a gap. `given` are the identifiers that
    the pipeline was told to give (`email`, `external_id`).
    """

    who: str
    source_before: PersonSnapshot
    target_before: PersonSnapshot | None
    after: PersonSnapshot
    became_user: bool = True
    others: tuple[PersonSnapshot, ...] = ()
    given: frozenset[str] = frozenset()

    @property
    def merged(self) -> bool:
        """Return whether the source was folded into somebody who existed."""
        return self.target_before is not None

    @property
    def created(self) -> bool:
        """Return whether the target is somebody of whom nothing could be read before, such as one made on the way."""
        return self.target_before is not None and self.target_before.body is None

    @property
    def sides(self) -> tuple[PersonSnapshot, PersonSnapshot, PersonSnapshot]:
        """Return source, target (empty where nobody was there) and what is there afterwards."""
        return self.source_before, self.target_before or PersonSnapshot(), self.after

    @property
    def owners(self) -> tuple[PersonSnapshot, ...]:
        """Return all whose belongings the target may have now: the source, others folded in, the target before."""
        return (self.source_before, *self.others, *([self.target_before] if self.target_before else []))

    @property
    def owner(self) -> PersonSnapshot:
        """Return the person who is there afterwards, as they were before: the target, or the source in place."""
        return self.target_before or self.source_before
