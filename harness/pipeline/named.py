"""Which operations a scenario asks of its pipeline, told from its code without running it.

A scenario that its pipeline cannot play is not run, and then has no cassette either, so this must be known before one
is looked for. Seen are the test, functions it is given as parameters, and functions of its module that it calls.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, Final

from harness.pipeline.answer import OPERATIONS

FORGED: Final = "forged webhook"
LOOKED_AT: Final = "look at the address"
"""What only a receiver can be asked that is handed the body, or the whole request."""

ASKED: Final[Mapping[tuple[str, str], str]] = {
    **{("pipeline", str(name)): str(name) for name in OPERATIONS},
    ("webhooks", "tell"): "webhook",
    ("webhooks", "early"): "webhook",
    ("webhooks", "tell_other"): "webhook",
    ("webhooks", "forge"): FORGED,
    ("webhooks", "look_at_address"): LOOKED_AT,
}
"""What a scenario writes for each operation: fixture and method."""


def operations_in(function: Callable[..., object], values: Iterable[object] = ()) -> frozenset[str]:
    """The operations that a scenario names, itself or by a function it uses."""
    waiting, seen, found = [one for one in (function, *values) if isinstance(one, FunctionType)], set(), set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for code in _codes(one.__code__):
            found |= {ASKED[pair] for pair in _attributes(code) if pair in ASKED}
            used = (one.__globals__.get(name) for name in code.co_names)
            waiting += [other for other in used if isinstance(other, FunctionType)]
    return frozenset(found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _attributes(code: CodeType) -> Iterator[tuple[Any, Any]]:
    for first, second in pairwise(dis.get_instructions(code)):
        if first.opname.startswith("LOAD_") and second.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            yield first.argval, second.argval
