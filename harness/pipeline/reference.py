"""The reference pipeline: how a sound conversion is written, in either dialect of the API. Short enough to copy.

It looks at the answer's role and id rather than at the status alone (facts §11.5). It waits as long as Intercom says.
Where no answer came it asks again, which is safe for a conversion because the source goes with it; and where the source
is gone then, it looks where it went before it calls that a failure. It raises for everything else, and does not look
back afterwards: that is what the harness is for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from harness.persons import Lead, User, Visitor

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try, where Intercom does not say how long to wait."""


class ConversionRefused(Exception):
    """Intercom refused, or there was nothing sound to ask for. `open`: whether it was done all the same is unknown."""

    def __init__(self, message: str, *, status: int = 0, unanswered: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.open = unanswered


class ReferencePipeline:
    """Converts with `requests`, by the rules of the version it is told to send; `wait` is how it lets time pass."""

    def __init__(
        self,
        session: requests.Session,
        *,
        base_url: str,
        token: str,
        version: str,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}", "Intercom-Version": version, "Accept": "application/json"}
        self._old = version.startswith("1.")
        self._wait = wait

    # --- the conversions --------------------------------------------------------------------------

    def visitor_to_lead(self, visitor: Visitor) -> dict[str, Any]:
        """The visitor becomes a lead."""
        try:
            contact = self._ask("POST", "/visitors/convert", {"visitor": _by(visitor), "type": "lead"})
        except ConversionRefused as refusal:
            contact = self._done_before(refusal, visitor.id, None)
        return self._expect(contact, "lead")

    def visitor_to_user(self, visitor: Visitor, user: User) -> dict[str, Any]:
        """The visitor becomes this user, or is merged into them."""
        sent = {"visitor": _by(visitor), "user": self._identifier(user), "type": "user"}
        try:
            contact = self._ask("POST", "/visitors/convert", sent)
        except ConversionRefused as refusal:
            if heir := self._heir(refusal, user):
                return self.visitor_to_user(visitor, heir)
            contact = self._done_before(refusal, visitor.id, user)
        return self._expect(contact, "user", user)

    def lead_to_user(self, lead: Lead, user: User) -> dict[str, Any]:
        """The lead becomes this user, or is merged into them."""
        try:
            contact = self._ask(*self._lead_request(lead, user))
        except ConversionRefused as refusal:
            if heir := self._heir(refusal, user):
                return self.lead_to_user(lead, heir)
            contact = self._done_before(refusal, lead.id, user)
        return self._expect(contact, "user", user)

    def _lead_request(self, lead: Lead, user: User) -> tuple[str, str, Mapping[str, Any]]:
        if self._old:
            return "POST", "/contacts/convert", {"contact": {"id": lead.id}, "user": self._identifier(user)}
        if user.id is None:
            return "PUT", f"/contacts/{lead.id}", {"role": "user", **self._identifier(user, external="external_id")}
        # From 2.16 a merge needs a shared e-mail or phone, unless the caller vouches for it (facts §4).
        same = (lead.email and lead.email == user.email) or (lead.phone and lead.phone == user.phone)
        vouch = {} if same else {"skip_duplicate_validation": True}
        return "POST", "/contacts/merge", {"from": lead.id, "into": user.id, **vouch}

    # --- after a refusal --------------------------------------------------------------------------

    def _heir(self, refusal: ConversionRefused, user: User) -> User | None:
        """Who stands for this user now: they were merged into somebody, or somebody has their identifier already."""
        taken = re.search(r"^A contact .* id=(\w+)", str(refusal).partition(": ")[2])
        if refusal.status not in (404, 409, 410) or not (contact_id := user.id or (taken and taken[1])):
            return None
        found = self._find(contact_id)
        return User(id=found["id"]) if found is not None and found["id"] != user.id else None

    def _done_before(self, refusal: ConversionRefused, source_id: str, user: User | None) -> dict[str, Any]:
        """What a request did whose answer was lost, or somebody else's, if it was what is wanted now."""
        if refusal.status in (0, 404, 410):
            found = self._find(source_id)
            if found is None and refusal.open and user is not None and user.id is not None:
                found = self._find(user.id)
            if found is not None and _is_wanted(found, user):
                return found
        raise refusal

    def _find(self, contact_id: str) -> dict[str, Any] | None:
        """The contact with this id, or the one they were merged into (2.16 says which); `None` if nobody is there."""
        for path in ("/users/", "/contacts/") if self._old else ("/contacts/",):
            try:
                return self._ask("GET", path + contact_id)
            except ConversionRefused as refusal:
                if refusal.status != 404:
                    raise
        return None

    # --- asking -----------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request, tried again where Intercom asks for patience or does not answer."""
        unanswered, trouble = False, ""
        for pause in (*PAUSES, None):
            try:
                answer = self._session.request(
                    method, self._base_url + path, json=body, headers=self._headers, timeout=60
                )
                if answer.ok:
                    return dict(answer.json())
                trouble, wait = _told(answer), answer.headers.get("Retry-After")
                if answer.status_code == 410 and method == "GET" and "canonical" in answer.links:
                    return self._ask(method, answer.links["canonical"]["url"])
                if answer.status_code != 429 and answer.status_code < 500:
                    raise ConversionRefused(trouble, status=answer.status_code, unanswered=unanswered)
                unanswered |= answer.status_code >= 500
            except requests.RequestException as error:
                unanswered, trouble, wait = True, f"no answer: {error}", None
            if pause is not None:
                self._wait(float(wait or pause))
        raise ConversionRefused(trouble, unanswered=unanswered)

    def _identifier(self, user: User, external: str = "user_id") -> dict[str, str]:
        if user.id is not None:
            return {"id": user.id}
        if user.external_id:
            return {external: user.external_id}
        if user.email:
            return {"email": user.email}
        raise ConversionRefused("a user needs an id, an e-mail or an external id")

    def _expect(self, contact: Mapping[str, Any], role: str, user: User | None = None) -> dict[str, Any]:
        if _role(contact) != role:
            raise ConversionRefused(f"Intercom answered with a {_role(contact)} where a {role} was wanted")
        if user is not None and user.id is not None and contact.get("id") != user.id:
            raise ConversionRefused(f"Intercom answered with {contact.get('id')} where {user.id} was wanted")
        return dict(contact)


def _by(visitor: Visitor) -> dict[str, str]:
    return {visitor.known_by: visitor.id if visitor.known_by == "id" else visitor.user_id}


def _role(contact: Mapping[str, Any]) -> str:
    return str(contact.get("role") or {"contact": "lead"}.get(str(contact.get("type")), contact.get("type")))


def _is_wanted(contact: Mapping[str, Any], user: User | None) -> bool:
    """Whether this is the lead, or the user, that the conversion was meant to lead to."""
    if user is None:
        return _role(contact) == "lead"
    known = {"id": user.id, "email": user.email, "external_id": user.external_id}
    name, value = next(((name, value) for name, value in known.items() if value), ("id", None))
    shown = contact.get(name) or (contact.get("user_id") if name == "external_id" else None)
    return _role(contact) == "user" and shown is not None and shown == value


def _told(answer: requests.Response) -> str:
    errors = answer.json().get("errors") or [{}]
    return f"{answer.status_code} {errors[0].get('code')}: {errors[0].get('message')}"
