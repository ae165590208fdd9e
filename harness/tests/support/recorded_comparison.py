"""Compares a response of the sandbox with a recorded one: status, error, shape, values and headers.

A finding is a short text without values, `thing.path: what`, so that a ledger can name each kind of divergence once.
A time matches within three seconds, because `Date` is the time of the response and not of the write.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.core.http import Response
from harness.tests.support.recorded_binding import RecordedBinding

Aspect = Literal["status", "error", "shape", "values", "headers"]
ASPECTS: tuple[Aspect, ...] = ("status", "error", "shape", "values", "headers")

CLOSE = 3
"""Seconds by which two times may differ."""
RANDOM = re.compile(r"https://static\.intercomassets\.com/app/pseudonym_avatars_\d{4}/[a-z-]+\.png")
"""An avatar that Intercom draws at random."""
REQUEST_ID = re.compile(r"[0-9a-v]{20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRANSPORT = frozenset({"date", "connection", "transfer-encoding", "content-encoding", "content-length", "via"})
"""Headers that belong to the connection and not to Intercom's response."""
COMPLETE = frozenset({"server", "status", "x-request-id", "x-runtime"})
"""Headers that every complete recording has; where they are missing, a header of ours may be missing as well."""
WINDOWS = frozenset({"x-ratelimit-reset", "x-ratelimit-remaining"})
"""Headers that tell how much of a rate limit other clients used: only their form is determined, and its first value."""
FORMS = {
    "etag": re.compile(r'W/"[0-9a-f]{32}"'),
    "x-runtime": re.compile(r"\d+\.\d{6}"),
    "x-request-id": REQUEST_ID,
    "x-intercom-version": re.compile(r"[0-9a-f]{40}"),
    "x-ami-version": re.compile(r"ami-[0-9a-f]+"),
}
"""Headers of one machine or one moment: the form is compared."""
MAX_AGE = re.compile(r"max-age=\d+")


@dataclass
class ComparedResponse:
    """What a comparison found: how much was compared and matched by aspect, and the findings by aspect."""

    compared: Counter[Aspect] = field(default_factory=Counter)
    matched: Counter[Aspect] = field(default_factory=Counter)
    findings: list[tuple[Aspect, str]] = field(default_factory=list)
    set_up: int = 0
    """How many values were taken from this response to set the sandbox up, and prove nothing."""

    def note(self, aspect: Aspect, finding: str | None) -> None:
        """Count one thing compared; `None` is a match."""
        self.compared[aspect] += 1
        if finding is None:
            self.matched[aspect] += 1
        else:
            self.findings.append((aspect, finding))


