"""Which letters and digits of any script may stand for each other."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

BLOCK: Final = 128
"""Code points that are looked at together: those of one script stand near each other."""


@dataclass(frozen=True, slots=True)
class LetterPlace:
    """The place of a sign among those that it may become; `upper` if it is the capital of that one."""

    index: int
    members: str
    upper: bool = False

    def sign(self, index: int) -> str:
        """Return another of them, as a capital if this one is."""
        return self.members[index].upper() if self.upper else self.members[index]


@lru_cache(maxsize=65_536)
def place_of(sign: str) -> LetterPlace | None:
    """Return the place of a letter or digit; `None` for everything else, which stays as it is."""
    if unicodedata.category(sign)[0] not in "LN":
        return None
    low = sign.lower()
    upper = low != sign and len(low) == 1 and low.upper() == sign
    plain = low if upper else sign
    members = _members(ord(plain) // BLOCK, _kind(plain))
    return LetterPlace(members.index(plain), members, upper)


def _kind(sign: str) -> tuple[str, bool]:
    """Return the category of a sign, and whether it has a capital of its own."""
    upper = sign.upper()
    return unicodedata.category(sign), upper != sign and len(upper) == 1 and upper.lower() == sign


@lru_cache(maxsize=8_192)
def _members(block: int, kind: tuple[str, bool]) -> str:
    return "".join(sign for sign in map(chr, range(block * BLOCK, (block + 1) * BLOCK)) if _kind(sign) == kind)
