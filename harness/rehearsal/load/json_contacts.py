"""Contacts in the words of 2.x, and users and leads in those of 1.x, as `Person` keeps them."""

from __future__ import annotations

from typing import Final

from harness.rehearsal.load.loaded_items import (
    Leftovers,
    LoadedContact,
    UnreadableValue,
    attributes_of,
    listed,
    mapping_of,
    moment_of,
    text_of,
)
from harness.sandbox.requests.new_people import LOCATION_KEYS
from harness.sandbox.rules.contact_fields import FIELDS, OLD_KEYS
from harness.sandbox.rules.person import Kind, Person

TEXTS: Final = (
    "email", "phone", "name", "owner_id", "language_override", "browser", "browser_version", "browser_language", "os",
    "referrer", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "pseudonym",
)  # fmt: skip
MOMENTS: Final = (
    "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at", "last_email_opened_at",
    "last_email_clicked_at",
)  # fmt: skip
FLAGS: Final = (
    "unsubscribed_from_emails", "marked_email_as_spam", "has_hard_bounced", "sms_consent", "unsubscribed_from_sms",
    "archived", "blocked",
)  # fmt: skip
NOT_STORED: Final = frozenset(
    {
        "type", "workspace_id", "app_id", "segments", "merge_history", "avatar", "user_agent_data", "last_seen_ip",
        "anonymous", "role", "id", "user_id", "external_id", "location_data", "remote_created_at", "last_request_at",
        "email_domain", "formatted_phone", "deleted", "object",
    }
)  # fmt: skip
KNOWN: Final = (
    NOT_STORED
    | {field.name for field in FIELDS}
    | {name for field in FIELDS for name in field.old}
    | OLD_KEYS.keys()
    | set(TEXTS)
    | set(MOMENTS)
    | set(FLAGS)
)
SHORTENED: Final = ("tags", "companies", "opted_out_subscription_types", "opted_in_subscription_types")
"""Lists of a contact that show ten things at most (the official description)."""
HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")


def contact_of(item: dict[str, object], leftovers: Leftovers) -> LoadedContact:
    """Return the contact that an item tells of.

    Raises:
        UnreadableValue: it has no id, or a field is of another kind.
    """
    get = item.get
    person_id = get("id")
    if not isinstance(person_id, str) or not person_id:
        raise UnreadableValue("it has no id")
    values: dict[str, object] = {}
    for name in TEXTS:
        found = get(name)
        if found:
            values[name] = found if type(found) is str else text_of(found, name)
    for name in MOMENTS:
        found = get(name)
        if found:
            values[name] = found if type(found) is int and 0 < found <= 4_294_967_295 else moment_of(found, name)
    for name in FLAGS:
        found = get(name)
        if found:
            values[name] = _flag(found, name)
    _add_old_words(item, values)
    attributes = attributes_of(get("custom_attributes"))
    if not item.keys() <= KNOWN:
        further = {name: item[name] for name in item.keys() - KNOWN if leftovers.keeps(name)}
        attributes = attributes | attributes_of(further)
    if "owner_id" in values:
        values["owner_id"] = str(number_of(values["owner_id"], "owner_id"))
    created_at = moment_of(get("created_at"), "created_at") or _moment_in(person_id)
    person = Person(
        person_id=person_id,
        kind=_kind_of(item),
        created_at=created_at,
        updated_at=moment_of(get("updated_at"), "updated_at") or created_at,
        external_id=text_of(get("external_id", get("user_id")), "external_id"),
        avatar=_picture(get("avatar")),
        location=_location(get("location") or get("location_data")),
        custom_attributes=attributes,
        social_profiles=listed(get("social_profiles"), "data", "social_profiles"),
        **values,  # type: ignore[arg-type]  # each name has its kind above
    )
    _note_gaps(item, leftovers)
    return LoadedContact(person, _tags(item), _companies(item), _consents(item))


def _note_gaps(item: dict[str, object], leftovers: Leftovers) -> None:
    """Count what a contact has beyond what it shows: lists are cut off after ten, and notes are only named."""
    for name in SHORTENED:
        found = item.get(name)
        if isinstance(found, dict) and found.get("has_more") is True:
            leftovers.shortened[name] += 1
    notes = item.get("notes")
    if notes and isinstance(notes, dict) and isinstance(count := notes.get("total_count"), int):
        leftovers.notes += count


def _kind_of(item: dict[str, object]) -> Kind:
    role = item.get("role")
    if role is None:
        role = "lead" if item.get("anonymous") is True or item.get("type") in ("contact", "lead") else "user"
    if role not in ("lead", "user"):
        raise UnreadableValue("its role is neither lead nor user")
    return "lead" if role == "lead" else "user"


def _add_old_words(item: dict[str, object], values: dict[str, object]) -> None:
    if "last_request_at" in item:
        values["last_seen_at"] = moment_of(item["last_request_at"], "last_request_at")
    if values.get("signed_up_at") is None and "remote_created_at" in item:
        values["signed_up_at"] = moment_of(item["remote_created_at"], "remote_created_at")
    sessions = item.get("session_count")
    if isinstance(sessions, int) and 0 <= sessions < 2**63:
        values["session_count"] = sessions


def _flag(value: object, what: str) -> bool:
    if isinstance(value, bool):
        return value
    raise UnreadableValue(f"{what} is neither true nor false")


def _moment_in(person_id: str) -> int:
    """Return the moment in an ObjectId: its first eight digits (facts §10)."""
    if len(person_id) == 24 and HEXADECIMAL.issuperset(person_id):
        return int(person_id[:8], 16)
    raise UnreadableValue("it has no created_at")


def _picture(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("image_url")
    return value if isinstance(value, str) and value else None


def _location(value: object) -> dict[str, object]:
    if not value:
        return {}
    found = mapping_of(value, "location")
    return {LOCATION_KEYS[key]: one for key, one in found.items() if one is not None and key in LOCATION_KEYS}


def _tags(item: dict[str, object]) -> tuple[int, ...]:
    found = item.get("tags")
    if not found:
        return ()
    return tuple([number_of(one.get("id"), "a tag's id") for one in listed(found, "data", "tags")])


def _companies(item: dict[str, object]) -> tuple[str, ...]:
    found = item.get("companies")
    if not found:
        return ()
    return tuple(str(one["id"]) for one in listed(found, "data", "companies") if one.get("id"))


def _consents(item: dict[str, object]) -> tuple[tuple[int, str], ...]:
    out, into = item.get("opted_out_subscription_types"), item.get("opted_in_subscription_types")
    if not out and not into:
        return ()
    pairs = [(one, "opt_out") for one in listed(out, "data")] + [(one, "opt_in") for one in listed(into, "data")]
    return tuple((number_of(one.get("id"), "a subscription type's id"), consent) for one, consent in pairs)


def number_of(value: object, what: str) -> int:
    """Return an id that is a number. Raises: UnreadableValue."""
    try:
        found = int(str(value)[:40])
    except ValueError:
        found = -1
    if not 0 <= found < 2**63:
        raise UnreadableValue(f"{what} is no number")
    return found
