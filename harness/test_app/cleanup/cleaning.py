"""Clearing away what the ledger holds, and nothing else: each end is proved by a read before it is struck off.

What cannot be proved stays in the ledger with the reason, for the next `harness sweep`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from harness.core.http import Response
from harness.core.json_values import Json, JsonObject, object_in
from harness.core.newest_version import NEWEST_VERSION
from harness.test_app.cleanup.ledger import VISITOR_LIKE, Entry, Ledger
from harness.test_app.cleanup.marks import is_among, shows_mark
from harness.test_app.conversation_participants import participants_in
from harness.test_app.request_effects import Kind

SETTLED_AFTER: Final = 60.0
"""Seconds after which something that nobody can find was never made: a request under way has ended by then."""
VISITORS_VERSION: Final = "2.10"
"""The last version in whose description visitors can be deleted (facts §1)."""
UNMARKED: Final = "it does not show the marker of its run, so it is left alone: look at it by hand"
FOREIGN: Final = "somebody whom this run did not make is in conversation with its people there"
PAGE: Final = 150
PAGES_AT_MOST: Final = 500

ORDER: Sequence[Kind] = ("conversation", "contact", "visitor", "company", "tag")
"""What hangs on people goes before them, what holds them together after."""


class Asking(Protocol):
    """A request past the guard; `None` where no answer came."""

    def __call__(self, method: str, target: str, body: Json = None, version: str = NEWEST_VERSION) -> Response | None:
        """Ask."""
        ...


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of which the end could not be proved, and why."""

    entry: Entry
    why: str

    def __str__(self) -> str:
        return f"{self.entry}: {self.why}"


