"""The field table of contacts: rows that make sense, shapes that follow it, keys as recorded on their dates."""

from __future__ import annotations

from collections import Counter
from typing import NotRequired, get_origin, get_type_hints

import pytest

from harness.sandbox.rules.contact_field import ADOPTED, ContactField
from harness.sandbox.rules.contact_fields import FIELDS
from harness.sandbox.rules.merge_policy import KEEPING
from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import VERSIONS, span
from harness.sandbox.search.language import OPERATORS_OF
from harness.sandbox.search.searchable_fields import PLAIN
from harness.sandbox.serializers.shapes import Contact, OldPerson
from harness.sandbox.serializers.shown_fields import shown_fields, shown_of

NEWEST = VERSIONS["2.16"]
NICKNAME = ContactField("nickname", "text", ADOPTED, "made up for this test", shown=span(since="2.17"), writes="2.x")
"""A field that `Person` has no attribute for."""


def test_each_field_stands_in_one_row_with_its_source() -> None:
    """No name twice, no row without a source, no fate told twice for one attribute."""
    assert [name for name, count in Counter(row.name for row in FIELDS).items() if count > 1] == []
    assert all(row.source for row in FIELDS)
    kept = Counter(keep.what for keep in KEEPING)
    assert kept.total() == len(kept)


def test_the_shape_of_a_contact_follows_the_table() -> None:
    """Whatever a contact of the newest described version shows stands in `Contact`, and nothing else does."""
    assert set(shown_fields(NEWEST, None).empty) == set(Contact.__annotations__) - {"archived", "merge_history"}
    always = set(shown_fields(VERSIONS["2.0"], "2020-01-30").empty)
    hints = get_type_hints(Contact, include_extras=True)
    assert always == {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}


def test_the_shape_of_a_person_of_1_x_follows_the_table() -> None:
    """Each name of 1.x in the table is a key of a person of 1.x."""
    named = {name for row in FIELDS for name in row.old}
    worked_out = {"segments", "do_not_track", "last_seen_ip", "user_agent_data"}
    assert named == set(OldPerson.__annotations__) - worked_out


@pytest.mark.parametrize(
    ("version", "as_of", "count"),
    [
        ("2.0", "2020-05-11", 44),
        ("2.3", "2021-04-22", 44),
        ("2.2", "2022-08-10", 46),
        ("2.11", None, 54),
        ("2.13", None, 55),
    ],
)
def test_as_many_keys_are_shown_as_were_recorded(version: str, as_of: str | None, count: int) -> None:
    """Keys were added by date in all versions, and by version (facts-recorded 33)."""
    assert len(shown_fields(VERSIONS[version], as_of).empty) == count


def test_a_location_has_no_codes_in_2021() -> None:
    """Both codes were added later."""
    assert [name for name, _ in shown_fields(VERSIONS["2.3"], "2021-04-22").location] == ["country", "region", "city"]
    assert len(shown_fields(VERSIONS["2.3"], None).location) == 5


def test_an_empty_e_mail_was_shown_as_an_empty_text() -> None:
    """In 2021, where one contact was read; in lists, and since 2022, it is null (facts-recorded 32)."""
    person = Person(person_id="p" * 24, kind="lead", created_at=1, updated_at=1)
    for as_of, email in (("2021-04-22", ""), (None, None)):
        fields = shown_fields(VERSIONS["2.3"], as_of)
        shown = fields.empty.copy()
        fields.fill(shown, person)
        assert shown["email"] is None
        fields.blank(shown)
        assert shown["email"] == email


def test_every_searchable_field_has_operators() -> None:
    """The operators follow from the type."""
    assert all(OPERATORS_OF[field.kind] for field in PLAIN.values())


def test_a_field_that_a_person_has_no_attribute_for_is_kept_and_shown() -> None:
    """A row of the table is enough: the value travels among the person's further ones."""
    person = Person(person_id="p" * 24, kind="lead", created_at=1, updated_at=1).changed(
        {"nickname": "Ada", "name": "A"}
    )
    assert (person.value("nickname"), person.value("name"), person.further) == ("Ada", "A", {"nickname": "Ada"})
    table = (*FIELDS, NICKNAME)
    fields = shown_of(table, VERSIONS["2.17"], None)
    shown = fields.empty.copy()
    fields.fill(shown, person)
    assert shown["nickname"] == "Ada"
    assert "nickname" not in shown_of(table, NEWEST, None).empty
