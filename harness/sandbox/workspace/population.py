"""Everybody of a workspace at once, for people to look at: who is there with what they have, what became of the rest.

No API of Intercom's shows this; the dashboard does.
"""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from harness.sandbox.rules.person import Kind
from harness.sandbox.store import former_people
from harness.sandbox.store.former_people import FormerPerson
from harness.sandbox.workspace.workspace import Workspace

MOST = 200
"""How many of each kind are shown, the newest first."""

FoundPerson: TypeAlias = dict[str, object] | None

KINDS: tuple[Kind, ...] = ("visitor", "lead", "user")


class Population(TypedDict, total=False):
    """Everybody of a workspace; only the first two keys where nothing was changed since the last look."""

    type: str
    changes: int
    app_id: str
    counts: dict[str, int]
    people: list[dict[str, object]]
    became: list[dict[str, object]]


def population(workspace: Workspace) -> Population:
    """The newest of each kind, how many there are, and the newest of those who are gone or became something else."""
    database = workspace.database
    people = [person for kind in KINDS for _, person in workspace.people.page((kind,), MOST)]
    return {
        "type": "population",
        "app_id": workspace.app_id,
        "changes": database.changes,
        "counts": {kind: workspace.people.count(kind) for kind in KINDS},
        "people": [shown(workspace, former_people.of(database, person)) for person in people],
        "became": became(workspace),
    }


def became(workspace: Workspace) -> list[dict[str, object]]:
    """What became of whom, the latest first, with source and target before and the target after, where still kept.

    After is what they are now, or what they were before their own next conversion.
    """
    kept = former_people.kept(workspace.database)
    later: dict[str, FoundPerson] = {}
    rows = []
    for number, grave in workspace.people.departed(MOST):
        source, target = kept.get(number, (None, None))
        before = shown(workspace, source) if source else None
        target_before = shown(workspace, target) if target else None
        after = _after(workspace, grave.into_id, later) if before and grave.into_id else None
        later[grave.person_id] = before
        if grave.into_id and target_before:
            later[grave.into_id] = target_before
        rows.append(
            {
                "number": number,
                "id": grave.person_id,
                "kind": grave.kind,
                "external_id": grave.external_id,
                "reason": grave.reason,
                "into": grave.into_id,
                "at": grave.at,
                "before": before,
                "target_before": target_before,
                "after": after,
            }
        )
    return rows


def _after(workspace: Workspace, person_id: str, later: dict[str, FoundPerson]) -> FoundPerson:
    if person_id not in later:
        person = workspace.people.get(person_id)
        later[person_id] = shown(workspace, former_people.of(workspace.database, person)) if person else None
    return later[person_id]


def shown(workspace: Workspace, portrait: FormerPerson) -> dict[str, object]:
    """A person with what hangs on them; what is empty is left out."""
    person, had = portrait.person, portrait.belongings
    said = [workspace.belongings.conversation(conversation_id) for conversation_id in had["conversations"]]
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
        "utm_campaign": person.utm_campaign,
        "utm_source": person.utm_source,
        **{f"custom_attributes.{name}": value for name, value in person.custom_attributes.items()},
        "unsubscribed_from_emails": person.unsubscribed_from_emails,
        **had,
        "conversations": [one.body if one else "(deleted)" for one in said],
    }
    return {name: value for name, value in found.items() if value not in (None, "", [], False)}
