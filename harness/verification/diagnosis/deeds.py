"""What each granted request of the pipeline did, and to whom: which of them a failed claim is about.

A claim says what it speaks of (an attribute, a kind of belonging, a person); here the request is looked up that wrote
it, wherever it stood. A reason is a hint for a reader and decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.core.people import Person
from harness.verification.claims import Claim
from harness.verification.diagnosis.conversion_requests import Asked, Seen
from harness.verification.witnesses import describe_person

SHOWN: Final = 90
"""Characters of a body that a reason shows."""

WORDS: Final[Mapping[str, str]] = {
    "name": "name", "email": "e-mail", "phone": "phone", "external_id": "external id", "user_id": "external id",
    "owner_id": "owner", "signed_up_at": "time of signing up", "last_seen_at": "time of the last visit",
    "language_override": "language", "unsubscribed_from_emails": "subscription to e-mail", "role": "role",
    "avatar": "picture", "sms_consent": "consent to SMS",
}  # fmt: skip
"""Attributes as people call them."""

OTHER_NAMES: Final[Mapping[str, str]] = {
    "user_id": "external_id", "last_request_at": "last_seen_at", "remote_created_at": "signed_up_at",
}  # fmt: skip
"""What 1.x calls otherwise than claims do."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a request did: to which kind of thing, whose, by which ids, in words."""

    asked: Asked
    what: str
    """An attribute, or a kind of belonging as a claim names it (`tags`)."""
    whose: str
    """The id by which the request named the person; empty where it named none."""
    did: str
    things: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the request and what it did, as a sentence."""
        return f"{request_in_words(self.asked)} {self.did}"


def request_in_words(asked: Asked) -> str:
    """Return a request as code would show it: method, path and a short body."""
    body = json.dumps(asked.body, ensure_ascii=True) if asked.body else ""
    short = body if len(body) <= SHOWN else f"{body[:SHOWN]}…"
    return f"`{asked.method} {IDS.sub('…', asked.path)}{f' {short}' if short else ''}`"


IDS: Final = re.compile(r"\b[0-9a-f]{24}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""Ids that say nothing to a reader."""


def deeds_of(asked: Asked) -> Iterator[Deed]:
    """Return what one request did; nothing of one that was refused, or only asked."""
    if asked.granted and asked.method in ("POST", "PUT", "PATCH", "DELETE"):
        for row in ROWS:
            yield from row(asked)


def reason_for(claim: Claim, seen: Seen) -> str:
    """Return which request did what a failed claim is about; empty where none can be told."""
    if not (claim.what or claim.who):
        return ""
    ours = _deeds_to(_ids_of(claim.who, seen), seen)
    last = _last(ours, claim.what, claim.things)
    if last is not None:
        taken = last.asked.method == "DELETE" and last.whose
        return f"{TOOK_AWAY if taken else _where(last.asked, seen)}{last.text}"
    return _to_somebody(claim, ours, seen) if claim.who and not claim.what else ""


def request_that_added(what: str, thing: str, seen: Seen) -> str:
    """Return which request added something to the person who was converted; empty if none did.

    what: an attribute, or a kind of belonging (`tags`). thing: which one of its kind.
    """
    last = _last(_deeds_to(_ids_of((), seen), seen), what, (thing,) if thing else ())
    return "" if last is None else f"{_where(last.asked, seen)}{request_in_words(last.asked)}"


def _deeds_to(ids: Collection[str], seen: Seen) -> list[Deed]:
    deeds = (deed for asked in seen.asked for deed in deeds_of(asked))
    return [deed for deed in deeds if not deed.whose or deed.whose in ids]


def _last(deeds: Sequence[Deed], what: str, things: Collection[str]) -> Deed | None:
    """Return the last that was about this, and about one of these things if it names any."""
    fitting = (deed for deed in reversed(deeds) if deed.what == what.partition("[")[0])
    return next((deed for deed in fitting if not (deed.things and things) or set(deed.things) & set(things)), None)


