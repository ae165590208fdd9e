"""What a pipeline says of itself beside its operations, in a TOML table or as attributes of a Python object."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import Problem
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS

if TYPE_CHECKING:
    from harness.cassette import VaryingFields

NAMES: Final = ("without", "may_write", "may_print", "time_limit", "varying")
"""The keys of a table, and the attributes of an object."""

PRINTABLE: Final = ("email",)
"""What `may_print` can name. A credential never is: whoever reads a log could use it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a pipeline declares.

    without: operations that it lacks. may_write: what it may change although a value was there (`signed_up_at`,
    `custom_attributes.plan`). may_print: what its output may hold although logs are read by many. time_limit: seconds
    for one call. varying: fields of its requests that differ by nature.
    """

    without: frozenset[str] = frozenset()
    may_write: Sequence[str] = ()
    may_print: Sequence[str] = ()
    time_limit: float = DEFAULT_TIME_LIMIT
    varying: VaryingFields | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission, as `key: name`."""
        return frozenset({f"may_write: {name}" for name in self.may_write}) | {
            f"may_print: {name}" for name in self.may_print
        }


def declared_in(table: Mapping[str, Any], where: str) -> Declared:
    """What a table declares; what cannot be meant is a `Problem`."""
    return Declared(
        frozenset(_known(table, "without", OPERATIONS, "is no operation", where)),
        strings(table, "may_write", where),
        _known(table, "may_print", PRINTABLE, "nothing may print", where),
        _time_limit(table, where),
        _varying(table, where),
    )


def strings(table: Mapping[str, Any], key: str, where: str) -> Sequence[str]:
    """A list of strings, empty where the key is absent."""
    value = table.get(key, ())
    if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(entry, str) for entry in value):
        raise Problem(
            f"{where}: {key} must be a list of strings", evidence=repr(value), remedy=f'for example {key} = ["…"]'
        )
    return tuple(value)


def _known(
    table: Mapping[str, Any], key: str, known: Mapping[Any, object] | Sequence[str], wrong: str, where: str
) -> Sequence[str]:
    names = strings(table, key, where)
    if unknown := sorted(set(names) - set(known)):
        raise Problem(f"{where}: {key} names {unknown[0]!r}, which {wrong}", remedy="known: " + ", ".join(known))
    return names


def _time_limit(table: Mapping[str, Any], where: str) -> float:
    value = table.get("time_limit", DEFAULT_TIME_LIMIT)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise Problem(
            f"{where}: time_limit must be a number of seconds above 0",
            evidence=repr(value),
            remedy=f"time_limit = {DEFAULT_TIME_LIMIT:g}",
        )
    return float(value)


def _varying(table: Mapping[str, Any], where: str) -> VaryingFields | None:
    rows = table.get("varying", ())
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise Problem(
            f"{where}: varying must be a list of tables",
            evidence=repr(rows),
            remedy='[[pipeline.varying]] with path = "$.user.signed_up_at", type = "time" and reason = "…"',
        )
    if not rows:
        return None
    from harness.cassette import varying_from

    return varying_from(rows)
