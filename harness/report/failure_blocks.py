"""What failed, cut to the lines there is room for: each cause is named, and the first ones are told whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

LEAST: Final = 6
"""Lines that each cause gets: an empty one, its head, the reason, a claim, what was found, and what was left out."""


@dataclass(frozen=True, slots=True)
class Block:
    """One cause in lines: the first scenario that shows it, and which others do."""

    lines: Sequence[Text]
    others: Sequence[Text]

    def __len__(self) -> int:
        return len(self.lines) + len(self.others)

    def cut(self, room: int) -> list[Text]:
        """Return at most so many lines, with one that tells how many were left out."""
        if len(self) <= room:
            return [*self.lines, *self.others]
        others = self.others[: max(1, min(len(self.others), room - LEAST))] if self.others else []
        kept = self.lines[: max(1, room - len(others) - 1)]
        left = len(self) - len(kept) - len(others)
        return [*kept, Text(f"      … {left} lines more: --verbose", style="dim"), *others]


def within(blocks: Sequence[Block], room: int) -> list[Text]:
    """Return the blocks in so many lines: whole where they fit, else the first ones more fully than the last."""
    if sum(map(len, blocks)) <= room:
        return [line for block in blocks for line in block.cut(len(block))]
    shown = blocks[: max(1, (room - 2) // LEAST)]
    spare = max(0, room - 2 - LEAST * len(shown))
    lines: list[Text] = []
    for block in shown:
        more = min(spare, max(0, len(block) - LEAST))
        spare -= more
        lines += block.cut(LEAST + more)
    if left := len(blocks) - len(shown):
        lines += [Text(""), Text(f"{left} causes more: --verbose", style="bold")]
    return lines
