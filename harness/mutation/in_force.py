"""One mutant in force: the middleware that finds its request among those of the pipeline, and changes it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.core.http import Handler, Outcome, Request
from harness.mutation.mutant import Mutant
from harness.mutation.observed_request import JsonValue, body_of

Noise = frozenset[str]
"""Names of values in requests that differ between two unchanged runs."""


def fingerprint(request: Request, noise: Noise = frozenset()) -> str:
    """Return what tells a request from others, without the values that differ in each run."""
    if not noise:
        return f"{request.method} {request.target} {request.body!r}"
    target = request.method if "target" in noise else f"{request.method} {request.target}"
    return f"{target} {json.dumps(_masked(body_of(request), noise), sort_keys=True, default=str)}"


def _masked(value: JsonValue, noise: Noise, name: str = "") -> JsonValue:
    if name in noise:
        return None
    if isinstance(value, Mapping):
        return {key: _masked(inner, noise, f"{name}.{key}" if name else key) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_masked(inner, noise, f"{name}[]") for inner in value]
    return value


def noise_between(one: Sequence[Request], other: Sequence[Request]) -> Noise:
    """Return the names of the values that differ between the requests of two unchanged runs."""
    found: set[str] = set()
    for first, second in zip(one, other, strict=False):
        if first.target != second.target:
            found.add("target")
        found |= set(_differing(body_of(first), body_of(second), ""))
    return frozenset(found)


def _differing(one: JsonValue, other: JsonValue, name: str) -> Sequence[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = dict.fromkeys((*one, *other))
        inner = [_differing(one.get(key), other.get(key), f"{name}.{key}" if name else key) for key in keys]
        return [path for paths in inner for path in paths]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        both = zip(one, other, strict=True)
        return [path for first, second in both for path in _differing(first, second, f"{name}[]")]
    return [name] if one != other else []


@dataclass(slots=True)
class InForce:
    """Watches the requests of one run, and changes one of them where there is a mutant.

    asked: the fingerprints of what the pipeline asked, in order. sent: the requests that went on in place of the one
    that was changed, with those beside it.
    """

    mutant: Mutant | None = None
    noise: Noise = frozenset()
    asked: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    original: Request | None = None
    sent: list[Request] = field(default_factory=list)
    replied: Outcome | None = None
    """What the pipeline was answered in the place of what the backend said."""
    truly: Outcome | None = None
    place: int = -1
    """How many requests the pipeline had asked before the one that was changed."""
    wanted: str = ""
    _counts: Counter[str] = field(default_factory=Counter)
    _marked: Request | None = None
    _held: Request | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Work out which request is waited for."""
        if self.mutant is not None:
            self.wanted = fingerprint(self.mutant.request.request, self.noise)

    def outside(self, request: Request, inner: Handler) -> Outcome:
        """Pass a request on, changed where it is the mutant's: the middleware outside of the log."""
        if request.caller != "pipeline":
            return inner(request)
        with self._lock:
            is_its = self._note(request)
            held, self._held = self._held, None
        outcome = self._changed(request, inner) if is_its else inner(request)
        if held is not None:
            self.sent.append(held)
            inner(held)
        return outcome

    def _note(self, request: Request) -> bool:
        """Note one more request, and return whether it is the one to be changed."""
        mark = fingerprint(request, self.noise)
        number = self._counts[mark]
        self._counts[mark] += 1
        self.asked.append(mark)
        self.requests.append(request)
        if self.mutant is None or mark != self.wanted or not self._concerns(number):
            return False
        if self.original is None:
            self.original, self.place = request, len(self.asked) - 1
        return True

    def _concerns(self, number: int) -> bool:
        """Return whether the mutant changes a request that repeats its own for the `number`th time."""
        assert self.mutant is not None
        change, first = self.mutant.change, self.mutant.request.occurrence
        return number == first or (number > first and change.ask is not None and not change.once)

    def _changed(self, request: Request, inner: Handler) -> Outcome:
        assert self.mutant is not None
        change = self.mutant.change
        if change.late:
            self._held = request
            return self.mutant.request.exchange.outcome
        if change.ask is None:
            self._marked = request
            return inner(request)

        def passing(changed: Request) -> Outcome:
            self.sent.append(changed)
            return inner(changed)

        return change.ask(request, passing)

    def inside(self, request: Request, inner: Handler) -> Outcome:
        """MutantChange the answer of the mutant's request: the outermost middleware inside of the log."""
        mutant = self.mutant
        if mutant is None or mutant.change.reply is None or request is not self._marked:
            return inner(request)

        def truly(asked: Request) -> Outcome:
            self.truly = inner(asked)
            return self.truly

        self.replied = mutant.change.reply(request, truly)
        return self.replied

    @property
    def changed_anything(self) -> bool:
        """Whether a byte of a request or an answer was changed, or a request came or was missing."""
        if self.original is None:
            return False
        if self.replied is not None:
            return self.truly is None or self.replied.answer != self.truly.answer
        assert self.mutant is not None
        return self.mutant.change.late or len(self.sent) != 1 or _bytes(self.sent[0]) != _bytes(self.original)


def _bytes(request: Request) -> tuple[object, ...]:
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    return request.method, request.target, request.body, request.host, request.origin, headers
