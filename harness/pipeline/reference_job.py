"""The reference job: finds its people itself, and folds each lead who has the e-mail of a user into that user.

It reads to the last page before it converts anybody, compares e-mails without regard to case, goes on where one
conversion is refused, and says so in the end. Started again, it does what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from harness.core.people import Lead, User
from harness.pipeline.intercom_body import IntercomBody
from harness.pipeline.reference import ConversionRefused, ReferencePipeline

PAGE = 150


class ReferenceJob(ReferencePipeline):
    """The reference pipeline with `run()` beside its conversions."""

    def run(self) -> dict[str, int]:
        """Fold the leads into the users they turn out to be; tells how many, raises if any was refused."""
        users = {body["email"].lower(): User(body["id"], body["email"]) for body in self._with_email("user")}
        refused: list[ConversionRefused] = []
        merged = 0
        for body in list(self._with_email("lead")):
            user = users.get(body["email"].lower())
            if user is None:
                continue
            try:
                self.lead_to_user(Lead(body["id"], email=body["email"]), user)
                merged += 1
            except ConversionRefused as refusal:
                refused.append(refusal)
        if refused:
            raise ConversionRefused(f"{len(refused)} of {merged + len(refused)} refused, the first: {refused[0]}")
        return {"merged": merged}

    def _with_email(self, role: str) -> Iterator[IntercomBody]:
        found = self._scroll(role) if self._old else self._search(role)
        return (body for body in found if body.get("email"))

    def _search(self, role: str) -> Iterator[IntercomBody]:
        query = {"field": "role", "operator": "=", "value": role}
        pages: dict[str, object] = {"per_page": PAGE}
        while True:
            answer = self._ask("POST", "/contacts/search", {"query": query, "pagination": pages})
            yield from answer["data"]
            following = answer["pages"].get("next")
            if not following:
                return
            pages = {"per_page": PAGE, "starting_after": following["starting_after"]}

    def _scroll(self, role: str) -> Iterator[IntercomBody]:
        name: Literal["users", "contacts"] = "users" if role == "user" else "contacts"
        answer = self._ask("GET", f"/{name}/scroll")
        while answer[name]:
            yield from answer[name]
            answer = self._ask("GET", f"/{name}/scroll?scroll_param={answer['scroll_param']}")
