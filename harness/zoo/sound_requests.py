"""What the pipelines of the zoo start from: sound calls in both dialects, and errors raised."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import right

TIMEOUT = 10

Body: TypeAlias = Mapping[str, object]
"""The body of a request."""


@right(*(f"2.{minor}" for minor in range(18)))
class Sound:
    """What the wrong ones start from: sound calls in 2.16, errors raised."""

    version: ClassVar[str] = "2.16"

    def ask(self, method: str, path: str, body: Body | None = None) -> IntercomBody:
        """One request to the workspace that the environment names."""
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}"}
        if self.version:
            headers["Intercom-Version"] = self.version
        url = os.environ["INTERCOM_BASE_URL"] + path
        answer = requests.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
        answer.raise_for_status()
        found: IntercomBody = answer.json() if answer.content else {}
        return found

    def identify(self, user: User) -> dict[str, str]:
        """How the user is named in a conversion."""
        named = {"id": user.id, "user_id": user.external_id, "email": user.email}
        key = next((key for key, value in named.items() if value), None)
        if key is None:
            raise ValueError("nobody to convert into")
        return {key: str(named[key])}

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert."""
        return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert or merge."""
        sent = {"visitor": {"user_id": visitor.user_id}, "user": self.identify(user), "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Change the role, or merge."""
        if user.id:
            return self.ask("POST", "/contacts/merge", self.merge(lead, user))
        identity = {key: value for key, value in (("email", user.email), ("external_id", user.external_id)) if value}
        if not identity:
            raise ValueError("nobody to convert into")
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", **identity})

    def merge(self, lead: Lead, user: User) -> dict[str, object]:
        """The body of a merge."""
        return {"from": lead.id, "into": user.id, "skip_duplicate_validation": True}


@right(*(f"1.{minor}" for minor in range(5)))
class Sound1x(Sound):
    """Sound calls in the old dialect."""

    version = "1.4"

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Convert or merge."""
        return self.ask("POST", "/contacts/convert", {"contact": {"id": lead.id}, "user": self.identify(user)})
