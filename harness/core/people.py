"""The people that scenarios speak of: visitor, lead, user, with Intercom's own names for what they carry.

Plain values. How they come into being is `people`'s business, what must become of them `verification`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

Role: TypeAlias = Literal["lead", "user"]
Kind: TypeAlias = Literal["visitor", "lead", "user"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """An anonymous person on a site. `user_id` is the uuid that `Intercom('getVisitorId')` yields, `id` Intercom's own.

    `known_by` is the identifier that the scenario would like used; a pipeline may use the other one as well.
    """

    kind: ClassVar[Kind] = "visitor"
    id: str
    user_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    custom_attributes: Mapping[str, object] = field(default_factory=dict)
    known_by: Literal["user_id", "id"] = "user_id"

    @property
    def uuid(self) -> str | None:
        """The uuid by which the visitor is looked up."""
        return self.user_id


@dataclass(frozen=True, slots=True)
class Lead:
    """A contact of role lead. `external_id` is the uuid that Intercom gave; `user_id` is what 1.x calls the same."""

    kind: ClassVar[Kind] = "lead"
    id: str
    external_id: str | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    custom_attributes: Mapping[str, object] = field(default_factory=dict)

    @property
    def user_id(self) -> str | None:
        """`external_id` by its 1.x name."""
        return self.external_id

    @property
    def uuid(self) -> str | None:
        """The uuid by which visitor and lead are looked up."""
        return self.external_id


@dataclass(frozen=True, slots=True)
class User:
    """A contact of role user, or one who does not exist yet: then `id` is `None` and one of the others says who."""

    kind: ClassVar[Kind] = "user"
    id: str | None = None
    email: str | None = None
    external_id: str | None = None
    name: str | None = None
    phone: str | None = None
    custom_attributes: Mapping[str, object] = field(default_factory=dict)

    @property
    def user_id(self) -> str | None:
        """`external_id` by its 1.x name."""
        return self.external_id

    @property
    def uuid(self) -> None:
        """Users have no uuid of Intercom's."""
        return None


Person: TypeAlias = Visitor | Lead | User
