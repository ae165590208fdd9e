"""Wrong jobs and workers: right about each conversion, wrong about whom they find, remember or are told of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from harness.core.people import Lead, User
from harness.pipeline.intercom_body import IntercomBody, NotificationRead
from harness.zoo.plain_client import PlainClient


class StopsAtAPageWithoutAMatch(PlainClient):
    """It reads the leads page by page, and ends at the first page on which nobody has the e-mail of a user."""

    def run(self) -> dict[str, int]:
        users = {body["email"].lower(): User(body["id"], body["email"]) for body in self._with_email("user")}
        leads = list(self._search("lead"))
        merged = 0
        for start in range(0, len(leads), 50):
            page = [one for one in leads[start : start + 50] if (one.get("email") or "").lower() in users]
            if not page:
                break
            for one in page:
                self.lead_to_user(Lead(one["id"], email=one["email"]), users[one["email"].lower()])
                merged += 1
        return {"merged": merged}


class RemembersAWatermark(PlainClient):
    """Its second run looks only at leads made after the newest of the first, not at those who got an e-mail since."""

    def __init__(self) -> None:
        super().__init__()
        self._newest = 0

    def _with_email(self, role: str) -> Iterator[IntercomBody]:
        found = list(self._search(role))
        if role == "lead":
            fresh = [one for one in found if int(one["created_at"]) > self._newest]
            self._newest = max([self._newest, *(int(one["created_at"]) for one in found)])
            found = fresh
        return (body for body in found if body.get("email"))


class ResumesFromAnOldCursor(PlainClient):
    """It keeps the cursor of its last page for the next run, which begins there and not with the first page."""

    def __init__(self) -> None:
        super().__init__()
        self._cursors: dict[str, str] = {}

    def _search(self, role: str) -> Iterator[IntercomBody]:
        query = {"field": "role", "operator": "=", "value": role}
        while True:
            pages: dict[str, object] = {"per_page": 50}
            if role in self._cursors:
                pages["starting_after"] = self._cursors[role]
            answer = self._ask("POST", "/contacts/search", {"query": query, "pagination": pages})
            yield from answer["data"]
            following = answer["pages"].get("next")
            if not following:
                return
            self._cursors[role] = following["starting_after"]


class PairsByPosition(PlainClient):
    """It sorts leads and users by e-mail and takes them in pairs: one lead too many shifts everybody behind."""

    def run(self) -> dict[str, int]:
        users = sorted(self._with_email("user"), key=lambda one: str(one["email"]).lower())
        wanted = {str(one["email"]).lower() for one in users}
        leads = [one for one in self._with_email("lead") if str(one["email"]).lower() in wanted]
        leads.sort(key=lambda one: str(one["email"]).lower())
        matched = [one for one in users if str(one["email"]).lower() in {str(it["email"]).lower() for it in leads}]
        for lead, user in zip(leads, matched, strict=False):
            self.lead_to_user(Lead(lead["id"], email=lead["email"]), User(user["id"], user["email"]))
        return {"merged": len(leads)}


class BisectsWithoutLooking(PlainClient):
    """It finds the user by bisection and does not look whether the one it came to has that e-mail at all."""

    def run(self) -> dict[str, int]:
        users = sorted(self._with_email("user"), key=lambda one: str(one["email"]).lower())
        keys = [str(one["email"]).lower() for one in users]
        leads = list(self._with_email("lead"))
        for lead in leads:
            place = min(bisect_left(keys, str(lead["email"]).lower()), len(users) - 1)
            self.lead_to_user(Lead(lead["id"], email=lead["email"]), User(users[place]["id"], users[place]["email"]))
        return {"merged": len(leads)}


class OneDictionaryForEverybody(PlainClient):
    """It keeps leads and users in one dictionary by e-mail, so that a newer lead takes the place of the user."""

    def run(self) -> dict[str, int]:
        everybody = [*self._with_email("user"), *self._with_email("lead")]
        everybody.sort(key=lambda one: int(one["created_at"]))
        by_email = {str(one["email"]).lower(): one for one in everybody}
        merged = 0
        for lead in (one for one in everybody if one["role"] == "lead"):
            target = by_email[str(lead["email"]).lower()]
            if target["role"] == "user":
                self.lead_to_user(Lead(lead["id"], email=lead["email"]), User(target["id"], target["email"]))
                merged += 1
        return {"merged": merged}


class SeesEachLeadOnce(PlainClient):
    """It takes each lead's first notification only, so the lead who gets an e-mail later is never looked at again."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def webhook(self, notification: NotificationRead) -> IntercomBody | None:
        contact_id = str(notification["data"]["item"].get("id"))
        if contact_id in self._seen:
            return None
        self._seen.add(contact_id)
        return super().webhook(notification)


class ReadsWebhookTimesAsNumbers(PlainClient):
    """It compares the times of a notification as numbers of seconds; there they are ISO dates."""

    def webhook(self, notification: NotificationRead) -> IntercomBody | None:
        item = notification["data"]["item"]
        if int(item.get("updated_at") or 0) < int(item.get("created_at") or 0):
            return None
        return super().webhook(notification)


class TakesANotificationForATick(PlainClient):
    """On any notification it takes the newest lead that there is, instead of the one it was told of."""

    def webhook(self, notification: NotificationRead) -> IntercomBody | None:
        leads = sorted(self._search("lead"), key=lambda one: int(one["created_at"]))
        if not leads:
            return None
        item: IntercomBody = {**notification["data"]["item"], "id": leads[-1]["id"]}
        return super().webhook({**notification, "data": {**notification["data"], "item": item}})
