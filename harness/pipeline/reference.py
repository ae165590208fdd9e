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

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody

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

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """The visitor becomes a lead."""
        return self._convert(visitor, None)

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """The visitor becomes this user, or is merged into them."""
        return self._convert(visitor, user)

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """The lead becomes this user, or is merged into them."""
        return self._convert(lead, user)

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        request = self._conversion(source, user)
        try:
            contact = self._ask(*request)
        except ConversionRefused as refusal:
            if merged_into_id := self._heir(refusal, user):
                return self._convert(source, merged_into_id)
            contact = self._done_before(refusal, source.id, user)
        wanted = "user" if user else "lead"
        if _role(contact) != wanted or (user and user.id not in (None, contact.get("id"))):
            whom = f"the {wanted} {user.id}" if user and user.id else f"a {wanted}"
            raise ConversionRefused(f"Intercom answered with a {_role(contact)} {contact.get('id')}, not with {whom}")
        return contact

    def _conversion(self, source: Visitor | Lead, user: User | None) -> tuple[str, str, Mapping[str, object]]:
        """The request that converts: method, path and body."""
        if isinstance(source, Visitor):
            visitor = {source.known_by: source.id if source.known_by == "id" else source.user_id}
            whom = {"user": _named(user), "type": "user"} if user else {"type": "lead"}
            return "POST", "/visitors/convert", {"visitor": visitor, **whom}
        assert user is not None
        if self._old:
            return "POST", "/contacts/convert", {"contact": {"id": source.id}, "user": _named(user)}
        if user.id is None:
            return "PUT", f"/contacts/{source.id}", {"role": "user", **dict([_known_by(user)])}
        # From 2.16 a merge needs a shared e-mail or phone, unless the caller vouches for it (facts §4).
        same = (source.email and source.email == user.email) or (source.phone and source.phone == user.phone)
        vouch = {} if same else {"skip_duplicate_validation": True}
        return "POST", "/contacts/merge", {"from": source.id, "into": user.id, **vouch}

    # --- after a refusal --------------------------------------------------------------------------

    def _heir(self, refusal: ConversionRefused, user: User | None) -> User | None:
        """Who stands for this user now: they were merged into somebody, or somebody has their identifier already."""
        if user is None or refusal.status not in (404, 409, 410):
            return None
        taken = re.search(r": A contact .* id=(\w+)", str(refusal))
        contact_id = user.id or (taken[1] if taken else None)
        if contact_id is None:
            return None
        found = self._find(contact_id)
        return User(id=found["id"]) if found is not None and found["id"] != user.id else None

    def _done_before(self, refusal: ConversionRefused, source_id: str, user: User | None) -> IntercomBody:
        """What a request did whose answer was lost, or somebody else's, if it was what is wanted now."""
        if refusal.status in (0, 404, 410):
            found = self._find(source_id)
            if found is None and refusal.open and user is not None and user.id is not None:
                found = self._find(user.id)
            if found is not None and _is_wanted(found, user):
                return found
        raise refusal

    def _find(self, contact_id: str) -> IntercomBody | None:
        """The contact with this id, or the one they were merged into (2.16 says which); `None` if nobody is there."""
        for path in ("/users/", "/contacts/") if self._old else ("/contacts/",):
            try:
                return self._ask("GET", path + contact_id)
            except ConversionRefused as refusal:
                if refusal.status != 404:
                    raise
        return None

    # --- asking -----------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> IntercomBody:
        """One request, tried again where Intercom asks for patience or does not answer."""
        unanswered, trouble = False, ""
        for pause in (*PAUSES, None):
            try:
                answer = self._session.request(
                    method, self._base_url + path, json=body, headers=self._headers, timeout=60
                )
                if answer.ok:
                    contact: IntercomBody = answer.json()
                    return contact
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


def _known_by(user: User) -> tuple[str, str]:
    """What tells this user from others: an id, an external id or an e-mail, with its name."""
    for name in ("id", "external_id", "email"):
        if value := getattr(user, name):
            return name, value
    raise ConversionRefused("a user needs an id, an e-mail or an external id")


def _named(user: User) -> dict[str, str]:
    """The same where Intercom still says `user_id`."""
    name, value = _known_by(user)
    return {"user_id" if name == "external_id" else name: value}


def _role(contact: IntercomBody) -> str:
    return str(contact.get("role") or {"contact": "lead"}.get(str(contact.get("type")), contact.get("type")))


def _is_wanted(contact: IntercomBody, user: User | None) -> bool:
    """Whether this is the lead, or the user, that the conversion was meant to lead to."""
    if user is None:
        return _role(contact) == "lead"
    name, value = _known_by(user)
    shown = contact.get(name) or (contact.get("user_id") if name == "external_id" else None)
    return _role(contact) == "user" and shown == value


def _told(answer: requests.Response) -> str:
    errors = answer.json().get("errors") or [{}]
    return f"{answer.status_code} {errors[0].get('code')}: {errors[0].get('message')}"