def _to_somebody(claim: Claim, deeds: Sequence[Deed], seen: Seen) -> str:
    """Return what was done to a person who had to be left alone."""
    converting = [attempt.asked for attempt in seen.attempts]
    if any(deed.asked in converting and deed.whose for deed in deeds):
        return ""  # who was converted in whose place is told elsewhere
    direct = next((deed for deed in deeds if deed.whose), None)
    if direct is None:
        reads = " ".join(one.read for one in claim.witnesses)
        indirect = next((deed for deed in deeds if deed.what and f"/{deed.what}" in reads), None)
        return indirect.text if indirect else ""
    person = next((one for one in seen.people if direct.whose in _names(one)), None)
    stranger = person is not None and not seen.is_meant(person)
    whom = f" to {describe_person(person)}, who has nothing to do with it" if person is not None and stranger else ""
    if direct.what == "deleted":
        return f"the pipeline deleted somebody{whom.replace(' to ', ', ', 1)}: {request_in_words(direct.asked)}"
    return f"it wrote{whom}: {direct.text}" if whom else direct.text


def _ids_of(who: Collection[str], seen: Seen) -> frozenset[str]:
    people: list[Person] = [side for meant in seen.meant for side in (meant.source, meant.target) if side is not None]
    if who:
        people = [one for one in seen.people if one.id in who]
        return frozenset({*who, *(name for one in people for name in _names(one))})
    # Whoever came of the source may have an id of their own, if the pipeline made them.
    made = [str(one.asked.answer["id"]) for one in seen.attempts if one.asked.granted and "id" in one.asked.answer]
    return frozenset({*made, *(name for one in people for name in _names(one))})


def _names(person: Person) -> frozenset[str]:
    known = (person.id, person.email, getattr(person, "external_id", None), getattr(person, "user_id", None))
    return frozenset(str(value) for value in known if value)


def _where(asked: Asked, seen: Seen) -> str:
    """Return when it was asked, told by the conversion."""
    done = [attempt.asked for attempt in seen.attempts if attempt.asked.granted]
    if not done or asked in done:
        return ""
    order = {id(one): place for place, one in enumerate(seen.asked)}
    places = [order[id(one)] for one in done if id(one) in order]
    if not places or id(asked) not in order:
        return ""
    if order[id(asked)] > places[-1]:
        return WROTE_OVER if asked.method == "PUT" and asked.contact_id else "after the conversion "
    return "before the conversion " if order[id(asked)] < places[0] else ""


TOOK_AWAY: Final = "the pipeline took away what somebody had: "
WROTE_OVER: Final = "the pipeline converted, and then wrote over what was there: "


# --- what is written on people ---------------------------------------------------------------------


def _person_fields(asked: Asked) -> Iterator[Deed]:
    whose = _person_written(asked)
    if whose is None:
        return
    bodies: list[tuple[str, Mapping[str, object]]] = [("", asked.body)]
    custom = asked.body.get("custom_attributes")
    if isinstance(custom, Mapping):
        bodies.append(("custom_attributes.", custom))
    for start, body in bodies:
        for name, value in body.items():
            if name not in ("id", "custom_attributes") and (name, asked.path) != ("user_id", "/visitors"):
                what = f"{start}{OTHER_NAMES.get(name, name)}"
                yield Deed(asked, what, whose, _wrote(what, value))


def _person_written(asked: Asked) -> str | None:
    """Return by what a writing request names the person whom it writes; `None` if it writes none."""
    parts = asked.path.strip("/").split("/")
    if asked.method in ("PUT", "PATCH", "POST") and len(parts) == 2 and parts[0] in ("contacts", "users", "visitors"):
        return None if parts[1] in ("merge", "convert", "search") else parts[1]
    if asked.path in ("/users", "/contacts", "/visitors") and asked.method in ("PUT", "POST"):
        named = next((asked.body[key] for key in ("id", "user_id", "external_id", "email") if asked.body.get(key)), "")
        return str(named)
    return None


def _wrote(what: str, value: object) -> str:
    word = WORDS.get(what, f"`{what}`")
    if value is None or value == "":
        return f"erased the {word}"
    return f"wrote the {word}"


# --- what hangs on them -----------------------------------------------------------------------------

