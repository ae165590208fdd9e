"""Wrong pipelines that convert rightly, and print what no log must hold."""

from __future__ import annotations

import os
import sys

from harness.core.people import Lead, User
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import LEAD_MERGE, NOTHING_PRINTED, TO_LEAD
from harness.zoo.sound_requests import Body, Sound

PRINT_IDS = "print ids only"


@bug("credentials printed", Kill(TO_LEAD, NOTHING_PRINTED, "a credential", PRINT_IDS))
class PrintsTheToken(Sound):
    """Prints each request with its headers, as it was left in from debugging."""

    def ask(self, method: str, path: str, body: Body | None = None) -> IntercomBody:
        """Print, then ask."""
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}"}
        print(method, path, headers)  # noqa: T201
        return super().ask(method, path, body)


@bug("e-mails printed", Kill(LEAD_MERGE, NOTHING_PRINTED, "the e-mail of a person", PRINT_IDS))
class LogsEmails(Sound):
    """Logs whom it merges by their e-mail."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge, and log."""
        print("merging", lead.id, "into", user.email, file=sys.stderr)  # noqa: T201
        return super().lead_to_user(lead, user)
