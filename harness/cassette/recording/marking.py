"""A recording as it would be under another run's marker, so that a TEST app's guard lets its requests pass.

The people of a recording have e-mails, external ids, companies and tags of their own. In a workspace that others use,
whatever a run makes carries the run's marker: here it is put where the run itself would have put it, in requests and
answers alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.core.http import BrokenResponse, Request, Response
from harness.core.json_values import Json
from harness.core.marked_names import marked_email, marked_identifier, marked_name

_PEOPLE: Final = re.compile(r"/(?:contacts(?:/[^/]+)?|companies)/?$")
_TAGS: Final = re.compile(r"/tags/?$")
_EVENTS: Final = re.compile(r"/events/?$")
_KINDS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "name": marked_name,
    "company_id": marked_identifier,
    "external_id": marked_identifier,
    "email": marked_email,
}
"""The identifying fields of people and companies, each with the way in which it carries a marker."""
_ENTITIES: Final = {
    "&": "&(?:amp;|#0*38;|#x0*26;)?",
    "<": "(?:<|&(?:lt;|#0*60;|#x0*3c;))",
    ">": "(?:>|&(?:gt;|#0*62;|#x0*3e;))",
    '"': '(?:"|&(?:quot;|#0*34;|#x0*22;))',
    "'": "(?:'|&(?:apos;|#0*39;|#x0*27;))",
}
"""How a character stands in plain text or in HTML, as notes, messages and names of people do."""


def under_marker(cassette: Cassette, marker: str, recorded_marker: str = "") -> Cassette:
    """The same recording with `marker` in everything that its people are called by.

    recorded_marker: the marker that it was recorded under, if it was at a TEST app.
    """
    marking = _Marking(cassette, marker, recorded_marker)
    header = replace(cassette.header, people=tuple(marking.tree(dict(person)) for person in cassette.header.people))
    return Cassette(header, tuple(marking.interaction(interaction) for interaction in cassette.interactions))


def called_by_harness(cassette: Cassette) -> Iterator[Mapping[str, Json]]:
    """Yield what the harness's own requests of a recording call people and companies, beside the header's people."""
    return _made(cassette.interactions, _PEOPLE, _KINDS)


class _Marking:
    def __init__(self, cassette: Cassette, marker: str, recorded_marker: str) -> None:
        self._marker, self._had = marker, recorded_marker
        self._how = dict(_called([*cassette.header.people, *called_by_harness(cassette)]))
        self._pattern = _pattern(self._how)
        self._tags = frozenset(_texts(_made(cassette.interactions, _TAGS, ("name",))))
        self._events = frozenset(_texts(_made(cassette.interactions, _EVENTS, ("event_name",))))

    def interaction(self, found: Interaction) -> Interaction:
        answer = found.outcome.answer
        marked: Response | BrokenResponse
        if isinstance(answer, Response):
            marked = self._response(answer)
        else:
            marked = replace(answer, response=self._response(answer.response) if answer.response else None)
        return replace(found, request=self._request(found.request), outcome=replace(found.outcome, answer=marked))

    def _request(self, request: Request) -> Request:
        path, question, query = request.target.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        marked = [(name, self.text(value)) for name, value in pairs]
        target = _path(path, self.text) + question + (query if marked == pairs else urlencode(marked))
        tree = tree_of(request.body)
        name = tree.get("name") if request.method == "POST" and _TAGS.match(path) and isinstance(tree, dict) else None
        if isinstance(tree, dict) and isinstance(name, str) and name in self._tags:
            return replace(request, body=msgspec.json.encode({**tree, "name": self._after(name)}))
        return replace(request, target=target, body=self._body(request.body))

    def _response(self, response: Response) -> Response:
        return replace(response, body=self._body(response.body))

    def _body(self, body: bytes) -> bytes:
        tree = tree_of(body)
        if not isinstance(tree, dict | list):
            return body
        marked = self.tree(tree)
        return body if marked == tree else msgspec.json.encode(marked)

    def tree(self, value: object) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        if not isinstance(value, dict):
            return value
        marked = {key: self.tree(item) for key, item in value.items()}
        if value.get("type") == "tag" and value.get("name") in self._tags:
            marked["name"] = self._after(value["name"])
        if value.get("event_name") in self._events:
            marked["event_name"] = self._after(value["event_name"])
        return marked

    def text(self, text: str) -> str:
        if self._had:
            return text.replace(self._had, self._marker)
        return self._pattern.sub(self._marked, text) if self._pattern else text

    def _marked(self, match: re.Match[str]) -> str:
        return self._how[unescape(match[0]).lower()](match[0], self._marker)

    def _after(self, name: str) -> str:
        return name.replace(self._had, self._marker) if self._had else marked_name(name, self._marker)


def _called(people: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, Callable[[str, str], str]]]:
    """Yield each text by which somebody is called, in small letters, with how it carries a marker: e-mails last."""
    known = list(people)
    for kind, how in _KINDS.items():
        for person in known:
            if person.get(kind):
                yield str(person[kind]).lower(), how


def _texts(bodies: Iterable[Mapping[str, Json]]) -> Iterator[str]:
    return (value for body in bodies for value in body.values() if isinstance(value, str))


def _made(
    interactions: Iterable[Interaction], paths: re.Pattern[str], keys: Iterable[str]
) -> Iterator[Mapping[str, Json]]:
    """Yield the texts under `keys` of what the harness made: what it derives from a name stands in no header."""
    for found in interactions:
        if found.caller == "harness" and found.request.method in ("POST", "PUT") and paths.match(found.request.path):
            tree = tree_of(found.request.body)
            if isinstance(tree, dict):
                yield {key: value for key in keys if isinstance(value := tree.get(key), str)}


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    if not longest_first:
        return None
    return re.compile(rf"(?<![\w.+-])(?:{'|'.join(map(_in_text_or_html, longest_first))})(?![\w+-])", re.IGNORECASE)


def _in_text_or_html(name: str) -> str:
    return "".join(_ENTITIES.get(character) or re.escape(character) for character in name)


def _path(path: str, change: Callable[[str], str]) -> str:
    parts = [(part, change(unquote(part))) for part in path.split("/")]
    return "/".join(part if new == unquote(part) else quote(new, safe="@") for part, new in parts)