class ContactCleaner:
    """Ends entries one by one. `tell` hears of each; `now` is the clock that the ledger is written by."""

    def __init__(
        self,
        ask: Asking,
        ledger: Ledger,
        now: Callable[[], float],
        *,
        settled_after: float = SETTLED_AFTER,
        tell: Callable[[Entry, int], None] = lambda _entry, _left: None,
    ) -> None:
        self._ask, self._ledger, self._now = ask, ledger, now
        self._settled_after = settled_after
        self._tell = tell
        self._listed: tuple[bool, Sequence[Mapping[str, Json]]] | None = None

    def clean(self, entries: Sequence[Entry]) -> list[Leftover]:
        """End each of these entries; tells those of which the end is not proved."""
        waiting = sorted(entries, key=lambda entry: (ORDER.index(entry.kind), entry.number))
        left: list[Leftover] = []
        for place, entry in enumerate(waiting):
            self._tell(entry, len(waiting) - place)
            why = self._end(entry)
            if why:
                left.append(Leftover(entry, why))
        return left

    # --- one entry --------------------------------------------------------------------------------

    def _end(self, entry: Entry) -> str:
        if not entry.entity_id:
            found = self._find(entry)
            if isinstance(found, str):
                return found
            if found is None:
                return self._never_made(entry)
            self._ledger.made(entry.number, *found)
            entry = next(e for e in self._ledger.entries if e.number == entry.number)
            if not entry.open:
                return ""
        ends: Mapping[Kind, Callable[[Entry], str]] = {
            "contact": self._end_person,
            "visitor": self._end_person,
            "company": lambda one: self._delete(one, f"/companies/{quote(one.entity_id, safe='')}"),
            "tag": lambda one: self._delete(one, f"/tags/{quote(one.entity_id, safe='')}"),
            "conversation": lambda one: self._delete(one, f"/conversations/{quote(one.entity_id, safe='')}"),
        }
        return ends[entry.kind](entry)

    def _never_made(self, entry: Entry) -> str:
        age = self._now() - entry.at
        if age < self._settled_after:
            return f"it may still be under way: look again in {self._settled_after - age:.0f} s"
        self._ledger.not_made(entry.number, f"nothing with {dict(entry.by)} is there {age:.0f} s later")
        return ""

    def _end_person(self, entry: Entry) -> str:
        if entry.kind == "visitor":
            why = self._end_visitor(entry)
            if why:
                return why
        # A read does not find an archived contact (facts-recorded 15), who is there all the same, and shows no mark.
        made_now = entry.number in self._ledger.made_now
        return self._delete(entry, f"/contacts/{quote(entry.entity_id, safe='')}", unseen=made_now)

    def _end_visitor(self, entry: Entry) -> str:
        uuid = entry.uuid or entry.by.get("uuid", "")
        if not uuid:
            return ""
        read = f"/visitors?{urlencode({'user_id': uuid})}"
        seen = self._ask("GET", read)
        if seen is not None and seen.status == 200:
            if objection := self._objection(entry, seen.json()):
                return objection
            self._ask("DELETE", f"/visitors/{quote(entry.entity_id, safe='')}", None, VISITORS_VERSION)
            seen = self._ask("GET", read)
            if seen is not None and seen.status == 200:
                # Where visitors cannot be deleted any more, a lead can.
                self._ask("POST", "/visitors/convert", {"visitor": {"user_id": uuid}, "type": "lead"})
                seen = self._ask("GET", read)
        return "" if _absent(seen) else _told(seen)

    def _delete(self, entry: Entry, path: str, *, unseen: bool = False) -> str:
        """Delete what a read finds, with `unseen` also what it answers 404 for; return why the end is not proved."""
        seen = self._ask("GET", path)
        if seen is not None and (seen.status == 200 or (unseen and seen.status == 404)):
            if seen.status == 200 and (objection := self._objection(entry, seen.json())):
                return objection
            ended = self._ask("DELETE", path)
            if ended is not None and "x-harness-refused" in ended.headers:
                return f"it may not be ended here: {_message(ended)}"
            seen = self._ask("GET", path)
        if not _absent(seen):
            return _told(seen)
        assert seen is not None
        self._ledger.gone(entry.number, f"GET {path} answered {seen.status}")
        return ""

    def _objection(self, entry: Entry, shown: Json) -> str:
        """Return why what a read shows may not be ended; empty where it shows the mark of the run that made it."""
        if entry.kind == "conversation":
            inside, people = participants_in(shown) or frozenset(), self._people_of(entry.run)
            return "" if is_among(inside, people) else FOREIGN if inside - people else UNMARKED
        drawn = (entry.uuid, entry.by.get("uuid", "")) if entry.kind == "visitor" else ()
        return "" if shows_mark(entry.kind, shown, entry.run, drawn) else UNMARKED

    def _people_of(self, run: str) -> frozenset[str]:
        entries = (one for one in self._ledger.entries if one.run == run and one.kind in VISITOR_LIKE)
        return frozenset(value for one in entries for value in (one.entity_id, one.uuid) if value)

    # --- entries whose answer never came ----------------------------------------------------------

    def _find(self, entry: Entry) -> tuple[str, str] | str | None:
        """Its id and uuid; `None` where nothing is there; or why that cannot be told."""
        finders: Mapping[Kind, Callable[[Entry], tuple[str, str] | str | None]] = {
            "contact": self._find_contact,
            "visitor": self._find_visitor,
            "company": lambda one: self._find_by(one, f"/companies?{urlencode({'company_id': one.by['company_id']})}"),
            "tag": self._find_tag,
            "conversation": self._find_conversation,
        }
        return finders[entry.kind](entry)

    def _find_by(self, entry: Entry, target: str) -> tuple[str, str] | str | None:
        seen = self._ask("GET", target)
        body = seen.json() if seen is not None and seen.status == 200 else None
        if isinstance(body, Mapping) and body.get("id"):
            if objection := self._objection(entry, object_in(body)):
                return objection
            return str(body["id"]), str(body.get("external_id") or body.get("user_id") or "")
        return None if _absent(seen) else _told(seen)

    def _find_visitor(self, entry: Entry) -> tuple[str, str] | str | None:
        uuid = entry.by.get("uuid", "")
        found = self._find_by(entry, f"/visitors?{urlencode({'user_id': uuid})}")
        return found if found is not None else self._find_listed("external_id", uuid)

    def _find_contact(self, entry: Entry) -> tuple[str, str] | str | None:
        external_id = entry.by.get("external_id")
        if external_id:
            found = self._find_by(entry, f"/contacts/find_by_external_id/{quote(external_id, safe='')}")
            if found is not None and not (isinstance(found, tuple) and found[0] in self._taken()):
                return found
        name, value = next(((n, entry.by[n]) for n in ("email", "external_id", "name") if n in entry.by), ("", ""))
        return self._find_listed(name, value)

    def _find_listed(self, name: str, value: str) -> tuple[str, str] | str | None:
        """As the list of contacts shows it, which is the only prompt read that finds leads by what they are called."""
        complete, listed = self._contacts()
        taken = self._taken()
        for contact in listed:
            same = str(contact.get(name) or "").lower() == value.lower()
            if value and same and str(contact.get("id")) not in taken:
                return str(contact["id"]), str(contact.get("external_id") or "")
        return None if complete else "the list of contacts could not be read to its end"

    def _taken(self) -> frozenset[str]:
        return frozenset(entry.entity_id for entry in self._ledger.entries if entry.entity_id)

    def _contacts(self) -> tuple[bool, Sequence[Mapping[str, Json]]]:
        if self._listed is None:
            self._listed = self._list_contacts()
        return self._listed

    def _list_contacts(self) -> tuple[bool, Sequence[Mapping[str, Json]]]:
        found: list[Mapping[str, Json]] = []
        query: JsonObject = {"per_page": PAGE}
        for _ in range(PAGES_AT_MOST):
            seen = self._ask("GET", f"/contacts?{urlencode(query)}")
            body = seen.json() if seen is not None and seen.status == 200 else None
            if not isinstance(body, Mapping):
                return False, found
            found += body.get("data") or []
            following = (body.get("pages") or {}).get("next")
            if not following:
                return True, found
            query["starting_after"] = following["starting_after"]
        return False, found

    def _find_tag(self, entry: Entry) -> tuple[str, str] | str | None:
        seen = self._ask("GET", "/tags")
        body = seen.json() if seen is not None and seen.status == 200 else None
        if not isinstance(body, Mapping):
            return _told(seen)
        same = (tag for tag in body.get("data") or [] if tag.get("name") == entry.by.get("name"))
        return next(((str(tag["id"]), "") for tag in same), None)

    def _find_conversation(self, entry: Entry) -> tuple[str, str] | str | None:
        contact_id = entry.by.get("contact", "")
        query: Json = {"query": {"field": "contact_ids", "operator": "=", "value": contact_id}}
        seen = self._ask("POST", "/conversations/search", query)
        body = seen.json() if seen is not None and seen.status == 200 else None
        if not isinstance(body, Mapping):
            return _told(seen)
        return next(_new_ids(body.get("conversations") or [], self._taken()), None)


def _new_ids(entries: Sequence[Mapping[str, Json]], taken: frozenset[str]) -> Iterator[tuple[str, str]]:
    return ((str(one["id"]), "") for one in entries if str(one.get("id")) not in taken)


def _absent(seen: Response | None) -> bool:
    """Whether a read proves that something is not there."""
    if seen is None or seen.status not in (404, 410):
        return False
    body = seen.json()
    return isinstance(body, Mapping) and body.get("type") == "error.list"


def _message(refused: Response) -> str:
    errors = refused.json()["errors"]
    return str(errors[0]["message"])


def _told(seen: Response | None) -> str:
    if seen is None:
        return "no answer came"
    if seen.status == 200:
        return "it is still there"
    return f"the read answered {seen.status}, which proves nothing"
