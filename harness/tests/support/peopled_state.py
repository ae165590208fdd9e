"""State folders with people of known kinds, made straight in the store, so that large ones cost seconds.

Of `size` contacts about a third are leads with the e-mail of one user, a third are those users, and the rest is the
mess that real workspaces have. What each is, its external id or its name says.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from harness.core.clock import ManualClock
from harness.sandbox import Sandbox
from harness.sandbox.rules.person import Person
from harness.sandbox.store.belongings import Company, Conversation
from harness.sandbox.workspaces.admin import WorkspaceAdmin

START = 1_700_000_000
COMPANIES = 20
TAGS = ("vip", "trial", "beta")


def peopled_state(folder: Path, size: int = 300, **settings: object) -> Path:
    """Make a state folder with so many contacts and these settings, and return it."""
    with closing(Sandbox(ManualClock(START + 10_000_000), state=folder)) as sandbox:
        workspace = sandbox.workspace("default")
        workspace.update_settings(settings)
        with workspace.database.transaction():
            _People(workspace).make(size)
    return folder


class _People:
    """Makes the people of one workspace; `number` counts them."""

    def __init__(self, workspace: WorkspaceAdmin) -> None:
        self._workspace = workspace
        self._number = 0
        self._tags = [workspace.belongings.tag_named(name).tag_id for name in TAGS]
        for place in range(COMPANIES):
            workspace.belongings.add_company(
                Company(company_key=f"{place:024x}", created_at=START, updated_at=START, company_id=f"c{place}")
            )

    def make(self, size: int) -> None:
        """Make pairs of a lead and a user; one in twenty is one of the mess instead."""
        while self._number < size:
            place = self._number
            mess = place % 60
            if mess == 0:
                self._several(place)
            elif mess == 20:
                self._from_elsewhere(place)
            elif mess == 40:
                self._alone(place)
            else:
                self._pair(place)

    def _pair(self, place: int) -> None:
        email = f"Person{place}@Example.com" if place % 7 == 0 else f"person{place}@example.com"
        user = self._add("user", place, email=email.lower(), name=f"Name {place % 500}")
        plan: dict[str, object] = {"plan": "pro", "seats": place % 9}
        lead = self._add("lead", place, email=email, name=f"Name {(place + 7) % 500}", custom_attributes=plan)
        self._furnish(lead, place)
        self._belongs(user, place)

    def _several(self, place: int) -> None:
        for number in range(3):
            self._add("user", place + number, email=f"shared{place}@example.com", name=f"Shared {number}")
        self._add("lead", place, email=f"shared{place}@example.com")

    def _from_elsewhere(self, place: int) -> None:
        self._add("user", place, email=f"mail{place}@example.com")
        self._add("lead", place, email=f"mail{place}@example.com", channel="mailing_list")

    def _alone(self, place: int) -> None:
        self._add("lead", place, email=f"alone{place}@example.com", name=f"Name {place % 500}")
        self._add("user", place, email=f"only{place}@example.org", name=f"Name {place % 500}")
        self._add("user", place + 1, email=f"archived{place}@example.org", archived=True)

    def _furnish(self, lead: Person, place: int) -> None:
        """Give a lead something to lose."""
        has, person_id = self._workspace.belongings, lead.person_id
        has.put_tag(person_id, self._tags[place % 3], START)
        if place % 3 == 0:
            has.add_note(person_id, f"note {place}", None, START)
        if place % 4 == 0:
            conversation_id = self._workspace.ids.conversation_id(place)
            has.add_conversation(
                Conversation(
                    conversation_id=conversation_id,
                    message_id=str(place),
                    created_at=START,
                    updated_at=START,
                    body="hello",
                    person_id=person_id,
                ),
                [person_id],
            )
        if place % 5 == 0:
            has.set_consent(person_id, 1, "opt_out")
        if place % 11 == 0:
            has.add_event(person_id, "looked", START, {})

    def _belongs(self, user: Person, place: int) -> None:
        self._workspace.belongings.join(user.person_id, f"{place % COMPANIES:024x}")
        if place % 6 == 0:
            self._workspace.belongings.put_tag(user.person_id, self._tags[0], START)

    def _add(self, kind: str, place: int, **traits: object) -> Person:
        self._number += 1
        number = self._workspace.database.next("people")
        external = self._workspace.ids.uuid(number) if kind == "lead" else f"account-{place}"
        said_no = place % 8 == 0 and kind == "lead"
        person = Person(
            person_id=self._workspace.ids.object_id(START + number, number),
            kind=kind,  # type: ignore[arg-type]  # a lead or a user
            created_at=START + number,
            updated_at=START + number,
            external_id=external,
            unsubscribed_from_emails=said_no,
            **traits,  # type: ignore[arg-type]  # named as the fields are
        )
        self._workspace.people.add(person)
        return person
