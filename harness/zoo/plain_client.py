"""What the further wrong pipelines share: the reference pipeline, made of the environment alone, and a search.

Each of those pipelines does one thing wrong; whatever else it does is done as the reference does it.
"""

from __future__ import annotations

import os
import time
from typing import Final

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.pipeline.reference_worker import ReferenceWorker

SHORT_PAUSE: Final = 0.02
"""Seconds that it waits before a further try where Intercom names no time; the reference waits up to 8."""


class PlainClient(ReferenceWorker):
    """The reference worker, opened as a customer's own code would open it."""

    version = "2.16"

    def __init__(self) -> None:
        super().__init__(
            requests.Session(),
            base_url=os.environ["INTERCOM_BASE_URL"],
            token=os.environ["INTERCOM_ACCESS_TOKEN"],
            version=self.version,
            wait=lambda seconds: time.sleep(seconds if self._limited else SHORT_PAUSE),
        )
        self._limited = False
        self._session.hooks["response"].append(self._note)

    def _note(self, answer: requests.Response, **_options: object) -> None:
        self._limited = answer.status_code == 429

    def contacts_where(self, field: str, operator: str, value: object) -> list[IntercomBody]:
        """Return the first page of contacts that a search finds."""
        query = {"field": field, "operator": operator, "value": value}
        return list(self._ask("POST", "/contacts/search", {"query": query})["data"])


class LooksItsTargetUp(PlainClient):
    """A pipeline that decides for itself who the user is, before it converts anybody into them."""

    def target(self, user: User) -> User:
        """Return the user that the conversion is to lead to."""
        return user

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert the visitor into the target that was looked up."""
        return super().visitor_to_user(visitor, self.target(user))

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Convert the lead into the target that was looked up."""
        return super().lead_to_user(lead, self.target(user))


class WorksOnAfterwards(PlainClient):
    """A pipeline that converts soundly, and then does something more to the contact that came of it."""

    def afterwards(self, contact: IntercomBody) -> None:
        """Do something more to the contact."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        contact = super()._convert(source, user)
        self.afterwards(contact)
        return contact
