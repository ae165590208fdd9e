"""The reference pipeline: how a sound conversion is written, in either dialect of the API. Short enough to copy.

It says what it wants, looks at the answer's role and id rather than at the status alone (facts §11.5), and raises for
everything else. It does not look back afterwards: that is what the harness is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from harness.persons import Lead, User, Visitor


class ConversionRefused(Exception):
    """Intercom refused, or there was nothing sound to ask for; nobody was converted."""


class ReferencePipeline:
    """Converts with `requests`, by the rules of the version it is told to send."""

    def __init__(self, session: requests.Session, *, base_url: str, token: str, version: str) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}", "Intercom-Version": version, "Accept": "application/json"}
        self._old = version.startswith("1.")

    def visitor_to_lead(self, visitor: Visitor) -> dict[str, Any]:
        """The visitor becomes a lead."""
        contact = self._post("/visitors/convert", {"visitor": _by(visitor), "type": "lead"})
        return self._expect(contact, "lead")

    def visitor_to_user(self, visitor: Visitor, user: User) -> dict[str, Any]:
        """The visitor becomes this user, or is merged into them."""
        sent = {"visitor": _by(visitor), "user": self._identifier(user), "type": "user"}
        return self._expect(self._post("/visitors/convert", sent), "user", user)

    def lead_to_user(self, lead: Lead, user: User) -> dict[str, Any]:
        """The lead becomes this user, or is merged into them."""
        if self._old:
            sent = {"contact": {"id": lead.id}, "user": self._identifier(user)}
            contact = self._post("/contacts/convert", sent)
        elif user.id is None:
            contact = self._put(
                f"/contacts/{lead.id}", {"role": "user", **self._identifier(user, external="external_id")}
            )
        else:
            # From 2.16 a merge needs a shared e-mail or phone, unless the caller vouches for it (facts §4).
            same = (lead.email and lead.email == user.email) or (lead.phone and lead.phone == user.phone)
            vouch = {} if same else {"skip_duplicate_validation": True}
            contact = self._post("/contacts/merge", {"from": lead.id, "into": user.id, **vouch})
        return self._expect(contact, "user", user)

    def _identifier(self, user: User, external: str = "user_id") -> dict[str, str]:
        if user.id is not None:
            return {"id": user.id}
        if user.external_id:
            return {external: user.external_id}
        if user.email:
            return {"email": user.email}
        raise ConversionRefused("a user needs an id, an e-mail or an external id")

    def _expect(self, contact: Mapping[str, Any], role: str, user: User | None = None) -> dict[str, Any]:
        shown = contact.get("role") or {"contact": "lead"}.get(str(contact.get("type")), contact.get("type"))
        if shown != role:
            raise ConversionRefused(f"Intercom answered with a {shown} where a {role} was wanted")
        if user is not None and user.id is not None and contact.get("id") != user.id:
            raise ConversionRefused(f"Intercom answered with {contact.get('id')} where {user.id} was wanted")
        return dict(contact)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", path, body)

    def _put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._session.request(method, self._base_url + path, json=body, headers=self._headers, timeout=60)
        if not answer.ok:
            errors = answer.json().get("errors") or [{}]
            raise ConversionRefused(f"{answer.status_code} {errors[0].get('code')}: {errors[0].get('message')}")
        return dict(answer.json())


def _by(visitor: Visitor) -> dict[str, str]:
    return {visitor.known_by: visitor.id if visitor.known_by == "id" else visitor.user_id}
