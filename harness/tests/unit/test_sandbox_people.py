"""People in the database by themselves: found by each identifier, buried, and followed from grave to heir."""

from __future__ import annotations

from itertools import pairwise

import pytest

from harness.sandbox.rules.person import Kind, Person
from harness.sandbox.serializers.shared_fields import escaped, paragraph
from harness.sandbox.store.database import Database
from harness.sandbox.store.ids import COLORS, THINGS, Ids, avatar_of
from harness.sandbox.store.person_store import PersonStore


@pytest.fixture
def registry() -> PersonStore:
    """Nobody yet."""
    return PersonStore(Database())


def person(person_id: str, kind: Kind = "lead", **traits: str) -> Person:
    """Somebody."""
    made = Person(person_id=person_id, kind=kind, created_at=1, updated_at=1)
    for name, value in traits.items():
        setattr(made, name, value)
    return made


def test_merges_are_followed_to_the_one_who_is_left(registry: PersonStore) -> None:
    """By id and by external id, over three merges and no more: facts §4."""
    chain = [person(str(number), external_id=f"e{number}") for number in range(5)]
    for one in chain:
        registry.add(one)
    for one, other in pairwise(chain):
        registry.tombstone(one, "merged", 2, other.person_id)
    assert {registry.merged_into_id(contact_id=one.person_id) for one in chain[1:-1]} == {"4"}
    assert registry.merged_into_id(external_id="e1") == "4"
    assert registry.merged_into_id(contact_id="0") == "3"
    assert registry.merged_into_id(contact_id="4") is None
    assert [grave.person_id for _, grave in registry.merged_into("4")] == ["3"]


@pytest.mark.parametrize("reason", ["deleted", "converted"])
def test_only_a_merge_leaves_an_heir(registry: PersonStore, reason: str) -> None:
    """Whoever was deleted is nobody, and a visitor was no contact."""
    one, visitor = person("1"), person("2", "visitor")
    registry.add(one)
    registry.tombstone(one, reason, 2)  # type: ignore[arg-type] # a word
    registry.add(visitor)
    registry.tombstone(visitor, "merged", 2, "9")
    assert registry.merged_into_id(contact_id="1") is None
    assert registry.merged_into_id(contact_id="2") is None


def test_somebody_who_is_buried_is_found_by_nothing(registry: PersonStore) -> None:
    """There is no flag to forget: the row is gone."""
    one = person("1", external_id="e", email="A@example.com", phone="1")
    registry.add(one)
    assert [len(found) for found in (registry.by_external_id("e"), registry.by_email("a@EXAMPLE.com"))] == [1, 1]
    registry.tombstone(one, "merged", 2, "9")
    assert registry.get("1") is None
    assert registry.by_external_id("e") == registry.by_email("a@example.com") == registry.by_phone("1") == []
    assert list(registry.contacts()) == []
    assert registry.page(("lead",), 9) == []
    assert registry.count("lead") == 0


def test_ids_have_the_shapes_of_intercom_s() -> None:
    """Lengths, alphabets and prefixes as recorded."""
    ids = Ids(0, "test")
    assert ids.object_id(0x5C96B122, 1).startswith("5c96b122")
    assert len({ids.object_id(1, number) for number in range(1000)}) == 1000
    assert all(len(ids.object_id(1, number)) == 24 for number in range(1000))
    assert ids.uuid(1)[14] == "4"
    assert len(ids.conversation_id(1)) == 15
    assert ids.conversation_id(2) > ids.conversation_id(1)
    assert len(ids.request_id(1, 1)) == 20
    assert set(ids.request_id(1, 1)) <= set("0123456789abcdefghijklmnopqrstuv")
    assert len(ids.app_id()) == 8
    color, thing = ids.pseudonym(1).split()
    assert color in COLORS
    assert thing in THINGS
    assert ids.pseudonym(1, "Dublin") == f"{color} {thing} from Dublin"
    assert avatar_of("Azure Bus from St. John's").endswith("/azure-bus.png")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Phone & SMS", "Phone &amp; SMS"),
        ("Phone &amp; SMS", "Phone &amp; SMS"),
        ("<b>", "&lt;b&gt;"),
        ("St. John's", "St. John's"),
        (None, None),
        ("&nbsp;", "&amp;nbsp;"),
    ],
)
def test_names_come_back_escaped_once(name: str | None, shown: str | None) -> None:
    """As recorded; what is escaped already is not escaped again."""
    assert escaped(name) == shown


def test_text_becomes_a_paragraph() -> None:
    """As notes and messages are shown; what is one already stays."""
    assert paragraph("Hello") == "<p>Hello</p>"
    assert paragraph("<p>Hello</p>") == "<p>Hello</p>"
    assert paragraph("a < b") == "<p>a &lt; b</p>"
