"""What a recording repeats is written once, and comes back as the very bytes that it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cassette import Cassette, Interaction
from harness.cassette.format import document as cassette_format
from harness.cassette.format.delta import DeltaEncoder
from harness.tests.support.properties import UNHURRIED
from harness.tests.support.recordings import answer, ask, header

PERSON = {"type": "contact", "id": "695563800000000000000002", "role": "lead", "email": "a@example.com", "name": "Ann"}
LONG = {**PERSON, "tags": {"type": "list", "data": [], "url": "/contacts/695563800000000000000002/tags"}, "owner": None}


def through(bodies: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The bodies as they are written, and as they are read again."""
    writer, reader = DeltaEncoder(), DeltaEncoder()
    short = [writer.shorten(body) for body in bodies]
    return short, [reader.expand(body) for body in short]


def text(tree: Any) -> bytes:
    """A body as a server sends it."""
    return msgspec.json.encode(tree)


def test_a_person_who_is_shown_again_is_told_by_what_changed() -> None:
    """In full once, then by name, alone or in a list, and after a change by the change."""
    bodies = [text(LONG), text({"type": "list", "data": [LONG]}), text({**LONG, "role": "user"})]
    short, whole = through(bodies)
    assert whole == bodies
    assert short[0] == bodies[0]
    assert json.loads(short[1]) == {"type": "list", "data": [{"like": f"contact {LONG['id']}"}]}
    assert json.loads(short[2]) == {"like": f"contact {LONG['id']}", "but": {"role": "user"}}


def test_somebody_else_of_the_same_shape_is_told_by_the_difference() -> None:
    """What nobody was shown as before still shares its empty fields with somebody."""
    other = {**LONG, "id": "695563800000000000000003", "name": "Ben"}
    short, whole = through([text(LONG), text(other)])
    assert whole[1] == text(other)
    assert json.loads(short[1])["but"] == {"id": other["id"], "name": "Ben"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"contact","id":"1","a":1,"b":2,"c":3,"d":1e2}',
        b'{"type":"contact","id":"1","a":1,"b":2,"c":3,"d":"\\u00e9"}',
        b'{"type":"contact","id":"1","a":1,"a":2,"c":3,"d":4}',
        b'{"like":"contact 1","but":{}}',
        b'{"data":[{"like":"contact 1"}]}',
        b'{"json":{"like":"contact 1"}}',
        b'"like"',
        b"null",
        b"{}",
    ],
)
def test_what_another_writer_would_write_otherwise_stays_as_it_came(body: bytes) -> None:
    """Numbers, escapes, doubled keys, and bodies that look like ours."""
    first = text(LONG)
    told = Interaction(ask("GET", "/x"), answer(200))
    cassette = Cassette(header(), tuple(_with(told, one) for one in (first, body, first, body)))
    written = msgspec.json.format(cassette_format.encode(cassette), indent=-1)
    assert cassette_format.decode(written).interactions == cassette.interactions


def _with(interaction: Interaction, body: bytes) -> Interaction:
    response = interaction.outcome.response
    assert response is not None
    return replace(interaction, outcome=replace(interaction.outcome, answer=replace(response, body=body)))


@pytest.mark.parametrize("wrong", [{"like": "contact 9"}, {"like": 1}, {"like": "contact 1", "but": 2}])
def test_a_body_that_is_like_nothing_is_an_error(wrong: dict[str, Any]) -> None:
    """Only an edited file can say so."""
    with pytest.raises(ValueError, match="not shown before"):
        DeltaEncoder().expand(text(wrong))


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=6)
OBJECTS = st.builds(
    lambda own, kind, members, extra: {"type": kind, "id": own, **members, **extra},
    st.sampled_from("12"),
    st.sampled_from(["contact", "tag"]),
    st.fixed_dictionaries({name: VALUES | st.lists(VALUES, max_size=2) for name in "abcdefgh"}),
    st.dictionaries(st.sampled_from(["like", "but", "more", "id"]), VALUES, max_size=1),
)


def _holding(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda outer, held: {**outer, "a": held}, OBJECTS, inner)


TREES = st.recursive(
    OBJECTS, lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"data": inner}) | _holding(inner)
)


@UNHURRIED
@given(st.lists(TREES, max_size=5))
def test_any_bodies_come_back_as_they_were(trees: list[Any]) -> None:
    """One inside another, of one name or several, with keys like ours."""
    interactions = tuple(_with(Interaction(ask("GET", "/x"), answer(200)), text(tree)) for tree in trees)
    cassette = Cassette(header(), interactions)
    written = msgspec.json.format(cassette_format.encode(cassette), indent=-1)
    assert cassette_format.decode(written).interactions == interactions
