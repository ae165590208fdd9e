"""What a recording repeats is written once, and comes back as the very bytes that it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cassette import Cassette, Interaction
from harness.cassette.format import delta
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
    tags = {"like": "", "but": {"url": f"/contacts/{LONG['id']}/tags"}}
    assert json.loads(short[1]) == {
        "like": f"contact {LONG['id']}",
        "as": other["id"],
        "but": {"name": "Ben", "tags": tags},
    }


def test_an_id_that_stands_in_further_texts_is_changed_in_all_of_them() -> None:
    """A lead made after another is told by e-mail and name alone; links follow the id."""
    other = json.loads(text(LONG).replace(b"0000000002", b"0000000003").replace(b"a@example", b"b@example"))
    short, whole = through([text(LONG), text(other)])
    assert whole[1] == text(other)
    assert json.loads(short[1]) == {
        "like": f"contact {LONG['id']}",
        "as": other["id"],
        "but": {"email": "b@example.com"},
    }


def test_neighbours_in_a_list_who_are_as_they_were_are_named_in_one_run() -> None:
    """A list that shows again whom it showed says their names, and in full only who is new."""
    people = [{**LONG, "id": f"69556380000000000000000{n}", "name": n} for n in range(4)]
    new = {"kind": "nobody"}
    bodies = [text({"data": people}), text({"data": [*people[1:], new, people[0]], "more": True})]
    short, whole = through(bodies)
    assert whole == bodies
    likes = {"likes": [f"contact {one['id']}" for one in people[1:]]}
    assert json.loads(short[1])["data"] == [likes, new, {"like": f"contact {people[0]['id']}"}]


def test_the_answer_to_the_same_request_is_named_where_it_is_the_same() -> None:
    """Asked again and answered the very same, a body is a number; otherwise it is told by what changed."""
    writer, reader = DeltaEncoder(), DeltaEncoder()
    bodies = [text({"data": [], "note": "x" * 40}), b"{}", text({"data": [], "note": "x" * 40}), text({"data": [1]})]
    asked = [b"GET /a", b"GET /b", b"GET /a", b"GET /a"]
    short = [writer.shorten(body, one) for body, one in zip(bodies, asked, strict=True)]
    assert short[2] == b'{"again":1}'
    assert [reader.expand(one) for one in short] == bodies


@pytest.mark.parametrize("field", [b'{"again":2}', b'{"like":"contact 1"}', b'{"data":[{"likes":["contact 1"]}]}'])
def test_what_is_like_nothing_before_it_is_refused(field: bytes) -> None:
    """A file in which a part is missing is damaged, and never read as something else."""
    with pytest.raises(ValueError, match=r"not (shown )?before it"):
        DeltaEncoder().expand(field)


def test_intercoms_own_attributes_belong_to_the_format() -> None:
    """What counts as shown in every file of format 3 may never change: files that exist would be read otherwise."""
    content = (Path(delta.__file__).with_name("builtin_attributes.json")).read_bytes()
    assert hashlib.sha256(content).hexdigest() == "b204393cf542affd32b7c9028adff32c8a01a995939c77086e9c444a6d2ab19e"


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"contact","id":"1","a":1,"b":2,"c":3,"d":1e2}',
        b'{"type":"contact","id":"1","a":1,"b":2,"c":3,"d":"\\u00e9"}',
        b'{"type":"contact","id":"1","a":1,"a":2,"c":3,"d":4}',
        b'{"like":"contact 1","but":{}}',
        b'{"data":[{"like":"contact 1"}]}',
        b'{"json":{"like":"contact 1"}}',
        b'{"likes":["contact 1"]}',
        b'{"data":[{"likes":["contact 1"]}]}',
        b'{"again":1}',
        b'{"json":{"again":1}}',
        b'{"as":"1","but":{}}',
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
