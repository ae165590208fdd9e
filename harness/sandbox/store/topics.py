"""Which change Intercom tells subscribers of, and what its topic is called in either dialect (facts §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from harness.sandbox.rules.person import Person
from harness.sandbox.rules.versions import Version

Event: TypeAlias = Literal[
    "lead created", "user created", "visitor signed up", "lead signed up", "merged", "lead got email", "lead updated",
    "user updated", "email updated", "deleted", "user deleted", "archived", "unarchived", "subscribed", "unsubscribed",
    "lead tagged", "lead untagged", "user tagged", "user untagged",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topics:
    """What an event is called in either dialect; `None` where nobody is told."""

    old: str | None
    new: str | None
    source: str
    assumed: bool = False


TOPICS: Final[Mapping[Event, Topics]] = {
    "lead created": Topics("contact.created", "contact.lead.created", "facts §8, recorded"),
    "user created": Topics("user.created", "contact.user.created", "facts §8, recorded"),
    "visitor signed up": Topics("visitor.signed_up", "visitor.signed_up", "facts §8, recorded"),
    "lead signed up": Topics("contact.signed_up", "contact.lead.signed_up", "facts §8, recorded for 1.x"),
    "merged": Topics("contact.signed_up", "contact.merged", "facts §8, recorded for 2.x; of a visitor unknown", True),
    "lead got email": Topics("contact.added_email", "contact.lead.added_email", "facts §8, recorded"),
    "lead updated": Topics("contact.updated", "contact.lead.updated", "facts §8: the topic is listed", True),
    "user updated": Topics(None, "contact.user.updated", "facts §8; recorded in 2.x"),
    "email updated": Topics("user.email.updated", "contact.email.updated", "facts §8: the topic is listed", True),
    "deleted": Topics("contact.deleted", "contact.deleted", "facts §8, recorded"),
    "user deleted": Topics("user.deleted", "contact.deleted", "facts 47, recorded"),
    "archived": Topics(None, "contact.archived", "facts 45, recorded"),
    "unarchived": Topics(None, "contact.unarchive", "facts §8: the topic is listed", True),
    "subscribed": Topics(None, "contact.subscribed", "facts 47, recorded"),
    "unsubscribed": Topics("user.unsubscribed", "contact.unsubscribed", "facts 47, recorded for 2.x"),
    "lead tagged": Topics("contact.tag.created", "contact.lead.tag.created", "facts 47: the topic is listed"),
    "lead untagged": Topics("contact.tag.deleted", "contact.lead.tag.deleted", "facts 47: the topic is listed"),
    "user tagged": Topics("user.tag.created", "contact.user.tag.created", "facts 47, recorded for 1.x"),
    "user untagged": Topics("user.tag.deleted", "contact.user.tag.deleted", "facts 47, recorded for 1.x"),
}

BEFORE_LIFECYCLE: Final[Mapping[Event, str | None]] = {
    "merged": None,
    "lead updated": None,
    "user updated": None,
    "archived": "contact.archive",
    "unarchived": None,
}
"""What 2.x told of these up to 2.5: its list has `contact.archive`, and none of the others (facts §8)."""

_BECAME: Final[Mapping[tuple[str | None, str], Event]] = {
    (None, "lead"): "lead created",
    (None, "user"): "user created",
    ("visitor", "lead"): "lead created",
    ("visitor", "user"): "visitor signed up",
    ("lead", "user"): "lead signed up",
}


def events(before: Person | None, after: Person) -> Iterator[Event]:
    """What a change of one person is called."""
    event = _BECAME.get((before.kind if before else None, after.kind))
    if event is not None:
        yield event
        return
    if before is None or after.kind == "visitor" or before == after:
        return
    if before.archived != after.archived:
        yield "archived" if after.archived else "unarchived"
        return
    if before.unsubscribed_from_emails != after.unsubscribed_from_emails:
        yield "unsubscribed" if after.unsubscribed_from_emails else "subscribed"
    if before.email != after.email and after.email:
        yield "lead got email" if after.kind == "lead" else "email updated"
    yield "lead updated" if after.kind == "lead" else "user updated"


def topic_of(event: Event, version: Version) -> str | None:
    """What an app of this version is told by; `None` where there is no such topic."""
    if version.dialect == "1.x":
        return TOPICS[event].old
    if event in BEFORE_LIFECYCLE and not version.has("lifecycle_topics"):
        return BEFORE_LIFECYCLE[event]
    return TOPICS[event].new
