"""A recording as it would be under another run's marker, so that a TEST app's guard lets its requests pass.

The people of a recording have e-mails, external ids, companies and tags of their own. In a workspace that others use,
whatever a run makes carries the run's marker: here it is put where the run itself would have put it, in requests and
answers alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from harness.cassette.format.bodies import tree_of
from harness.cassette.format.document import Cassette, Interaction
from harness.core.http import BrokenResponse, Request, Response

_NAMES: Final = ("email", "external_id", "company_id", "name")


def under_marker(cassette: Cassette, marker: str, recorded_marker: str = "") -> Cassette:
    """The same recording with `marker` in everything that its people are called by.

    recorded_marker: the marker that it was recorded under, if it was at a TEST app.
    """
    marking = _Marking(cassette, marker, recorded_marker)
    header = replace(cassette.header, people=tuple(marking.tree(dict(person)) for person in cassette.header.people))
    return Cassette(header, tuple(marking.interaction(interaction) for interaction in cassette.interactions))


class _Marking:
    def __init__(self, cassette: Cassette, marker: str, recorded_marker: str) -> None:
        self._marker, self._had = marker, recorded_marker
        self._people = _pattern(_called(cassette.header.people))
        self._tags = frozenset(_tags(cassette.interactions))

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
        name = tree.get("name") if request.method == "POST" and path == "/tags" and isinstance(tree, dict) else None
        if isinstance(tree, dict) and isinstance(name, str) and name in self._tags:
            return replace(request, body=msgspec.json.encode({**tree, "name": self._tag(name)}))
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
            marked["name"] = self._tag(value["name"])
        return marked

    def text(self, text: str) -> str:
        if self._had:
            return text.replace(self._had, self._marker)
        return self._people.sub(lambda match: _marked(match[0], self._marker), text) if self._people else text

    def _tag(self, name: str) -> str:
        return name.replace(self._had, self._marker) if self._had else f"{name} {self._marker}"


def _called(people: Iterable[Mapping[str, object]]) -> set[str]:
    return {str(person[name]) for person in people for name in _NAMES if person.get(name)}


def _pattern(names: set[str]) -> re.Pattern[str] | None:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    if not longest_first:
        return None
    return re.compile(rf"(?<![\w.+-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w+-])", re.IGNORECASE)


def _marked(name: str, marker: str) -> str:
    local, at, domain = name.partition("@")
    if at:
        return f"{local}.{marker}@{domain}"
    return f"{name} {marker}" if " " in name else f"{marker}{name}"


def _tags(interactions: Iterable[Interaction]) -> Iterable[str]:
    for found in interactions:
        if found.caller == "harness" and found.request.method == "POST" and found.request.path == "/tags":
            tree = tree_of(found.request.body)
            name = tree.get("name") if isinstance(tree, dict) else None
            if isinstance(name, str):
                yield name


def _path(path: str, change: Callable[[str], str]) -> str:
    parts = [(part, change(unquote(part))) for part in path.split("/")]
    return "/".join(part if new == unquote(part) else quote(new, safe="@") for part, new in parts)
