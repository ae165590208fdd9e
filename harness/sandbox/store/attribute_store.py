"""The data attributes of a workspace: which custom attributes people and companies may have, and of what type.

In 2.x they are made first; 1.x, and the Messenger, make them as they come.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused
from harness.sandbox.store.database import Database

MODELS = ("contact", "company")
TYPES = ("string", "integer", "float", "boolean", "date", "datetime", "options")
GOOD_NAME = re.compile(r"[\w\s$€£¥₹¢-]+")
MODEL_WORDS = {"contact": "people", "company": "company"}


class Attribute(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One data attribute that the workspace made."""

    attribute_id: int
    model: str
    name: str
    data_type: str
    created_at: int
    updated_at: int
    admin_id: str
    description: str | None = None
    options: list[str] | None = None
    messenger_writable: bool = False
    archived: bool = False


_decode = msgspec.msgpack.Decoder(Attribute).decode
_encode = msgspec.msgpack.Encoder().encode


class Attributes:
    """The data attributes of one workspace."""

    def __init__(self, database: Database, attribute_id: Callable[[str, str], int] | None = None) -> None:
        self._db = database
        self._attribute_id = attribute_id or (lambda model, name: database.next("attributes"))

    def named(self, model: str, name: str) -> Attribute | None:
        """The attribute of that model and name."""
        row = self._db.one("SELECT document FROM attributes WHERE model = ? AND name = ?", (model, name))
        return _decode(row[0]) if row else None

    def get(self, attribute_id: int) -> Attribute | None:
        """The attribute with this id."""
        row = self._db.one("SELECT document FROM attributes WHERE attribute_id = ?", (attribute_id,))
        return _decode(row[0]) if row else None

    def all(self, model: str | None = None) -> list[Attribute]:
        """Every attribute, of one model or of both."""
        rows = self._db.all("SELECT model, document FROM attributes ORDER BY attribute_id")
        return [_decode(document) for found, document in rows if model in (None, found)]

    def add(self, attribute: Attribute) -> None:
        """Make one."""
        self._db.execute(
            "INSERT INTO attributes VALUES (?, ?, ?, ?)",
            (attribute.attribute_id, attribute.model, attribute.name, _encode(attribute)),
        )

    def bring(self, attribute: Attribute) -> None:
        """Take in one that was made elsewhere, under the id that it has there."""
        self.add(attribute)
        self._db.count_from("attributes", attribute.attribute_id)

    def put(self, attribute: Attribute) -> None:
        """Write one that is there already."""
        self._db.execute(
            "UPDATE attributes SET document = ? WHERE attribute_id = ?", (_encode(attribute), attribute.attribute_id)
        )

    def id_for(self, model: str, name: str) -> int:
        """Return the id of an attribute that is to be made."""
        number = self._attribute_id(model, name)
        while self.get(number) is not None:
            number += 1
        return number

    def learn(self, model: str, values: dict[str, object], now: int, admin_id: str) -> None:
        """Make whatever attributes these values need and nobody made yet."""
        for name, value in values.items():
            if self.named(model, name) is None:
                data_type = _type_of(value)
                self.add(
                    Attribute(
                        attribute_id=self.id_for(model, name),
                        model=model,
                        name=name,
                        data_type=data_type,
                        created_at=now,
                        updated_at=now,
                        admin_id=admin_id,
                    )
                )

    def check(self, model: str, values: dict[str, object]) -> None:
        """Refuse values of attributes that nobody made, and values of the wrong type."""
        for name, value in values.items():
            attribute = self.named(model, name)
            if attribute is None or attribute.archived:
                raise Refused(no.ATTRIBUTE_UNKNOWN.filled(name=name))
            if not _fits(attribute, value):
                raise Refused(no.ATTRIBUTE_VALUE.filled(name=name, wanted=attribute.data_type))


def _type_of(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "float"
        case _:
            return "string"


def _fits(attribute: Attribute, value: object) -> bool:
    if value is None or value == "":
        return True
    match attribute.data_type:
        case "boolean":
            return isinstance(value, bool)
        case "integer" | "date" | "datetime":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "options":
            return value in (attribute.options or [])
        case _:
            return isinstance(value, str)
