"""Right pipelines whose habits are easily taken for bugs: what they pin, keep, return and print is theirs to do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from harness.core.people import Lead, User, Visitor
from harness.pipeline.intercom_body import IntercomBody
from harness.pipeline.reference import ConversionRefused
from harness.zoo.bug import ADVERSITY, CONVERSIONS, JOBS, right
from harness.zoo.plain_client import PlainClient, WorksOnAfterwards

EVERYTHING = (*CONVERSIONS, *JOBS, *ADVERSITY)


@right("1.4", modules=EVERYTHING)
class PinnedToTheOldDialect(PlainClient):
    """Pins 1.4 in its header, where a lead is converted by another path than today."""

    version = "1.4"


@right("2.11", modules=EVERYTHING)
class PinnedTo211(PlainClient):
    """Pins 2.11 in its header, where nobody can find out who a merged contact became."""

    version = "2.11"


@right("2.13", modules=EVERYTHING)
class PinnedTo213(PlainClient):
    """Pins 2.13 in its header, the first that finds a user by external id."""

    version = "2.13"


@right("2.15", modules=EVERYTHING)
class PinnedTo215(PlainClient):
    """Pins 2.15 in its header, the last that merges whoever it is asked to."""

    version = "2.15"


@right("2.16", modules=CONVERSIONS)
class KeepsItsTagsId(WorksOnAfterwards):
    """Makes its tag at its first conversion and keeps the tag's id for as long as the process lives."""

    def __init__(self) -> None:
        super().__init__()
        self._tag_id: str | None = None

    def afterwards(self, contact: IntercomBody) -> None:
        """Tag the contact as converted."""
        if self._tag_id is None:
            self._tag_id = self._ask("POST", "/tags", {"name": "converted by the shop"})["id"]
        self._ask("POST", f"/contacts/{contact['id']}/tags", {"id": self._tag_id})


@right("2.16", modules=EVERYTHING)
class ReturnsARecordOfItsOwn(PlainClient):
    """Hands back a row of its own database, which has an `id` and a `type` as well."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        super()._convert(source, user)
        return {"id": "job_4711", "type": "conversion", "role": "worker", "body": "done"}


@right("2.16", modules=EVERYTHING)
class LogsLinesOfJson(PlainClient):
    """Prints a line of JSON for each conversion, whose `id` is that of the log line."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        contact = super()._convert(source, user)
        print(json.dumps({"id": "log_0815", "type": "info", "event": "converted", "role": "worker"}))  # noqa: T201
        return contact


@right("2.16", modules=CONVERSIONS)
class CreatesThenMerges(PlainClient):
    """Creates the user first and merges the lead into them then, as Intercom's old Ruby client did."""

    def lead_to_user(self, lead: Lead, user: User) -> IntercomBody:
        """Create the user where there is none, and merge."""
        if user.id is None:
            identity = {"email": user.email} if user.email else {"external_id": user.external_id}
            if not any(identity.values()):
                raise ConversionRefused("a user needs an id, an e-mail or an external id")
            made = self._ask("POST", "/contacts", {"role": "user", **identity})
            user = User(made["id"], email=made.get("email"), external_id=made.get("external_id"))
        return super().lead_to_user(lead, user)


class _SaysNoWithoutRaising(PlainClient):
    """Catches its refusals and says no by what it returns."""

    def refusal(self, why: ConversionRefused) -> Any:
        """Return what means no."""
        raise NotImplementedError

    def _convert(self, source: Visitor | Lead, user: User | None) -> Any:
        try:
            return super()._convert(source, user)
        except ConversionRefused as why:
            return self.refusal(why)


@right("2.16", modules=CONVERSIONS)
class ReturnsFalseForNo(_SaysNoWithoutRaising):
    """Returns False where nothing was converted, and says so in its settings."""

    says_no: ClassVar[bool] = False

    def refusal(self, why: ConversionRefused) -> Any:
        """Say no."""
        return False


@right("2.16", modules=CONVERSIONS)
class ReturnsAResult(_SaysNoWithoutRaising):
    """Returns a result with `ok` in it, whose being false means no by its settings."""

    says_no: ClassVar[Mapping[str, object]] = {"ok": False}

    def refusal(self, why: ConversionRefused) -> Any:
        """Say no, and why."""
        return {"ok": False, "reason": why.status}

    def _convert(self, source: Visitor | Lead, user: User | None) -> Any:
        answer = super()._convert(source, user)
        return answer if answer.get("ok") is False else {"ok": True, "contact": answer["id"]}


@right("2.16", modules=EVERYTHING)
class WritesToTheVisitorFirst(PlainClient):
    """Writes the campaign's number to the visitor, whom nobody else can reach, before the conversion."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        if isinstance(source, Visitor) and (user is None or user.id or user.email or user.external_id):
            body = {"user_id": source.user_id, "custom_attributes": {"seats": 1}}
            self._session.put(f"{self._base_url}/visitors", json=body, headers=self._headers, timeout=20)
        return super()._convert(source, user)


@right("2.16", modules=CONVERSIONS)
class UnarchivesTheTwin(PlainClient):
    """Brings an archived user back whose identifiers are asked for, and merges into them."""

    def _convert(self, source: Visitor | Lead, user: User | None) -> IntercomBody:
        try:
            return super()._convert(source, user)
        except ConversionRefused as why:
            if user is None or (twin_id := self._twin(why, user)) is None:
                raise
            return super()._convert(source, User(twin_id))

    def _twin(self, why: ConversionRefused, user: User) -> str | None:
        told = re.search(r"An archived contact .* id=(\w+)", str(why))
        twin_id = told[1] if told else user.id
        if twin_id is None or why.status not in (404, 409):
            return None
        path = f"{self._base_url}/contacts/{twin_id}/unarchive"
        return twin_id if self._session.post(path, headers=self._headers, timeout=20).ok else None


@right("2.16", modules=CONVERSIONS)
class GoesOnWithTheLead(PlainClient):
    """Finds that a visitor is a lead by now, and goes on with that lead."""

    def visitor_to_user(self, visitor: Visitor, user: User) -> IntercomBody:
        """Convert the visitor, or else the lead who they became."""
        try:
            return super().visitor_to_user(visitor, user)
        except ConversionRefused as why:
            found = self._find(visitor.id) if why.status == 404 else None
            if found is None or found.get("role") != "lead":
                raise
            return self.lead_to_user(Lead(found["id"], email=found.get("email")), user)
