"""What Intercom changed by date, in all API versions at once, outside of the fields of a contact.

The workspace setting `as_of` asks for the sandbox as of a day. A day lies between the last recording without the change
and the first with it; which one is not known, and where the two are far apart the row says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DatedChange:
    """The ISO date from which something is so, and what says so."""

    date: str
    source: str


CHANGES: Final = {
    "deleted_is_named": DatedChange(
        "2021-03-31", "facts-recorded 18: the refusal to restore a deleted contact says why; 500 in January 2021"
    ),
    "tag_applied": DatedChange(
        "2024-05-03", "facts-recorded 71: applied_at and applied_by were not there in 2021; the description of 2.11"
    ),
    "messenger_writable": DatedChange(
        "2024-05-03", "data attributes of 2021 did not have it; the examples of 2.11 have"
    ),
    "updated_first": DatedChange(
        "2025-07-01",
        "facts-recorded 25: lists show the newest updated_at first, recorded in 2.13; in 2021 the oldest came first",
    ),
}
"""The changes by name; `Workspace.changed` tells whether one is in force."""