class RecordedComparison:
    """Compares responses of one session; `given` are the ids of what was set up from the response at hand."""

    def __init__(self, binding: RecordedBinding, given: frozenset[str] = frozenset()) -> None:
        self._binding = binding
        self._given = given
        self._result = ComparedResponse()
        self._proves = True

    def compare(self, status: int, headers: Mapping[str, str], recorded: Any, ours: Response) -> ComparedResponse:
        """Compare a whole response."""
        note = self._result.note
        note("status", None if status == ours.status else f"status {ours.status} instead of {status}")
        if status == ours.status:
            self._headers(headers, ours)
            self._body(recorded, ours, failed=status >= 400)
        return self._result

    # Bodies

    def _body(self, recorded: Any, ours: Response, *, failed: bool) -> None:
        shown = ours.json()
        if isinstance(recorded, str) and not recorded.strip():
            self._result.note("values", None if not ours.body.strip() else "body: not empty")
        elif failed:
            self._error(recorded, shown)
        elif isinstance(recorded, dict) and isinstance(recorded.get("data"), list):
            self._object(f"{_kind(recorded)}", recorded, shown)
        else:
            self._value(_kind(recorded), "", recorded, shown)

    def _error(self, recorded: Any, ours: Any) -> None:
        wanted, shown = _errors(recorded), _errors(ours)
        self._shape("error", recorded, ours)
        for index, (code, message) in enumerate(wanted):
            same = index < len(shown) and shown[index][0] == code
            same = same and self._binding.alike("message", message, shown[index][1])
            self._result.note("error", None if same else f"error {code} {masked(message)!r}: other words")

    def _value(self, where: str, key: str, recorded: Any, ours: Any) -> None:
        if isinstance(recorded, dict) and isinstance(ours, dict):
            self._object(where, recorded, ours)
        elif isinstance(recorded, list) and isinstance(ours, list):
            self._list(where, recorded, ours)
        elif isinstance(recorded, (dict, list)) or isinstance(ours, (dict, list)):
            self._result.note("shape", f"{where}: {_class(ours)} instead of {_class(recorded)}")
        else:
            self._leaf(where, key, recorded, ours)

    def _object(self, where: str, recorded: dict[str, Any], ours: Any) -> None:
        self._shape(where, recorded, ours)
        if not isinstance(ours, dict):
            return
        proves, self._proves = self._proves, self._proves and _name(recorded) not in self._given
        for key, value in recorded.items():
            if key in ours:
                self._value(
                    _kind(value) if key == "data" and where == "list" else f"{where}.{key}", key, value, ours[key]
                )
        self._proves = proves

    def _shape(self, where: str, recorded: Any, ours: Any) -> None:
        """Compare keys and types; a custom attribute is a value and no key."""
        if not isinstance(ours, dict) or not isinstance(recorded, dict):
            self._result.note("shape", f"{where}: {_class(ours)} instead of {_class(recorded)}")
            return
        custom = where.endswith("custom_attributes")
        found = [f"{where}.{'*' if custom else key}: missing" for key in recorded if key not in ours]
        found += [f"{where}.{'*' if custom else key}: not recorded" for key in ours if key not in recorded]
        found += [
            f"{where}.{key}: {_type(ours[key])} instead of {_type(value)}"
            for key, value in recorded.items()
            if key in ours and None not in (value, ours[key]) and _type(value) != _type(ours[key])
        ]
        self._result.compared["shape"] += 1
        self._result.matched["shape"] += not found
        self._result.findings += [("shape", one) for one in found]

    def _list(self, where: str, recorded: list[Any], ours: list[Any]) -> None:
        names, shown = [_name(one) for one in recorded], [_name(one) for one in ours]
        if not all(names) or not all(shown):
            self._note_value(f"{where}[]", None if len(names) == len(shown) else "another number of items")
            pairs = list(zip(recorded, ours, strict=False))
        else:
            by_name = {self._binding.recorded(name): one for name, one in zip(shown, ours, strict=True)}
            pairs = [(one, by_name[name]) for name, one in zip(names, recorded, strict=True) if name in by_name]
            self._listed(where, names, list(by_name))
        item = where if where == _kind(recorded) else f"{where}[]"
        for one, other in pairs:
            self._value(item, "", one, other)

    def _listed(self, where: str, names: list[str], shown: list[str]) -> None:
        """Compare which items are listed, and in which order."""
        missing, more = set(names) - set(shown), set(shown) - set(names)
        self._note_value(f"{where}[]", "not all listed" if missing else "others listed as well" if more else None)
        both = [name for name in names if name in shown]
        if len(both) > 1:
            order = both == [name for name in shown if name in names]
            self._note_value(f"{where}[]", None if order else "in another order")

    def _leaf(self, where: str, key: str, recorded: Any, ours: Any) -> None:
        if _type(recorded) != _type(ours) and None not in (recorded, ours):
            return  # told as a shape
        self._note_value(where, None if self._same(key, recorded, ours) else _difference(recorded, ours))

    def _same(self, key: str, recorded: Any, ours: Any) -> bool:
        if isinstance(recorded, str) and isinstance(ours, str):
            if RANDOM.fullmatch(recorded) and RANDOM.fullmatch(ours):
                return True
            return self._binding.alike(key, recorded, ours)
        if key in ("id", "app_id") and type(recorded) is type(ours) is int:
            return self._binding.bind(f"number {recorded}", f"number {ours}")
        if key.endswith("_at") and type(recorded) is type(ours) is int:
            return abs(recorded - ours) <= CLOSE
        return type(recorded) is type(ours) and bool(recorded == ours)

    def _note_value(self, where: str, finding: str | None) -> None:
        if not self._proves:
            self._result.set_up += 1
            return
        self._result.note("values", f"{where}: {finding}" if finding else None)

    # Headers

    def _headers(self, recorded: Mapping[str, str], ours: Response) -> None:
        for name, value in recorded.items():
            if name not in TRANSPORT:
                self._result.note("headers", self._header(name, value, ours))
        for name in ours.headers:
            if name not in TRANSPORT and name not in recorded and recorded.keys() >= COMPLETE:
                self._result.note("headers", f"header {name}: not recorded")

    def _header(self, name: str, recorded: str, ours: Response) -> str | None:
        shown = ours.headers.get(name)
        if shown is None:
            return f"header {name}: missing"
        form = FORMS.get(name)
        if name in WINDOWS:
            same = shown.isdigit()
        elif form is not None:
            same = bool(form.fullmatch(shown) and form.fullmatch(recorded))
        else:
            same = MAX_AGE.sub("", recorded) == MAX_AGE.sub("", shown)
        return None if same else f"header {name}: another value"


def masked(message: str) -> str:
    """Return a message without the id in it."""
    return re.sub(r"\b[0-9a-f]{24}\b", "…", message)


def _errors(body: Any) -> list[tuple[str, str]]:
    errors = body.get("errors") if isinstance(body, dict) else None
    return [(str(one.get("code")), str(one.get("message"))) for one in errors or []]


def _kind(value: Any) -> str:
    """What a body, or the items of a list, are: Intercom's own word for it."""
    if isinstance(value, list):
        return _kind(value[0]) if value else "item"
    return str(value.get("type") or value.get("object") or "body") if isinstance(value, dict) else "body"


def _name(value: Any) -> str:
    """What tells an item of a list from its siblings."""
    if not isinstance(value, dict):
        return str(value) if isinstance(value, str) else ""
    return str(value.get("full_name") or value.get("id") or "")


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {str: "text", int: "number", float: "number", dict: "object", list: "list"}[type(value)]


def _class(value: Any) -> str:
    return '""' if value == "" else str(value).lower() if isinstance(value, bool) else _type(value)


def _difference(recorded: Any, ours: Any) -> str:
    wanted, shown = _class(recorded), _class(ours)
    return f"another {wanted}" if wanted == shown else f"{shown} instead of {wanted}"
