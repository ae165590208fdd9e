"""Tags and notes in the database: what the workspace's own people hang on people, companies and conversations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.sandbox.store.database import Database

Labelled: TypeAlias = Literal["company", "conversation"]
"""What can have a tag besides people."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; `applied_at` where it is one that hangs on somebody."""

    tag_id: int
    name: str
    applied_at: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A note on somebody."""

    note_id: int
    person_id: str
    created_at: int
    admin_id: str | None
    body: str


class TagNoteStore:
    """The tags and notes of one workspace."""

    def __init__(self, database: Database, tag_id: Callable[[str], int] | None = None) -> None:
        self._db = database
        self._tag_id = tag_id or (lambda name: database.next("tags"))
        self.tag_listener: Callable[[str, int, bool], None] | None = None
        """Told whom a tag was hung on or taken off; nobody is told where nobody subscribed."""

    def tag_named(self, name: str) -> Tag:
        """Return the tag of that name (letter case aside), made if there is none."""
        found = self.tag_called(name)
        if found is not None:
            return found
        number = self._tag_id(name)
        while self.tag(number) is not None:
            number += 1
        tag = Tag(number, name)
        self._db.execute("INSERT INTO tags VALUES (?, ?, ?)", (tag.tag_id, name, name.lower()))
        return tag

    def bring_tag(self, tag_id: int, name: str) -> None:
        """Take in a tag that was made elsewhere, under the id that it has there."""
        self._db.execute("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", (tag_id, name, name.lower()))
        self._db.count_from("tags", tag_id)

    def tag_called(self, name: str) -> Tag | None:
        """The tag of that name, letter case aside."""
        row = self._db.one("SELECT tag_id, name FROM tags WHERE name_key = ?", (name.lower(),))
        return Tag(*row) if row else None

    def rename_tag(self, tag_id: int, name: str) -> None:
        """Give a tag another name."""
        self._db.execute("UPDATE tags SET name = ?, name_key = ? WHERE tag_id = ?", (name, name.lower(), tag_id))

    def tag(self, tag_id: int) -> Tag | None:
        """The tag with this id."""
        row = self._db.one("SELECT tag_id, name FROM tags WHERE tag_id = ?", (tag_id,))
        return Tag(*row) if row else None

    def all_tags(self) -> list[Tag]:
        """Every tag there is, by name whatever the case (facts-recorded 71)."""
        return [Tag(*row) for row in self._db.all("SELECT tag_id, name FROM tags ORDER BY name_key")]

    def delete_tag(self, tag_id: int) -> None:
        """Take a tag away from everybody, and from the workspace."""
        self._db.execute("DELETE FROM taggings WHERE tag_id = ?", (tag_id,))
        self._db.execute("DELETE FROM labels WHERE tag_id = ?", (tag_id,))
        self._db.execute("DELETE FROM tags WHERE tag_id = ?", (tag_id,))

    def tags_of(self, person_id: str) -> list[Tag]:
        """The tags that somebody has, in the order in which they were applied (facts-recorded 71)."""
        rows = self._db.all(
            "SELECT tag_id, name, applied_at FROM taggings JOIN tags USING (tag_id) WHERE person_id = ? ORDER BY place",
            (person_id,),
        )
        return [Tag(*row) for row in rows]

    def put_tag(self, person_id: str, tag_id: int, now: int) -> bool:
        """Hang a tag on somebody, and tell whether they did not have it already."""
        made = self._db.execute(
            "INSERT OR IGNORE INTO taggings (person_id, tag_id, applied_at) VALUES (?, ?, ?)", (person_id, tag_id, now)
        )
        return self._told(person_id, tag_id, made.rowcount > 0, hung=True)

    def take_tag(self, person_id: str, tag_id: int) -> bool:
        """Take a tag off somebody, and tell whether they had it."""
        done = self._db.execute("DELETE FROM taggings WHERE person_id = ? AND tag_id = ?", (person_id, tag_id))
        return self._told(person_id, tag_id, done.rowcount > 0, hung=False)

    def _told(self, person_id: str, tag_id: int, changed: bool, *, hung: bool) -> bool:
        if changed and self.tag_listener is not None:
            self.tag_listener(person_id, tag_id, hung)
        return changed

    def labels_of(self, kind: Labelled, thing: str) -> list[Tag]:
        """The tags that a company or a conversation has."""
        rows = self._db.all(
            "SELECT tag_id, name, applied_at FROM labels JOIN tags USING (tag_id) "
            "WHERE kind = ? AND thing = ? ORDER BY tag_id",
            (kind, thing),
        )
        return [Tag(*row) for row in rows]

    def put_label(self, kind: Labelled, thing: str, tag_id: int, now: int) -> None:
        """Hang a tag on a company or a conversation, which may have it already."""
        self._db.execute("INSERT OR IGNORE INTO labels VALUES (?, ?, ?, ?)", (kind, thing, tag_id, now))

    def take_label(self, kind: Labelled, thing: str, tag_id: int) -> None:
        """Take a tag off a company or a conversation."""
        self._db.execute("DELETE FROM labels WHERE kind = ? AND thing = ? AND tag_id = ?", (kind, thing, tag_id))

    def count_labelled(self, kind: Labelled, tag_id: int) -> int:
        """How many companies, or conversations, have a tag."""
        row = self._db.one("SELECT count(*) FROM labels WHERE kind = ? AND tag_id = ?", (kind, tag_id))
        return int(row[0])

    def labelled(self, kind: Labelled, tag_id: int) -> set[str]:
        """The companies, or conversations, that have a tag."""
        return {
            thing for (thing,) in self._db.all("SELECT thing FROM labels WHERE kind = ? AND tag_id = ?", (kind, tag_id))
        }

    def forget_labels(self, kind: Labelled, thing: str) -> None:
        """Take all tags off a company or a conversation that is gone."""
        self._db.execute("DELETE FROM labels WHERE kind = ? AND thing = ?", (kind, thing))

    def add_note(self, person_id: str, body: str, admin_id: str | None, now: int) -> Note:
        """Write a note on somebody."""
        note = Note(self._db.next("notes"), person_id, now, admin_id, body)
        self._db.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", (note.note_id, person_id, now, admin_id, body))
        return note

    def note(self, note_id: int) -> Note | None:
        """The note with this id."""
        row = self._db.one("SELECT * FROM notes WHERE note_id = ?", (note_id,))
        return Note(*row) if row else None

    def notes_of(self, person_id: str) -> list[Note]:
        """The notes on somebody, the newest first."""
        rows = self._db.all("SELECT * FROM notes WHERE person_id = ? ORDER BY note_id DESC", (person_id,))
        return [Note(*row) for row in rows]
