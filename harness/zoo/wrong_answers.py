"""Wrong pipelines that do not look at what they are answered, or answer wrongly themselves."""

from __future__ import annotations

import time
from typing import Any

import requests

from harness.core.people import User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.zoo.bug import Kill, bug
from harness.zoo.expected_claims import IN_BETWEEN, NOBODY, SAID_NO, TO_LEAD, UNKNOWN_VISITOR, VISITOR_NEW, WORKED
from harness.zoo.sound_requests import Body, Sound


@bug(
    "200 with an unconverted visitor",
    Kill(VISITOR_NEW, "the visitor", "it is still there", "answered 200 with the visitor, unconverted"),
)
class TrustsTheStatus(Sound):
    """Spells `user` wrong; until 2.10 Intercom answers 200 with the unconverted visitor (facts §11.5)."""

    version = "2.10"

    def visitor_to_user(self, visitor: Visitor, user: User) -> Any:
        """Convert, and look at the status only."""
        sent = {"visitor": {"user_id": visitor.user_id}, "contact": self.identify(user), "type": "user"}
        self.ask("POST", "/visitors/convert", sent)


@bug(
    "role not checked",
    Kill(VISITOR_NEW, WORKED, "it handed back a visitor", "a 200 alone proves nothing"),
)
class TrustsTheStatusAndTellsAll(TrustsTheStatus):
    """The same, and hands Intercom's answer back without looking at it."""

    returns = "contact"

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert, and pass the answer on."""
        sent = {"visitor": {"user_id": visitor.user_id}, "contact": self.identify(user), "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)


@bug(
    "refusals swallowed",
    Kill(UNKNOWN_VISITOR, SAID_NO, "it ended as if all were well", "look at the answer's status, and fail"),
)
class SwallowsErrors(Sound):
    """Logs what goes wrong and carries on."""

    def ask(self, method: str, path: str, body: Body | None = None) -> Any:
        """One request whose failure is nobody's business."""
        try:
            return super().ask(method, path, body)
        except requests.RequestException:
            return None


@bug(
    "404 taken as success",
    Kill(IN_BETWEEN, SAID_NO, "it ended as if all were well", "look at the answer's status"),
)
class TakesNotFoundForDone(Sound):
    """A 404 means that somebody else has converted them already."""

    def ask(self, method: str, path: str, body: Body | None = None) -> Any:
        """One request; 404 is fine."""
        try:
            return super().ask(method, path, body)
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise


@bug(
    "crash",
    Kill(TO_LEAD, WORKED, "it raised KeyError: 'visitor_uuid'", "it failed before it asked Intercom anything"),
)
class Crashes(Sound):
    """Has a bug before the first request."""

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Crash."""
        raise KeyError("visitor_uuid")


@bug(
    "mistake that passes for a refusal",
    Kill(NOBODY, SAID_NO, "it raised IndexError: list index out of range", "say no in its own words"),
)
class FallsOverNobody(Sound):
    """Takes the first identifier of a user, whether or not there is any."""

    def identify(self, user: User) -> dict[str, str]:
        """The first that is there."""
        named = {"id": user.id, "user_id": user.external_id, "email": user.email}
        return [{key: value} for key, value in named.items() if value][0]  # noqa: RUF015  # as such code is written


@bug(
    "hang",
    Kill(TO_LEAD, WORKED, "it did not come back within 0.2 s", "it failed before it asked Intercom anything"),
    Kill(UNKNOWN_VISITOR, SAID_NO, "it did not come back within 0.2 s", "it failed before it asked Intercom anything"),
)
class Hangs(Sound):
    """Waits for something that never comes."""

    time_limit = 0.2

    def visitor_to_lead(self, visitor: Visitor) -> Any:
        """Hang."""
        time.sleep(5)
