"""What contacts can be searched by in one workspace: the rows of the field table that say so, and custom attributes.

The rules of segments read these; `POST /contacts/search` reads `segment_id` as well. The language of queries stands in
`language`.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final

from harness.sandbox.rules.contact_field import ContactField
from harness.sandbox.rules.contact_fields import FIELDS, LOCATION
from harness.sandbox.rules.person import Person
from harness.sandbox.search import language
from harness.sandbox.search.language import Field, Fields
from harness.sandbox.workspace.workspace import Workspace

SEARCHABLE: Final = {row.name: row for row in FIELDS if row.search}


def _domain(person: Person) -> str | None:
    return person.email.partition("@")[2] if person.email else None


def _place(key: str) -> Callable[[Person], object]:
    return lambda person: person.location.get(key)


WORKED_OUT: Final[dict[str, Callable[[Person], object]]] = {
    "email_domain": _domain,
    **{f"location.{name}": _place(stored) for name, stored, _ in LOCATION},
}
"""Fields that are read off a person in another way than by their name."""


def _reader(row: ContactField) -> Callable[[Person], object]:
    if row.name in WORKED_OUT:
        return WORKED_OUT[row.name]
    if row.attribute in Person.__struct_fields__:
        read: Callable[[Person], object] = attrgetter(row.attribute)
        return read
    return lambda person: person.further.get(row.attribute)


PLAIN: Final[dict[str, Field[Person]]] = {
    name: Field("text" if row.type == "object" else row.type, _reader(row)) for name, row in SEARCHABLE.items()
}


def contact_fields(workspace: Workspace) -> Fields[Person]:
    """Return the fields by which a contact can be searched in this workspace, in every version."""

    def field(name: str) -> Field[Person] | None:
        if name == "tag_id":
            return Field("tags", lambda person: workspace.belongings.shown_on(person)["tag"])
        if name in PLAIN:
            return PLAIN[name]
        if name.startswith("custom_attributes."):
            return _custom_field(workspace, name.removeprefix("custom_attributes."))
        return None

    return field


def _custom_field(workspace: Workspace, name: str) -> Field[Person] | None:
    attribute = workspace.attributes.named("contact", name)
    if attribute is None:
        return None
    kinds: dict[str, language.Kind] = {
        "date": "date", "datetime": "date", "boolean": "boolean", "integer": "number", "float": "number",
    }  # fmt: skip
    return Field(kinds.get(attribute.data_type, "text"), lambda person: person.custom_attributes.get(name))
