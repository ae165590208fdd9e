"""Pipelines that are sound as long as nothing goes wrong on the way, and the one they start from."""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody, NotificationRead
from harness.zoo.bug import ADVERSITY, Kill, bug, right
from harness.zoo.expected_claims import (
    BREAK,
    LATE_ERROR,
    LOST_ANSWER,
    MERGED_AWAY,
    OTHERS,
    RATE_LIMIT,
    SEARCH_LAGS,
    SERVER_FAILS,
    TOLD_AND_LOST,
    TOLD_EARLY,
    TOLD_TWICE,
    WORKED,
)
from harness.zoo.sound_requests import Body


@right("2.16", modules=ADVERSITY, only=(LOST_ANSWER, BREAK, SERVER_FAILS, RATE_LIMIT))
class Steady:
    """What they start from: sound, waits as told, asks again, and looks where the source went. Real time, real HTTP."""

    tries: ClassVar[int] = 4
    retries_errors: ClassVar[bool] = True
    retries_breaks: ClassVar[bool] = True
    pause: ClassVar[float] = 0.0

    def send(self, method: str, path: str, body: Body | None = None) -> requests.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {os.environ['INTERCOM_ACCESS_TOKEN']}", "Intercom-Version": "2.16"}
        url = os.environ["INTERCOM_BASE_URL"] + path
        return requests.request(method, url, json=body, headers=headers, timeout=5)

    def ask(self, method: str, path: str, body: Body | None = None) -> IntercomBody:
        """The answer of one request, asked for several times where it has to be."""
        for attempt in range(self.tries):
            last = attempt == self.tries - 1
            try:
                answer = self.send(method, path, body)
                if answer.status_code == 429 and not last:
                    self.sleep(float(answer.headers["Retry-After"]))
                    continue
                if answer.status_code >= 500 and self.retries_errors and not last:
                    continue
                answer.raise_for_status()
                found: IntercomBody = answer.json()
                return found
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, ValueError):
                if last or not self.retries_breaks:
                    raise
        raise RuntimeError("not reached")

    def sleep(self, seconds: float) -> None:
        """Wait as told."""
        time.sleep(seconds)

    def gone(self, error: requests.HTTPError, source_id: str, user: User) -> IntercomBody:
        """The source is gone: where to."""
        answer = self.send("GET", f"/contacts/{source_id}")
        if answer.status_code == 410:
            answer = self.send("GET", answer.links["canonical"]["url"])
        if answer.ok and answer.json()["role"] == "user" and answer.json()["email"] == user.email:
            found: IntercomBody = answer.json()
            return found
        raise error

    def visitor_to_lead(self, visitor: Visitor) -> IntercomBody:
        """Convert."""
        return self.ask("POST", "/visitors/convert", {"visitor": {"user_id": visitor.user_id}, "type": "lead"})

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert or merge."""
        known = {"id": user.id} if user.id else {"email": user.email}
        sent = {"visitor": {"user_id": visitor.user_id}, "user": known, "type": "user"}
        return self.ask("POST", "/visitors/convert", sent)

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Change the role, or merge."""
        try:
            if user.id is None:
                return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "email": user.email})
            sent = {"from": lead.id, "into": user.id, "skip_duplicate_validation": True}
            return self.ask("POST", "/contacts/merge", sent)
        except requests.HTTPError as error:
            return self.gone(error, lead.id, user)


@bug(
    "lost answer reported as failure",
    Kill(LOST_ANSWER, WORKED, likely="an answer was lost, the work was done"),
)
class ReportsALostAnswerAsFailure(Steady):
    """Asks again after a lost answer, hears that the lead is gone, and calls that a failure."""

    def gone(self, error: requests.HTTPError, source_id: str, user: User) -> IntercomBody:
        """Give up."""
        raise error


@bug(
    "no second try",
    Kill(BREAK, WORKED, likely="look, then ask again"),
)
class GivesUpAtTheFirstBreak(Steady):
    """Never asks a second time."""

    retries_breaks = False
    retries_errors = False


@bug(
    "429 ignored",
    Kill(RATE_LIMIT, WORKED, likely="it gave up at a rate limit"),
)
class IgnoresTheRateLimit(Steady):
    """Asks again at once, however long Intercom says to wait."""

    def sleep(self, seconds: float) -> None:
        """Do not wait."""


