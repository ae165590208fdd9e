"""`harness load --generate`: a workspace of made-up people, as untidy as a real one."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Final

from harness import __version__
from harness.rehearsal.load import generated_names as names
from harness.rehearsal.load.generated_companies import generated_company
from harness.rehearsal.load.generated_people import BEGIN, END, GeneratedPerson, PeopleGenerator
from harness.rehearsal.load.load_file import LoadFile
from harness.rehearsal.load.state_folder import state_in_progress
from harness.rehearsal.load.workspace_profile import Profile
from harness.sandbox.store.attribute_store import Attribute
from harness.sandbox.store.belongings import Conversation, Note, Part
from harness.sandbox.store.bulk_writer import BulkWriter
from harness.sandbox.store.ids import Ids
from harness.sandbox.workspaces.workspaces import DEFAULT_WORKSPACE

ATTRIBUTES: Final = {"plan": "string", "seats": "integer", "is_admin": "boolean", "lead_source": "string"}


class WorkspaceGenerator:
    """Writes generated people and companies."""

    def __init__(self, writer: BulkWriter, profile: Profile, seed: int) -> None:
        self._writer = writer
        self._profile = profile
        self._rng = random.Random(seed)  # noqa: S311 - made-up people, the same for the same seed
        self._ids = Ids(0, DEFAULT_WORKSPACE)
        self._company_keys: list[str] = []
        self._tag_ids = [self._ids.tag_id(name) for name in names.TAGS]
        self.counts: Counter[str] = Counter()

    def write(self, total: int) -> None:
        """Write so many contacts, and what they have."""
        self._write_definitions()
        self._write_companies(total)
        people = PeopleGenerator(self._rng, self._profile, self._ids, len(self._company_keys))
        for found in people.people(total):
            self._write_person(found)
        counted = self.counts
        numbers = {"people": total + counted["companies"], "messages": counted["conversations"]}
        numbers |= {name: counted[name] for name in ("notes", "conversations", "parts")}
        self._writer.finish(numbers)

    def _write_definitions(self) -> None:
        for tag_id, name in zip(self._tag_ids, names.TAGS, strict=True):
            self._writer.tag(tag_id, name)
        self.counts["tags"] = len(self._tag_ids)
        for name, data_type in ATTRIBUTES.items():
            attribute_id = self._ids.attribute_id("contact", name)
            self._writer.attribute(
                Attribute(
                    attribute_id=attribute_id,
                    model="contact",
                    name=name,
                    data_type=data_type,
                    created_at=BEGIN,
                    updated_at=BEGIN,
                    admin_id=self._ids.admin_id(),
                )
            )

    def _write_companies(self, total: int) -> None:
        belonging = 1 - self._profile.companies[0]
        for number in range(1, int(total * belonging / self._profile.people_in_a_company) + 2):
            company = generated_company(self._rng, self._ids, number, total + number, BEGIN)
            self._writer.company(company)
            self._company_keys.append(company.company_key)
        self.counts["companies"] = len(self._company_keys)

    def _write_person(self, found: GeneratedPerson) -> None:
        person, writer = found.person, self._writer
        person_id = person.person_id
        writer.person(person, owns=bool(found.companies or found.tags or found.consents))
        for number in found.companies:
            writer.member(person_id, self._company_keys[number])
        for number in found.tags:
            writer.taggings((person_id, self._tag_ids[number], person.created_at))
        for subscription_id, consent in found.consents.items():
            writer.consents((person_id, subscription_id, consent))
        if found.noted:
            self._write_note(person_id, person.created_at)
        if found.talks:
            self._write_conversation(person_id, person.updated_at)
        counts = self.counts
        counts["contacts"] += 1
        counts["users" if person.kind == "user" else "leads"] += 1
        counts["archived"] += person.archived

    def _write_note(self, person_id: str, at: int) -> None:
        self.counts["notes"] += 1
        body = names.NOTED[int(self._rng.random() * len(names.NOTED))]
        self._writer.note(Note(self.counts["notes"], person_id, at, self._ids.admin_id(), f"<p>{body}</p>"))

    def _write_conversation(self, person_id: str, at: int) -> None:
        self.counts["conversations"] += 1
        number = self.counts["conversations"]
        said = names.SAID[int(self._rng.random() * len(names.SAID))]
        conversation = Conversation(
            conversation_id=self._ids.conversation_id(number),
            message_id=str(403_000_000 + number),
            created_at=at,
            updated_at=at,
            body=f"<p>{said}</p>",
            person_id=person_id,
            waiting_since=at,
        )
        if self._rng.random() < 0.5:
            self._answer(conversation, at)
        self._writer.conversation(conversation, [person_id])

    def _answer(self, conversation: Conversation, at: int) -> None:
        self.counts["parts"] += 1
        part_id = self._ids.part_id(self.counts["parts"])
        answer = Part(part_id=part_id, part_type="comment", body="<p>I look into it.</p>", created_at=at)
        conversation.parts, conversation.state = [answer], "closed"
        conversation.waiting_since = None


def generate(folder: Path, total: int, profile: Profile, profile_name: str | None, seed: int) -> LoadFile:
    """Fill a state folder with so many made-up contacts, and return what is known of them.

    The same total, profile and seed give the same workspace.
    """
    with state_in_progress(folder) as progress:
        with BulkWriter(progress.database) as writer:
            generator = WorkspaceGenerator(writer, profile, seed)
            generator.write(total)
        load = LoadFile(
            harness=__version__,
            workspace=DEFAULT_WORKSPACE,
            people="generated",
            counts=dict(generator.counts),
            latest=END,
            profile=profile,
            profile_name=profile_name,
            seed=seed,
        )
        progress.conclude(load)
    return load
