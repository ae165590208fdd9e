"""What a pipeline says of itself beside its operations, in a TOML table or as attributes of a Python object."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import Problem
from harness.core.foreign_values import shown
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer, Returns
from harness.pipeline.event_loops import ASYNC_BACKENDS, AsyncBackend

if TYPE_CHECKING:
    from harness.cassette import VaryingFields

NAMES: Final = ("without", "may_write", "may_print", "time_limit", "varying", "returns", "says_no", "async_backend")
"""The keys of a table, and the attributes of an object."""

PRINTABLE: Final = ("email",)
"""What `may_print` can name. A credential never is: whoever reads a log could use it."""


class Undeclared(Enum):
    """Stands for a declaration that was not made."""

    UNDECLARED = "undeclared"


UNDECLARED: Final = Undeclared.UNDECLARED

RETURNS: Final[tuple[Returns, ...]] = ("contact", "contact_id", "nothing")
"""What `returns` can be."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a pipeline declares.

    without: operations that it lacks. may_write: what it may change although a value was there (`signed_up_at`,
    `custom_attributes.plan`). may_print: what its output may hold although logs are read by many. time_limit: seconds
    for one call. varying: fields of its requests that differ by nature. returns: what it hands back, so that it is
    compared. says_no: what it hands back where it did not convert: `False`, or the fields of an object.
    async_backend: what runs what its methods return, where that is to be awaited.
    """

    without: frozenset[str] = frozenset()
    may_write: Sequence[str] = ()
    may_print: Sequence[str] = ()
    time_limit: float = DEFAULT_TIME_LIMIT
    varying: VaryingFields | None = None
    returns: Returns | None = None
    says_no: object = UNDECLARED
    async_backend: AsyncBackend = "asyncio"

    def judged(self, answer: Answer) -> Answer:
        """Return an answer with what this declaration says of it."""
        no = self.says_no is not UNDECLARED and answer.trouble is None and _means(self.says_no, answer.value)
        return replace(answer, returns=self.returns, said_no=no)

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission, as `key: name`."""
        return frozenset({f"may_write: {name}" for name in self.may_write}) | {
            f"may_print: {name}" for name in self.may_print
        }


def declared_in(table: Mapping[str, object], where: str) -> Declared:
    """What a table declares; what cannot be meant is a `Problem`."""
    return Declared(
        frozenset(_known(table, "without", OPERATIONS, "is no operation", where)),
        strings(table, "may_write", where),
        _known(table, "may_print", PRINTABLE, "nothing may print", where),
        _time_limit(table, where),
        _varying(table, where),
        _returns(table, where),
        _says_no(table, where),
        _async_backend(table, where),
    )


def _async_backend(table: Mapping[str, object], where: str) -> AsyncBackend:
    value = table.get("async_backend", "asyncio")
    for known in ASYNC_BACKENDS:
        if value == known:
            return known
    raise Problem(f"{where}: there is no async_backend {value!r}", remedy="known: " + ", ".join(ASYNC_BACKENDS))


def strings(table: Mapping[str, object], key: str, where: str) -> Sequence[str]:
    """A list of strings, empty where the key is absent."""
    value = table.get(key, ())
    if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(entry, str) for entry in value):
        raise Problem(
            f"{where}: {key} must be a list of strings", evidence=repr(value), remedy=f'for example {key} = ["…"]'
        )
    return tuple(value)


def _known(
    table: Mapping[str, object], key: str, known: Mapping[Any, object] | Sequence[str], wrong: str, where: str
) -> Sequence[str]:
    names = strings(table, key, where)
    if unknown := sorted(set(names) - set(known)):
        raise Problem(f"{where}: {key} names {unknown[0]!r}, which {wrong}", remedy="known: " + ", ".join(known))
    return names


def _time_limit(table: Mapping[str, object], where: str) -> float:
    value = table.get("time_limit", DEFAULT_TIME_LIMIT)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise Problem(
            f"{where}: time_limit must be a number of seconds above 0",
            evidence=repr(value),
            remedy=f"time_limit = {DEFAULT_TIME_LIMIT:g}",
        )
    return float(value)


def _returns(table: Mapping[str, object], where: str) -> Returns | None:
    value = table.get("returns")
    if value is None:
        return None
    for known in RETURNS:
        if value == known:
            return known
    raise Problem(
        f"{where}: returns must say what the pipeline hands back",
        evidence=repr(value),
        remedy='one of returns = "contact", "contact_id" or "nothing"; without it nothing is compared',
    )


def _says_no(table: Mapping[str, object], where: str) -> object:
    value: object = table.get("says_no", UNDECLARED)
    alone = value is UNDECLARED or value is False or isinstance(value, type) or (isinstance(value, Mapping) and value)
    several = isinstance(value, list | tuple) and value and all(isinstance(one, str) and one for one in value)
    if not (alone or several):
        raise Problem(
            f"{where}: says_no must be false, the fields of an object that means no, or a list of strings",
            evidence=shown(value),
            why="what a pipeline hands back for yes has to differ from it",
            remedy="for example says_no = false, or says_no = { ok = false }",
        )
    return value


def _means(wanted: object, value: object) -> bool:
    """Return whether a value is what was declared: the same, of that type, or an object with these fields at least."""
    if isinstance(wanted, type):
        return isinstance(value, wanted)
    if isinstance(wanted, Mapping):
        return all(_has(value, name, told) for name, told in wanted.items())
    if isinstance(wanted, list | tuple):
        return isinstance(value, str | bool | int) and str(value) in wanted
    return value is wanted


def _has(value: object, name: str, wanted: object) -> bool:
    try:
        found = value.get(name, UNDECLARED) if isinstance(value, Mapping) else getattr(value, name, UNDECLARED)
    except Exception:  # noqa: BLE001  # a pipeline's own class may raise anything
        return False
    same = type(found) is type(wanted) and found == wanted
    return same or (isinstance(wanted, Mapping) and _means(wanted, found))


def _varying(table: Mapping[str, object], where: str) -> VaryingFields | None:
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
