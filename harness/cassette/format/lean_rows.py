"""Rows of a cassette without what goes without saying, since format 3.

A row leaves out a step and a lane that are those of the row before, Intercom's host, a body that is empty, a status of
200, and headers that are the most frequent ones; other headers stand once in the file, and a row has their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

Headers: TypeAlias = dict[str, str]


class KnownHeaders(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The headers that requests and responses of a recording have, the most frequent first."""

    request: list[Headers] = msgspec.field(default_factory=list)
    response: list[Headers] = msgspec.field(default_factory=list)


def by_frequency(headers: Sequence[Headers]) -> list[Headers]:
    """Return each set of headers once, the most frequent first; of equally frequent ones the one that came first."""
    counted = Counter(tuple(one.items()) for one in headers)
    return [dict(items) for items, _ in counted.most_common()]


def number_of(headers: Headers | int, known: Sequence[Headers]) -> int:
    """Return the number under which headers stand in the file."""
    return headers if isinstance(headers, int) else known.index(headers)


def headers_of(number: Headers | int, known: Sequence[Headers]) -> Headers:
    """Return the headers of a row.

    Raises:
        ValueError: where a row names headers that the file does not have.
    """
    if not isinstance(number, int):
        return number
    if not 0 <= number < len(known):
        raise ValueError(f"a row has the headers {number}, and there are {len(known)}")
    return known[number]
