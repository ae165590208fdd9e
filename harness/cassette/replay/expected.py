"""What one side is expected to ask in one step of a scenario, in the order in which it was recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile

from harness.cassette.format.blocks import OVERLAP, POLL
from harness.cassette.format.document import Interaction
from harness.cassette.format.match_keys import MatchKey
from harness.core.http import Request


@dataclass(slots=True, eq=False)
class ExpectedGroup:
    """Interactions that come in any order: one alone, or those of a block."""

    members: Sequence[Interaction]
    kind: str
    waiting: dict[MatchKey, deque[Interaction]] | None = None
    """What was not asked for yet; `None` until the first request comes."""
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.members)

    @property
    def overlaps(self) -> bool:
        """Whether each was sent before another was answered."""
        return self.kind.startswith(OVERLAP)

    @property
    def polls(self) -> bool:
        """Whether the last answer is given again as often as it is asked for."""
        return self.kind.startswith(POLL)

    def take(self, key: MatchKey, key_of: Callable[[Request], MatchKey]) -> Interaction | None:
        """Use up the interaction that answers a request; `None` if none of the group does."""
        if not self.kind:
            return self._take_alone(key, key_of)
        if self.waiting is None:
            self.waiting = {}
            for member in self.members:
                self.waiting.setdefault(key_of(member.request), deque()).append(member)
        found = self.waiting.get(key)
        if not found:
            return None
        self.left -= 1
        taken = found.popleft()
        if not found:
            del self.waiting[key]
        return taken

    def _take_alone(self, key: MatchKey, key_of: Callable[[Request], MatchKey]) -> Interaction | None:
        if not self.left or key_of(self.members[0].request) != key:
            return None
        self.left = 0
        return self.members[0]

    def rest(self) -> list[Interaction]:
        """Return what was not asked for yet."""
        if self.waiting is None:
            return list(self.members) if self.left else []
        return [member for members in self.waiting.values() for member in members]


class Expected:
    """What one side is expected to ask in one step: single interactions and blocks, in order."""

    def __init__(self, interactions: Sequence[Interaction], key: Callable[[Request], MatchKey]) -> None:
        self._key = key
        self.played: list[Interaction] = []
        self._groups: deque[ExpectedGroup] = deque()
        for block, grouped in groupby(interactions, key=lambda i: i.block):
            members = list(grouped)
            self._groups += (
                [ExpectedGroup(members, block)] if block else [ExpectedGroup([member], "") for member in members]
            )
        self._last: dict[MatchKey, Interaction] = {}

    def take(self, key: MatchKey) -> tuple[Interaction, ExpectedGroup] | None:
        """Use up the interaction that answers a request now, with its group; `None` where it is not its turn."""
        again = self._last.get(key)
        head = self._groups[0] if self._groups else None
        if again is not None and (head is None or head.kind or self._key(head.members[0].request) != key):
            return again, ExpectedGroup([again], "")
        for group in self._next():
            taken = group.take(key, self._key)
            if taken is not None:
                self._use(taken, group, key)
                return taken, group
        return None

    def _next(self) -> list[ExpectedGroup]:
        """Return the groups whose turn it is: those that overlap may run into each other."""
        if not self._groups:
            return []
        if not self._groups[0].overlaps:
            return [self._groups[0]]
        return list(takewhile(lambda group: group.overlaps, self._groups))

    def _use(self, taken: Interaction, group: ExpectedGroup, key: MatchKey) -> None:
        self.played.append(taken)
        if not group.polls:
            self._last = {}
        elif group.waiting is not None and key not in group.waiting:
            self._last[key] = taken
        while self._groups and not self._groups[0].left:
            self._groups.popleft()

    def is_open(self, group: ExpectedGroup) -> bool:
        """Whether a group, or one before it, still waits for requests."""
        return group.left > 0 or any(earlier is group for earlier in list(self._groups)[1:])

    @property
    def waiting(self) -> list[Interaction]:
        """What was not asked for yet, in order."""
        return [interaction for group in self._groups for interaction in group.rest()]
