"""Everybody of a workspace at once, for people to look at: who is there with what they have, what became of the rest.

No API of Intercom's shows this; the dashboard does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.sandbox.people import Kind, Person

if TYPE_CHECKING:
    from harness.sandbox.workspace import Workspace

MOST = 200
"""How many of each kind are shown, the newest first."""

KINDS: tuple[Kind, ...] = ("visitor", "lead", "user")


def population(workspace: Workspace) -> dict[str, Any]:
    """The newest of each kind, how many there are, and the newest of those who are gone or became something else."""
    return {
        "type": "population",
        "app_id": workspace.app_id,
        "counts": {kind: workspace.people.count(kind) for kind in KINDS},
        "people": [shown(workspace, person) for kind in KINDS for _, person in workspace.people.page((kind,), MOST)],
        "became": [
            {
                "id": t.person_id,
                "kind": t.kind,
                "external_id": t.external_id,
                "reason": t.reason,
                "into": t.into_id,
                "at": t.at,
            }
            for t in workspace.people.departed(MOST)
        ],
    }


def shown(workspace: Workspace, person: Person) -> dict[str, Any]:
    """A person with what hangs on them; what is empty is left out."""
    belongings = workspace.belongings
    found = {
        "id": person.person_id,
        "kind": person.kind,
        "external_id": person.external_id,
        "email": person.email,
        "name": person.name,
        "pseudonym": person.pseudonym,
        "phone": person.phone,
        "created_at": person.created_at,
        "signed_up_at": person.signed_up_at,
        "last_seen_at": person.last_seen_at,
        "referrer": person.referrer,
        **{f"custom_attributes.{name}": value for name, value in person.custom_attributes.items()},
        "unsubscribed_from_emails": person.unsubscribed_from_emails,
        "tags": [tag.name for tag in belongings.tags_of(person.person_id)],
        "notes": [note.body for note in belongings.notes_of(person.person_id)],
        "companies": [company.name for company in belongings.companies_of(person.person_id)],
        "conversations": [one.body for one in belongings.conversations_of(person.person_id)],
        "events": [event.name for event in belongings.events_of(person.person_id)],
    }
    return {name: value for name, value in found.items() if value not in (None, "", [], False)}
