"""What the Messenger is answered: the application, the person on the page, their conversations (facts §9).

The keys of a ping's answer are those seen in recordings; what the page's cookie is to hold stands in
`user.anonymous_session`.
"""

from __future__ import annotations

from harness.sandbox.messenger import proofs
from harness.sandbox.rules.person import Person
from harness.sandbox.serializers import shared_fields
from harness.sandbox.store.belongings import Conversation
from harness.sandbox.store.ids import avatar_of
from harness.sandbox.workspace.workspace import Workspace


def ping(workspace: Workspace, person: Person, *, new_session: bool) -> dict[str, object]:
    """The answer to a ping."""
    return {
        "app": app(workspace),
        "user": user(workspace, person, new_session=new_session),
        "launcher_settings": launcher(),
        "modules": {"messenger": {"enabled": True}},
    }


def app(workspace: Workspace) -> dict[str, object]:
    """The workspace as its Messenger knows it."""
    return {
        "id": workspace.app_id,
        "name": workspace.name,
        "developer_workspace": False,
        "identity_verification": workspace.preferences.identity_verification,
        "region": workspace.preferences.region,
    }


def launcher() -> dict[str, object]:
    """How the launcher looks: as it always does."""
    return {"is_enabled": True, "alignment": "right"}


def user(workspace: Workspace, person: Person, *, new_session: bool) -> dict[str, object]:
    """The person on the page."""
    now = workspace.now()
    secret = workspace.preferences.client_secret
    return {
        "id": person.person_id,
        "role": person.kind,
        "anonymous_id": person.external_id if person.kind != "user" else None,
        "user_id": person.external_id if person.kind == "user" else None,
        "email": person.email,
        "name": shared_fields.escaped(person.name),
        "pseudonym": person.pseudonym,
        "avatar": person.avatar
        or (avatar_of(person.pseudonym) if person.pseudonym and person.kind != "user" else None),
        "locale": "en",
        "country_code": person.location.get("country_code"),
        "has_conversations": bool(workspace.belongings.conversations_of(person.person_id)),
        "new_session": new_session,
        "anonymous_session": proofs.sign(secret, proofs.Session(person.person_id, now, person.kind == "user")),
    }


def conversation(workspace: Workspace, found: Conversation) -> dict[str, object]:
    """A conversation as the person on the page sees it: notes of teammates are not theirs to read."""
    said = [_part(found.message_id, found.person_id, found.body, found.created_at)]
    parts = [part for part in found.parts if part.part_type != "note" and part.body]
    said += [_part(part.part_id, part.person_id, part.body or "", part.created_at) for part in parts]
    return {
        "id": found.conversation_id,
        "created_at": found.created_at,
        "state": found.at(workspace.now()).state,
        "parts": said,
    }


def _part(part_id: str, person_id: str | None, body: str, created_at: int) -> dict[str, object]:
    author = {"type": "user", "id": person_id} if person_id else {"type": "admin", "id": None}
    return {"id": part_id, "author": author, "body": body, "created_at": created_at}
