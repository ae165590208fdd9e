"""Who else lives in a TEST app: people of nobody's run, whom a job that looks at everybody would find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from harness.core.json_values import Json, JsonObject
from harness.test_app.cleanup.cleaning import Asking

PAGE: Final = 150
PAGES_AT_MOST: Final = 500


def leads_to_fold(ask: Asking, own: Collection[str]) -> list[str]:
    """Ids of leads, none of them `own`, who have the e-mail of a user: whoever folds all such leads folds them too."""
    contacts = [contact for contact in contacts_of(ask) if contact.get("email")]
    users = {_email(contact) for contact in contacts if contact.get("role") == "user"}
    leads = (contact for contact in contacts if contact.get("role") == "lead" and contact.get("id") not in own)
    return [str(lead.get("id")) for lead in leads if _email(lead) in users]


def contacts_of(ask: Asking) -> Iterator[Mapping[str, Json]]:
    """The list of contacts, as far as it can be read."""
    query: JsonObject = {"per_page": PAGE}
    for _ in range(PAGES_AT_MOST):
        answer = ask("GET", f"/contacts?{urlencode(query)}")
        body = answer.json() if answer is not None and answer.status == 200 else None
        if not isinstance(body, Mapping):
            return
        yield from body.get("data") or []
        following = (body.get("pages") or {}).get("next")
        if not following:
            return
        query["starting_after"] = following["starting_after"]


def _email(contact: Mapping[str, Json]) -> str:
    return str(contact["email"]).lower()