ACTIONS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("POST", "archive"): ("", "archived them"),
    ("POST", "unarchive"): ("", "unarchived them"),
    ("POST", "block"): ("", "blocked them"),
    ("POST", "tags"): ("tags", "added a tag"),
    ("DELETE", "tags"): ("tags", "took a tag away"),
    ("POST", "notes"): ("notes", "wrote a note"),
    ("POST", "companies"): ("companies", "put them into a company"),
    ("DELETE", "companies"): ("companies", "took them out of a company"),
    ("POST", "subscriptions"): ("subscriptions", "chose a subscription for them"),
    ("DELETE", "subscriptions"): ("subscriptions", "took back what they had chosen"),
}
"""What is asked of a contact's belongings, by method and the word after the id: what it changes, and its words."""


def _contact_actions(asked: Asked) -> Iterator[Deed]:
    parts = asked.path.strip("/").split("/")
    if len(parts) < 3 or parts[0] not in ("contacts", "users"):
        return
    what, did = ACTIONS.get((asked.method, parts[2]), ("", ""))
    if did:
        named = parts[3] if len(parts) > 3 else asked.body.get("id")
        yield Deed(asked, what or parts[2], parts[1], did, (str(named),) if named else ())


def _deletions(asked: Asked) -> Iterator[Deed]:
    parts = asked.path.strip("/").split("/")
    if asked.method == "DELETE" and len(parts) == 2:
        kinds = {"contacts": "", "users": "", "visitors": ""}
        if parts[0] in kinds:
            yield Deed(asked, "deleted", parts[1], "deleted them")
        else:
            yield Deed(asked, parts[0], "", f"deleted {THINGS.get(parts[0], 'it')} for everybody", (parts[1],))


THINGS: Final[Mapping[str, str]] = {
    "tags": "the tag", "companies": "the company", "conversations": "the conversation", "notes": "the note",
}  # fmt: skip


def _companies(asked: Asked) -> Iterator[Deed]:
    if asked.method in ("POST", "PUT") and asked.path.startswith("/companies") and not asked.path.endswith("/list"):
        company = str(asked.answer.get("id") or "")
        fields = ", ".join(f"`{name}`" for name in asked.body if name not in ("id", "company_id")) or "nothing"
        yield Deed(asked, "companies", "", f"wrote {fields} of a company", (company,) if company else ())


def _tags(asked: Asked) -> Iterator[Deed]:
    if asked.method == "POST" and asked.path == "/tags":
        tag = str(asked.body.get("id") or asked.answer.get("id") or "")
        people = asked.body.get("users")
        did = "tagged people" if people else "renamed the tag" if asked.body.get("id") else "made a tag"
        if isinstance(people, list) and any(isinstance(one, Mapping) and one.get("untag") for one in people):
            did = "took the tag from people"
        yield Deed(asked, "tags", "", did, (tag,) if tag else ())


TALKS: Final[Mapping[str, str]] = {
    "close": "closed the conversation", "open": "opened the conversation", "snoozed": "snoozed the conversation",
    "assignment": "assigned the conversation to somebody else", "comment": "replied in the conversation",
    "note": "wrote a note into the conversation",
}  # fmt: skip


def _conversations(asked: Asked) -> Iterator[Deed]:
    parts = asked.path.strip("/").split("/")
    if parts[0] == "messages" or asked.path == "/conversations":
        yield Deed(asked, "conversations", "", "began a conversation")
    elif parts[0] == "conversations" and len(parts) > 1 and asked.method != "DELETE" and parts[1] != "search":
        one = str(asked.body.get("conversation_id") or "") if parts[1] == "redact" else parts[1]
        if len(parts) == 2 and parts[1] != "redact":
            did = "changed the conversation: " + ", ".join(f"`{name}`" for name in asked.body)
        else:
            did = TALKS.get(str(asked.body.get("message_type")), f"changed the conversation ({parts[-1]})")
        yield Deed(asked, "conversations", "", did, (one,))


def _events(asked: Asked) -> Iterator[Deed]:
    if asked.method == "POST" and asked.path.startswith("/events"):
        yield Deed(asked, "events", "", "told Intercom of an event")


ROWS: Final[Sequence[Callable[[Asked], Iterator[Deed]]]] = (
    _person_fields,
    _contact_actions,
    _deletions,
    _companies,
    _tags,
    _conversations,
    _events,
)
