"""Faults as somebody writes them: a mapping, or a file of several, each value checked before anything is armed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from harness.core.errors import Problem
from harness.gateway.middleware.fault import Fault
from harness.gateway.middleware.fault_kinds import ERRORS, KINDS

WHEN: Final = frozenset({"operation", "kind", "times", "every", "start"})
"""What every fault can be told; the rest depends on its kind."""


def fault_from(given: Mapping[str, object]) -> Fault:
    """A fault from plain values; a `Problem` names what cannot be.

    It fires once, unless `times`, `every` or `start` say something else; the latter two without end.
    """
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Problem(f"there is no fault of kind {kind!r}", remedy=f"kinds: {', '.join(KINDS)}")
    if not isinstance(given.get("operation"), str) or not given["operation"]:
        raise Problem("a fault needs an operation", remedy='for example "operation": "convertVisitor"')
    takes = WHEN | KINDS[kind].takes
    if unknown := sorted(set(given) - takes):
        raise Problem(
            f"a fault of kind {kind} takes no {', '.join(unknown)}", remedy=f"it takes {', '.join(sorted(takes))}"
        )
    for name, value in given.items():
        _check_value(name, value)
    defaults: dict[str, Any] = {"seconds": KINDS[kind].seconds}
    if "times" not in given and (given.get("every") or given.get("start")):
        defaults["times"] = None
    return Fault(**(defaults | dict(given)))


def load_faults(path: Path) -> Sequence[Fault]:
    """The faults of a file: TOML with `[[fault]]` tables, or JSON with a list; all of them, or a `Problem`."""
    entries = _entries(path)
    faults = []
    for number, entry in enumerate(entries, 1):
        try:
            faults.append(fault_from(entry))
        except Problem as problem:
            raise Problem(
                f"{path.name}: fault {number}: {problem.what}", evidence=problem.evidence, remedy=problem.remedy
            ) from problem
    return faults


def _entries(path: Path) -> list[Mapping[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text).get("fault")
    except (OSError, ValueError) as error:
        raise Problem(f"the faults of {path} cannot be read", evidence=str(error), remedy=_SHAPE) from error
    if not isinstance(found, list) or not found or not all(isinstance(entry, dict) for entry in found):
        raise Problem(f"{path} holds no faults", remedy=_SHAPE)
    return found


_SHAPE = 'write TOML with a [[fault]] table for each, such as operation = "convertVisitor", kind = "reset_after"'


def _whole(least: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and value >= least


def _whole_or_none(value: object) -> bool:
    return value is None or (type(value) is int and value >= 1)


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 86_400


_VALUES: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "times": (_whole_or_none, "a whole number above 0, or null for without end"),
    "every": (_whole_or_none, "a whole number above 0"),
    "start": (_whole_or_none, "a whole number above 0"),
    "status": (lambda value: type(value) is int and value in ERRORS, f"one of {', '.join(map(str, ERRORS))}"),
    "retry_after": (_whole(0), "a whole number of seconds"),
    "after": (lambda value: isinstance(value, bool), "true or false"),
    "seconds": (_seconds, "seconds, 0 to 86400"),
    "at": (_whole(1), "a whole number of bytes above 0"),
}


def _check_value(name: str, value: object) -> None:
    fits, wanted = _VALUES.get(name, (lambda _: True, ""))
    if not fits(value):
        raise Problem(f"{name} of a fault cannot be {value!r}", remedy=f"it must be {wanted}")