@bug(
    "retry after a lost answer doubles",
    Kill(LOST_ANSWER, OTHERS, likely="it converted, and then created"),
)
class CreatesWhereNobodyIsFound(Steady):
    """Takes a source that is gone for one that never was, and makes a new user."""

    def gone(self, error: requests.HTTPError, source_id: str, user: User) -> IntercomBody:
        """Make one."""
        return self.ask("POST", "/contacts", {"role": "user", "external_id": f"again-{source_id}"})


@bug(
    "5xx taken as success",
    Kill(SERVER_FAILS, "is gone by id", likely="was answered 503"),
)
class TakesAnErrorForDone(Steady):
    """Logs a server error and goes on as if the work were done."""

    def ask(self, method: str, path: str, body: Body | None = None) -> Any:
        """Ask once and never complain."""
        answer = self.send(method, path, body)
        return None if answer.status_code >= 500 else super().ask(method, path, body)


@bug(
    "search believed before it is current",
    Kill(SEARCH_LAGS, "is gone by id", likely="a search lags behind"),
)
class SearchesBeforeItMerges(Steady):
    """Believes the search: whom it does not show does not exist."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Search by e-mail; merge if somebody is found, else make them a user without e-mail."""
        query = {"query": {"field": "email", "operator": "=", "value": user.email}}
        found = [one for one in self.ask("POST", "/contacts/search", query)["data"] if one["role"] == "user"]
        if found:
            sent = {"from": lead.id, "into": found[0]["id"], "skip_duplicate_validation": True}
            return self.ask("POST", "/contacts/merge", sent)
        return self.ask("PUT", f"/contacts/{lead.id}", {"role": "user", "external_id": f"new-{lead.id}", "email": None})


@bug(
    "target merged away in between",
    Kill(MERGED_AWAY, WORKED, likely="404 not_found: User Not Found"),
)
class InsistsOnTheOldId(Steady):
    """Does not look whether the user it holds was merged into somebody else."""


@bug(
    "webhook handled twice",
    Kill(TOLD_TWICE, OTHERS, likely="the pipeline created a new contact"),
)
class TakesEachNotificationForNew(Steady):
    """Makes a user of whatever a webhook tells, each time it is told."""

    def webhook(self, notification: NotificationRead) -> IntercomBody:
        """Make one."""
        item = notification["data"]["item"]
        number = self.told = getattr(self, "told", 0) + 1
        return self.ask("POST", "/contacts", {"role": "user", "external_id": f"{item['id']}-{number}"})


@bug(
    "webhook believed without a look",
    Kill(TOLD_AND_LOST, WORKED, likely="an answer was lost, the work was done"),
)
class BelievesTheNotification(Steady):
    """Merges whom the notification names, without a look at what has become of them since."""

    def webhook(self, notification: NotificationRead) -> IntercomBody:
        """Merge into the user with the same e-mail, and fail if the lead is gone already."""
        item = notification["data"]["item"]
        query = {"query": {"field": "email", "operator": "=", "value": item["email"]}}
        user = next(one for one in self.ask("POST", "/contacts/search", query)["data"] if one["role"] == "user")
        sent = {"from": item["id"], "into": user["id"], "skip_duplicate_validation": True}
        return self.ask("POST", "/contacts/merge", sent)


@bug("5xx retried on a create", Kill(LATE_ERROR, OTHERS, "one too many: user", "the pipeline created a new contact"))
class RetriesTheCreate(Steady):
    """After an error it makes the user once more under another number: the one who was made stays."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Merge; where that ends in an error, create."""
        answer = self.send("POST", "/contacts/merge", {"from": lead.id, "into": user.id})
        if answer.status_code >= 500:
            return self.ask("POST", "/contacts", {"role": "user", "external_id": f"retry-{lead.id}"})
        found: IntercomBody = answer.json()
        return found


@bug("own doing taken for news", Kill(TOLD_EARLY, OTHERS, likely="it converted, and then created"))
class ActsOnItsOwnEcho(BelievesTheNotification):
    """Hears of its own merge before it has the answer to it, and makes the person known once more."""

    def webhook(self, notification: NotificationRead) -> IntercomBody:
        """Fold leads in; whoever was merged elsewhere, as it thinks, gets a user of its own."""
        if notification["topic"] == "contact.merged":
            known = f"elsewhere-{notification['data']['item']['id']}"
            return self.ask("POST", "/contacts", {"role": "user", "external_id": known})
        return super().webhook(notification)
