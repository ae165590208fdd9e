"""The columns of Intercom's CSV exports of users and leads.

Their names are the labels of Intercom's own attributes, as `GET /data_attributes` tells them (facts-recorded 70), and
the names that the API has for the same; that an export uses those labels, in any letter case and with a note such as
`(UTC)` behind, is assumed. A column of a custom attribute has the attribute's name: nothing tells it apart from a
column that is not known, so it counts as not understood unless a file of `GET /data_attributes` names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from harness.sandbox.workspace.built_in_attributes import BUILT_IN

ColumnKind: TypeAlias = Literal[
    "id", "role", "text", "moment", "flag", "number", "location", "tags", "company name", "company id", "passed over"
]


class ColumnMeaning(NamedTuple):
    """What a column holds, and the attribute of `Person`, or the key of its location, that it becomes."""

    kind: ColumnKind
    attribute: str = ""


NOTE: Final = re.compile(r"\((?:utc|gmt|iso|[a-z]{3,4}time)\)\s*$", re.IGNORECASE)
UTM: Final = ("campaign", "content", "medium", "source", "term")
OTHER_LABELS: Final[Mapping[str, ColumnMeaning]] = {
    "id": ColumnMeaning("id"), "intercom id": ColumnMeaning("id"), "contact id": ColumnMeaning("id"),
    "role": ColumnMeaning("role"), "type": ColumnMeaning("role"), "user type": ColumnMeaning("role"),
    "contact type": ColumnMeaning("role"),
    "full name": ColumnMeaning("text", "name"), "phone number": ColumnMeaning("text", "phone"),
    "email address": ColumnMeaning("text", "email"), "user id": ColumnMeaning("text", "external_id"),
    "external id": ColumnMeaning("text", "external_id"), "owner id": ColumnMeaning("text", "owner_id"),
    "avatar": ColumnMeaning("text", "avatar"), "pseudonym": ColumnMeaning("text", "pseudonym"),
    "referral url": ColumnMeaning("text", "referrer"), "referrer": ColumnMeaning("text", "referrer"),
    "channel": ColumnMeaning("text", "channel"),
    "last seen at": ColumnMeaning("moment", "last_seen_at"),
    "last request at": ColumnMeaning("moment", "last_seen_at"),
    "last updated": ColumnMeaning("moment", "updated_at"),
    "web sessions": ColumnMeaning("number", "session_count"),
    "session count": ColumnMeaning("number", "session_count"),
    "sms consent": ColumnMeaning("flag", "sms_consent"),
    "unsubscribed from sms": ColumnMeaning("flag", "unsubscribed_from_sms"),
    "archived": ColumnMeaning("flag", "archived"), "blocked": ColumnMeaning("flag", "blocked"),
    "continent code": ColumnMeaning("location", "continent_code"),
    "country code": ColumnMeaning("location", "country_code"),
    "timezone": ColumnMeaning("location", "timezone"), "postal code": ColumnMeaning("location", "postal_code"),
    "tag": ColumnMeaning("tags"), "tags": ColumnMeaning("tags"),
    "company": ColumnMeaning("company name"), "company name": ColumnMeaning("company name"),
    "companies": ColumnMeaning("company name"), "company id": ColumnMeaning("company id"),
    "segment": ColumnMeaning("passed over"), "segments": ColumnMeaning("passed over"),
    **{f"utm {name}": ColumnMeaning("text", f"utm_{name}") for name in UTM},
}  # fmt: skip
"""Names beside the labels of the attributes, words apart by a space."""
LOCATION: Final = {"location.city": "city_name", "location.region": "region_name", "location.country": "country_name"}
NOT_FOR_CONTACTS: Final = frozenset({"role", "id", "workspace_id", "avatar", "owner_id"})
KINDS: Final[Mapping[str, ColumnKind]] = {"date": "moment", "boolean": "flag", "integer": "number", "string": "text"}


def _words(name: str) -> str:
    plain = NOTE.sub("", name.replace("custom_attributes.", "")).casefold()
    return " ".join(re.split(r"[\s_\-.]+", plain.strip()))


def _known() -> Mapping[str, ColumnMeaning]:
    found = dict(OTHER_LABELS)
    for one in BUILT_IN:
        if one.model != "contact" or one.full_name in NOT_FOR_CONTACTS or one.full_name.startswith(("ios", "android")):
            continue
        meaning = ColumnMeaning(KINDS[one.data_type], one.full_name)
        if one.full_name in LOCATION:
            meaning = ColumnMeaning("location", LOCATION[one.full_name])
        for name in (one.label, one.full_name):
            found.setdefault(_words(name), meaning)
    return found


KNOWN: Final = _known()


def meaning_of(name: str) -> ColumnMeaning | None:
    """Return what a column of this name holds; `None` for one that is not understood."""
    return None if name.startswith("custom_attributes.") else KNOWN.get(_words(name))
