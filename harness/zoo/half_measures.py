"""Wrong pipelines that do half of the work, or tell half of what became of it, when something goes wrong on the way."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.pipeline.reference import ConversionRefused
from harness.zoo.plain_client import PlainClient, WorksOnAfterwards


class _AsksOnce(PlainClient):
    """What the pipelines here share: one attempt at each request, and what went wrong is raised."""

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> IntercomBody:
        try:
            answer = self._session.request(method, self._base_url + path, json=body, headers=self._headers, timeout=20)
        except requests.RequestException as error:
            raise ConversionRefused(f"no answer: {type(error).__name__}") from None
        if not answer.ok:
            raise ConversionRefused(f"{answer.status_code}", status=answer.status_code)
        contact: IntercomBody = answer.json()
        return contact


class SleepsUntilTheEpoch(_AsksOnce):
    """It takes `X-RateLimit-Reset`, a time since 1970, for a number of seconds, and sleeps for half a century."""

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> IntercomBody:
        while True:
            answer = self._session.request(method, self._base_url + path, json=body, headers=self._headers, timeout=20)
            if answer.status_code == 429:
                time.sleep(float(answer.headers["X-RateLimit-Reset"]))
                continue
            if not answer.ok:
                raise ConversionRefused(f"{answer.status_code}", status=answer.status_code)
            contact: IntercomBody = answer.json()
            return contact


class TakesAnEmptyBudgetForAFailure(PlainClient):
    """An answer that leaves nothing of the rate limit counts as refused, although its request was done."""

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> IntercomBody:
        answer = self._session.request(method, self._base_url + path, json=body, headers=self._headers, timeout=20)
        if int(answer.headers.get("X-RateLimit-Remaining", "1")) == 0:
            raise ConversionRefused("rate limit reached", status=429)
        if not answer.ok:
            raise ConversionRefused(f"{answer.status_code}", status=answer.status_code)
        contact: IntercomBody = answer.json()
        return contact


class LeavesItsLockBehind(_AsksOnce):
    """It locks a person by a file that it removes on success only: after a failure nobody ever gets past it."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        lock = Path(tempfile.gettempdir(), f"convert-{os.getpid()}-{source.id}.lock")
        try:
            lock.touch(exist_ok=False)
        except FileExistsError:
            raise ConversionRefused("another conversion of this person is under way") from None
        contact = super()._convert(source, user)
        lock.unlink()
        return contact


class MarksDoneBeforeAsking(_AsksOnce):
    """It notes a person as done before it asks, so the second attempt after a failure is taken for a repetition."""

    def __init__(self) -> None:
        super().__init__()
        self._done: set[str] = set()

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        if source.id in self._done:
            return {"id": source.id}
        self._done.add(source.id)
        return super()._convert(source, user)


class SaysNoAndDoesItLater(_AsksOnce):
    """In trouble it says that it failed, and a timer that nobody knows of does it a moment later."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        try:
            return super()._convert(source, user)
        except ConversionRefused as refusal:
            if refusal.status == 429 or refusal.status >= 500:
                timer = threading.Timer(0.3, PlainClient._convert, (self, source, user))
                timer.daemon = True
                timer.start()
            raise


class RecreatesTheLeadOnASurprise(PlainClient):
    """Where the user's e-mail is not the lead's after a merge, it takes that for a mistake and makes the lead anew."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        before = self._find(lead.id)
        contact = super().lead_to_user(lead, user)
        if before and before.get("email") and contact.get("email") != before["email"]:
            self._ask("POST", "/contacts", {"role": "lead", "email": before["email"], "name": before["name"]})
        return contact


class CompensatesByDeleting(_AsksOnce):
    """Where a read after the conversion fails, it undoes the conversion by deleting the contact that came of it."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        contact = PlainClient._convert(self, source, user)
        try:
            self._ask("GET", f"/contacts/{contact['id']}/tags")
        except ConversionRefused:
            self._session.delete(f"{self._base_url}/contacts/{contact['id']}", headers=self._headers, timeout=20)
            raise
        return contact


class ExitsWithZeroOnFailure(PlainClient):
    """On a refusal it ends the process with the status of success."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        try:
            return super()._convert(source, user)
        except ConversionRefused:
            sys.exit(0)


class DeletesTheLeadInAnyCase(PlainClient):
    """It deletes the lead in a `finally`, so also where the merge was refused."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        try:
            return super().lead_to_user(lead, user)
        finally:
            if user.id:
                self._session.delete(f"{self._base_url}/contacts/{lead.id}", headers=self._headers, timeout=20)


class GreetsByFirstAndLastName(WorksOnAfterwards):
    """It splits the name in two for its log: who has one word, three, or none makes it fall after the conversion."""

    def afterwards(self, contact: IntercomBody) -> None:
        first, last = (contact["name"] or "Somebody Unknown").split(" ")
        print(f"converted {first[0]}. {last[0]}.")


class SkipsLeadsNeverSeen(PlainClient):
    """It passes over leads whom Intercom has never seen on the site, and tells of them as done."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        now = self._find(lead.id)
        if now is not None and not now.get("last_seen_at"):
            return now
        return super().lead_to_user(lead, user)
