"""The API versions, and what changed with each of them.

Two tables. `RELEASES` names the versions that a request may ask for; `FEATURES` says from which version to which
something is so. Code asks for a feature by name and never compares version numbers itself, so that a version is added
by adding rows. Which operation exists in which version stands in the route table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Dialect: TypeAlias = Literal["1.x", "2.x"]
"""The two families of versions: users and leads apart, or contacts with a role."""


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version that a request may ask for, of which there is one each; `order` compares as the numbers do."""

    name: str
    order: tuple[int, int]
    released: str

    @property
    def dialect(self) -> Dialect:
        """The family it belongs to."""
        return "1.x" if self.order < (2, 0) else "2.x"

    def has(self, feature: str) -> bool:
        """Whether the feature of that name is in force in this version."""
        return _IN_FORCE[feature, self.name]


@dataclass(frozen=True, slots=True)
class Span:
    """From one version to another, both included; `None` leaves that end open."""

    since: tuple[int, int] | None = None
    until: tuple[int, int] | None = None

    def covers(self, version: Version) -> bool:
        """Whether the version lies within."""
        return (self.since is None or version.order >= self.since) and (
            self.until is None or version.order <= self.until
        )

    def __str__(self) -> str:
        since, until = (None if order is None else _name(order) for order in (self.since, self.until))
        if until is None:
            return "all" if since is None else f"{since} on"
        return f"to {until}" if since is None else f"{since} to {until}"


def _name(order: tuple[int, int]) -> str:
    names = {numbers: name for name, numbers in PREVIEWS.items()}
    return names.get(order) or f"{order[0]}.{order[1]}"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that holds in some versions only, with what says so."""

    span: Span
    source: str
    assumed: bool = False


PREVIEWS = {"Unstable": (2, 998), "Preview": (2, 999)}
"""What is not released yet, under its old name and its new one (facts 59): on the newest version's rules, and more."""


def parse(name: str) -> tuple[int, int]:
    """Return the numbers of a version's name; a preview comes after every release."""
    if name in PREVIEWS:
        return PREVIEWS[name]
    major, _, minor = name.partition(".")
    return int(major), int(minor)


def span(since: str | None = None, until: str | None = None) -> Span:
    """A span from version names."""
    return Span(parse(since) if since else None, parse(until) if until else None)


RELEASES = (
    ("1.0", "2018-10-15"),
    ("1.1", "2018-10-16"),
    ("1.2", "2019-05-03"),
    ("1.3", "2019-06-05"),
    ("1.4", "2019-09-26"),
    ("2.0", "2020-01-30"),
    ("2.1", "2020-07-14"),
    ("2.2", "2020-08-12"),
    ("2.3", "2020-11-12"),
    ("2.4", "2021-12-13"),
    ("2.5", "2022-06-07"),
    ("2.6", "2022-10-18"),
    ("2.7", "2022-12-07"),
    ("2.8", "2023-01-24"),
    ("2.9", "2023-01-24"),
    ("2.10", "2023-09-14"),
    ("2.11", "2024-05-03"),
    ("2.12", "2025-01"),
    ("2.13", "2025-03-27"),
    ("2.14", "2025-08-15"),
    ("2.15", "2026-02-09"),
    ("2.16", "2026-07-24"),
    ("2.17", ""),  # its pages exist, no date was seen
    *((name, "") for name in PREVIEWS),
)
"""Every version with its release date (facts §1); previews have none."""

VERSIONS = {name: Version(name, parse(name), released) for name, released in RELEASES}

FALLBACK_VERSION = "1.0"
"""What a request gets that names none, in a workspace without a default (facts §1)."""

V1 = span(until="1.4")
V2 = span(since="2.0")
PREVIEW = span(since="Unstable")

FEATURES = {
    "unconverted_visitor": Feature(
        span(until="2.10"), "facts §2: recorded in 2.10, a visitor converted without `user` comes back unconverted"
    ),
    "identifiers_added_by_merge": Feature(
        V2,
        "facts §4: 1.x never adds identifiers with a merge; in 2.x attributes the target lacks are copied",
        assumed=True,
    ),
    "email_may_repeat": Feature(V1, "facts §4: a second user with the same e-mail, intercom-php#176"),
    "users_by_email_listed": Feature(
        span(since="1.1", until="1.4"), "facts-recorded 30: one user in 1.0, a list since 1.1 (intercom-node#229)"
    ),
    "number_ids": Feature(V1, "1.x libraries pass numbers as user_id, and answers show text", assumed=True),
    "attributes_made_on_the_fly": Feature(V1, "facts §1: 2.x wants custom attributes made first"),
    "put_email_makes_lead": Feature(V1, "facts §3: an e-mail in a visitor's update converts it to a lead"),
    "merge_needs_duplicates": Feature(span(since="2.16"), "facts §4"),
    "merged_is_gone": Feature(span(since="2.16"), "facts §4: 410 with the canonical link instead of 404"),
    "merge_history": Feature(span(since="2.16"), "the official description: include_merge_history"),
    "owner_as_text": Feature(span(since="2.16"), "facts §5: owner_id is a string from 2.16"),
    "short_references": Feature(
        span(until="2.6"),
        "facts-recorded 16: recorded in 2.3, `object` and no external_id; later `type` and external_id",
    ),
    "sort_order_checked": Feature(span(since="2.16"), "facts §5: invalid_sort_order"),
    "dates_by_day": Feature(
        span(since="2.0", until="2.16"), "facts §5: dates are searched by day, from 2.17 by second"
    ),
    "contact_not_found": Feature(span(until="2.6"), "facts §5: `Contact Not Found` up to 2.6, later `User Not Found`"),
    "priority_levels": Feature(
        span(since="2.16"), "the official descriptions: `none`, not `not_priority`", assumed=True
    ),
    "part_metadata": Feature(span(since="2.12"), "the official examples: not in 2.11, there in 2.16", assumed=True),
    "lifecycle_topics": Feature(
        span(since="2.6"),
        "facts §8: the 2.6 changelog announces webhooks of updates, merges, archiving and its undoing",
    ),
    "granular_parts": Feature(
        span(since="2.6"),
        "the 2.6 changelog: more granular conversation part types; tap-intercom#65: earlier ones are comments",
    ),
    "users_merge": Feature(PREVIEW, "facts §4: user into user, rolling out in Preview only"),
    "messages_to_several": Feature(span(since="2.14"), "facts 54: `to` may be an array in 2.14 and later"),
    "email_verified": Feature(span(since="2.16"), "facts §5: email_verified without email is refused"),
}
"""What differs between versions, each with its source."""

_IN_FORCE = {
    (name, version.name): feature.span.covers(version)
    for name, feature in FEATURES.items()
    for version in VERSIONS.values()
}
"""The same, worked out: it is asked several times in each request."""
