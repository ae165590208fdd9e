"""Anything at all, sent to every route: never a failure of the sandbox's own, and a refusal changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.sandbox.routes import ROUTES
from harness.sandbox.versions import VERSIONS
from harness.tests.sandboxed import Asker

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
    before = asker.everything()
    response = asker.using(version).send(route.method, pattern, json.dumps(body).encode())
    assert response.status < 500, (route.method, pattern, version, body, response.body)
    if response.status >= 400:
        assert response.json()["type"] == "error.list"
        assert asker.everything() == before


def _filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, words) for one in value]
    return words.get(value, value) if isinstance(value, str) else value
