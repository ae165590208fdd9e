"""Finds the operation that a method and a path stand for in a version. The table itself is in `routes`.

Trailing and doubled slashes do not count. A word of the path goes before a blank, so `/contacts/search` is no
contact, in no version and with no method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import unquote

from harness.sandbox.requests.context import OperationResponse, RequestContext
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import IntercomError
from harness.sandbox.rules.versions import Span, Version

Handler: TypeAlias = Callable[[RequestContext], OperationResponse]

KEPT = 1_024
"""How many of the latest findings are remembered."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: how it is asked for, in which versions, and what it is held against.

    `evidence` says how it is known to be so: documented, recorded, or assumed, each with the place (`kind: place; …`).
    """

    method: str
    pattern: str
    operation: str
    handler: Handler
    span: Span
    evidence: str
    reads: bool
    """Whether it only reads, and needs no transaction."""


@dataclass(slots=True)
class Node:
    """One step of the paths."""

    words: dict[str, Node] = field(default_factory=dict)
    blank: Node | None = None
    routes: dict[str, list[Route]] = field(default_factory=dict)


class Router:
    """The route table as a tree of path segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = Node()
        self.find = lru_cache(KEPT)(self._find)
        """The operation with what stands in the path's blanks, or why there is none."""
        for route in routes:
            self._node(segments_of(route.pattern)).routes.setdefault(route.method, []).append(route)

    def _node(self, segments: list[str]) -> Node:
        node = self._root
        for segment in segments:
            if segment.startswith("{"):
                node.blank = node = node.blank or Node()
            else:
                node = node.words.setdefault(segment, Node())
        return node

    def _find(self, method: str, path: str, version: Version) -> tuple[Route, tuple[str, ...]] | IntercomError:
        for node, parameters in _matches(self._root, segments_of(path), ()):
            if not node.routes:
                continue
            candidates = node.routes.get(method)
            if candidates is None:  # a fixed path is never taken for an id, whatever the method
                return no.WRONG_METHOD
            for route in candidates:
                if route.span.covers(version):
                    return route, parameters
            return no.VERSION_WITHOUT_RESOURCE
        return no.PATH_UNKNOWN


def segments_of(path: str) -> list[str]:
    """The parts of a path, each percent-decoded by itself."""
    parts = [part for part in path.split("/") if part]
    return [unquote(part) for part in parts] if "%" in path else parts


def _matches(node: Node, segments: list[str], parameters: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    if not segments:
        yield node, parameters
        return
    word = node.words.get(segments[0])
    if word is not None:
        yield from _matches(word, segments[1:], parameters)
    if node.blank is not None:
        yield from _matches(node.blank, segments[1:], (*parameters, segments[0]))
