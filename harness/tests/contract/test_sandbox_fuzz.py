"""Anything at all, sent to every route: never a failure of the sandbox's own, and a refusal changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.sandbox.routes import ROUTES
from harness.sandbox.rules.versions import VERSIONS
from harness.tests.support.request_sequence import live
from harness.tests.support.sandbox_client import Asker

WORDS = """
    id user_id email visitor user contact type from into role name external_id custom_attributes companies users query
    field operator value sort order pagination per_page starting_after owner_id signed_up_at last_request_at body
    message_type consent_type admin_id model data_type skip_duplicate_validation location_data avatar metadata
"""
KEYS = st.sampled_from(sorted(WORDS.split()))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "user", "lead", "a@example.com", "ID", "UUID", "=", "AND", "id", "\0"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def test_no_body_breaks_the_sandbox_and_what_is_refused_changes_nothing(count: Callable[[int, int], int]) -> None:
    """Fuzzed from the route table: no 500, always an envelope, and a refusal leaves everything as it was."""
    limits = settings(max_examples=count(400, 5_000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    limits(given(st.data())(_send_anything))()


def _send_anything(data: st.DataObject) -> None:
    asker = Asker.new()
    route = data.draw(st.sampled_from(ROUTES))
    version = data.draw(st.sampled_from([name for name in VERSIONS if route.span.covers(VERSIONS[name])]))
    visitor = asker.visitor()
    words = {"ID": asker.user()["id"], "UUID": visitor["user_id"]}
    body = _filled(data.draw(st.dictionaries(KEYS, VALUES, max_size=6)), words)
    pattern = route.pattern
    while "{" in pattern:
        blank = pattern[pattern.index("{") : pattern.index("}") + 1]
        pattern = pattern.replace(blank, data.draw(st.sampled_from([words["ID"], "1", "nobody", "%00", "%F0"])), 1)
    _sound(asker.using(version), route.method, pattern, body)


def _sound(asker: Asker, method: str, target: str, body: Any) -> Any:
    """The answer's JSON; it is no failure, and a refusal has its envelope and changed nothing."""
    before = asker.everything()
    response = asker.send(method, target, json.dumps(body).encode() if body is not None else None)
    assert response.status < 500, (method, target, asker.version, body, response.body)
    if response.status >= 400:
        told = response.json()
        assert told.get("type") == "error.list" or set(told) == {"status", "error"}
        assert asker.everything() == before
    return response.json()


def _filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, words) for one in value]
    return words.get(value, value) if isinstance(value, str) else value


NASTY: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        "",
        " ",
        "\0",
        "0",
        "-1",
        "nobody",
        0,
        -1,
        1.5,
        2**40,
        2**63 - 1,
        2**63,
        2**70,
        True,
        [],
        {},
        [{}],
        [[]],
        {"a": 1},
    ]
)


def test_a_life_with_requests_that_are_nearly_right_breaks_nothing(count: Callable[[int, int], int]) -> None:
    """Between the requests of a whole life the same again, with one thing in them that is another's or nobody's."""
    limits = settings(max_examples=count(12, 2_000), deadline=None, suppress_health_check=list(HealthCheck))
    limits(given(st.data())(_live_disturbed))()


def _live_disturbed(data: st.DataObject) -> None:
    asker = Asker.new().using(data.draw(st.sampled_from(["2.11", "2.16"])))
    asked: list[tuple[str, str, Any]] = []
    known = ["nobody"]

    def ask(method: str, target: str, body: Any = None) -> Any:
        answer = _sound(asker, method, target, body)
        asked.append((method, target, body))
        known.extend(dict.fromkeys(_texts(answer)))
        if data.draw(st.integers(0, 3)) == 0:
            _disturb(data, asker, data.draw(st.sampled_from(asked)), known)
        return answer

    with suppress(LookupError, TypeError, ValueError):  # the life cannot go on once somebody was converted before
        live(ask, asker)


def _disturb(data: st.DataObject, asker: Asker, sound: tuple[str, str, Any], known: list[str]) -> None:
    method, target, body = sound
    wrong: Any = data.draw(st.one_of(NASTY, st.sampled_from(known)))
    places: list[tuple[Any, ...]] = list(_places(body))
    what = data.draw(st.sampled_from(["value", "value", "key", "key", "target"]))
    if places and what == "value":
        body = _with(body, places[data.draw(st.integers(0, len(places) - 1))], wrong)
    elif isinstance(body, dict) and what == "key":
        body = {**body, data.draw(KEYS): wrong}
    elif isinstance(wrong, str) and wrong.isascii() and wrong.isalnum():
        start, _, end = target.rpartition("/")
        target = f"{start}/{wrong}" if start else f"/{end}"
    version = data.draw(st.sampled_from([asker.version, "1.4", "2.17"]))
    _sound(asker.using(version), method, target, body)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
    elif isinstance(value, str) and len(value) < 60:
        yield value


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(one, (*path, key))


def _with(value: Any, path: tuple[Any, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    copy = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], wrong)
    return copy
