"""Fields that differ by nature: a time of now, an idempotency key, a uuid. Declared once per pipeline, with a reason.

The type of such a field is checked, its value is not. A declaration that never matched anything is an error of its own:
what excuses nothing hides something.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias, get_args

import msgspec

from harness.core.errors import Problem
from harness.core.http import Request
from harness.core.json_values import Json

Type: TypeAlias = Literal["time", "uuid", "counter", "text", "number"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800
"""2000 and 2100: a number between them is a time in seconds, a thousand times that one in milliseconds."""
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*)\]|\['([^']*)'\]")


@dataclass(frozen=True, slots=True)
class Varying:
    """One declaration: `path` as `$.user.signed_up_at` or `$.items[*].key`, and why the field may differ."""

    path: str
    type: Type
    reason: str


class VaryingFields:
    """All declarations of a pipeline, and which of them were ever of use; shared by all scenarios of a run."""

    def __init__(self, entries: Iterable[Varying] = ()) -> None:
        self.entries = tuple(entries)
        self._steps = [(entry, steps_of(entry.path)) for entry in self.entries]
        self._used: set[Varying] = set()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def mask(self, request: Request) -> Request:
        """The request with each declared field replaced by its type, where the type is right."""
        if not self.entries or not request.body or request.caller != "pipeline":
            return request
        try:
            tree = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return request
        hits = [entry for entry, steps in self._steps if _mask(tree, steps, entry.type)]
        if not hits:
            return request
        with self._lock:
            self._used.update(hits)
        return replace(request, body=msgspec.json.encode(tree))

    @property
    def unused(self) -> list[Varying]:
        """Declarations that matched nothing so far; after a whole run, each is an error."""
        return [entry for entry in self.entries if entry not in self._used]


def varying_from(rows: Iterable[Mapping[str, Json]]) -> VaryingFields:
    """The declarations in `[[pipeline.varying]]` tables: `path`, `type`, `reason`."""
    return VaryingFields([_entry(row) for row in rows])


def _entry(row: Mapping[str, Json]) -> Varying:
    path, kind, reason = (str(row.get(name, "")) for name in ("path", "type", "reason"))
    problem = None
    if kind not in get_args(Type):
        problem = f"type is {kind!r}, and must be one of {', '.join(get_args(Type))}"
    elif not reason.strip():
        problem = "it gives no reason"
    elif not steps_of(path):
        problem = f"path is {path!r}, and must look like $.user.signed_up_at"
    if problem:
        raise Problem(f"A varying field is declared wrongly: {problem}.", remedy="see docs/guide/record-and-replay.md")
    return Varying(path, kind, reason)  # type: ignore[arg-type]


def steps_of(path: str) -> list[str]:
    """The keys of a JSON path from the root on; `*` stands for every index. Empty where it is none."""
    if not path.startswith("$"):
        return []
    steps = [next(part for part in match.groups() if part is not None) for match in _STEP.finditer(path)]
    return steps if "".join(match[0] for match in _STEP.finditer(path)) == path[1:] else []


def _mask(tree: Json, steps: list[str], kind: Type) -> bool:
    first, rest = steps[0], steps[1:]
    if isinstance(tree, dict):
        return first in tree and _mask_item(tree[first], rest, kind, partial(tree.__setitem__, first))
    if isinstance(tree, list):
        places = range(len(tree)) if first == "*" else [int(first)] if first.isdigit() else []
        items = [(place, tree[place]) for place in places if place < len(tree)]
        return sum(_mask_item(item, rest, kind, partial(tree.__setitem__, place)) for place, item in items) > 0
    return False


def _mask_item(item: Json, rest: list[str], kind: Type, put: Callable[[str], None]) -> bool:
    if rest:
        return _mask(item, rest, kind)
    if fits(item, kind):
        put(f"<{kind}>")
        return True
    return False


def fits(value: Json, kind: Type) -> bool:
    """Whether a value is of a declared type."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "time":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _is_time(value)
        return isinstance(value, str) and bool(_ISO.fullmatch(value))
    if kind == "uuid":
        return isinstance(value, str) and bool(_UUID.fullmatch(value))
    if kind == "counter":
        return (isinstance(value, int) and number) or (isinstance(value, str) and value.isdigit())
    return number if kind == "number" else isinstance(value, str)


def _is_time(value: float) -> bool:
    return _EARLIEST <= value <= _LATEST or _EARLIEST * 1000 <= value <= _LATEST * 1000


def likely_type(old: Json, new: Json) -> Type | None:
    """The type that two differing values look like sharing by nature, or `None` where they look like data."""
    for kind in ("time", "uuid", "counter"):
        if fits(old, kind) and fits(new, kind):
            return kind
    return None
