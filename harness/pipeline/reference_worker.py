"""The reference worker: told by webhook of leads, it folds each into the user with the same e-mail.

What arrives is a reason to look, not the truth: a notification may come twice, late, out of order or never. So nothing
of it is believed but the id; what counts is what Intercom says now, and where nothing is left to do, nothing is done.
"""

from __future__ import annotations

from typing import Final

from harness.core.people import Lead, User
from harness.pipeline.intercom_body import IntercomBody, NotificationRead
from harness.pipeline.reference_job import ReferenceJob

TOPICS: Final = frozenset({
    "contact.lead.created", "contact.lead.added_email", "contact.lead.updated",
    "contact.created", "contact.added_email",
})  # fmt: skip
"""The notifications after which a lead may have an e-mail that a user has, in either dialect (facts §8)."""


class ReferenceWorker(ReferenceJob):
    """The reference pipeline, told by webhook as well."""

    def webhook(self, notification: NotificationRead) -> IntercomBody | None:
        """Take one notification; tells the user that somebody was folded into, if there was anything to do."""
        if notification.get("topic") not in TOPICS:
            return None
        now = self._find(notification["data"]["item"]["id"])
        if now is None or not now.get("email") or not _is_lead(now):
            return None
        email = str(now["email"])
        users = [one for one in self._with_email("user") if str(one["email"]).lower() == email.lower()]
        if len(users) != 1:
            return None
        return self.lead_to_user(Lead(now["id"], email=email), User(users[0]["id"], email=users[0]["email"]))


def _is_lead(contact: IntercomBody) -> bool:
    return str(contact.get("role") or {"contact": "lead"}.get(str(contact.get("type")))) == "lead"
