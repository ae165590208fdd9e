"""Reads what the Messenger posts: a form whose `user_data` is JSON (facts §9). Who that is, is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

import msgspec

from harness.sandbox.requests import parsing
from harness.sandbox.rules import intercom_errors as no
from harness.sandbox.rules.intercom_errors import Refused

WRITTEN_AS_THEY_ARE = ("name", "phone", "avatar", "unsubscribed_from_emails", "language_override")
UTM = ("utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term")
IDENTITY = ("anonymous_id", "user_id", "email", "user_hash", "intercom_user_jwt", "created_at", "company", "companies")
LONGEST_TEXT = 255
"""How much of a text attribute is kept, in characters (Intercom's own limit for custom attributes)."""


@dataclass(frozen=True, slots=True)
class Form:
    """One post of the Messenger."""

    fields: Mapping[str, str]
    user_data: dict[str, object]
    proved: bool = False
    """Whether a signed token said who the user is."""

    @property
    def anonymous_id(self) -> str | None:
        """The uuid of the page's visitor cookie, if it sends one that can be one."""
        value = self.user_data.get("anonymous_id")
        return value.lower() if isinstance(value, str) and _is_uuid(value) else None

    @property
    def session(self) -> str:
        """The session cookie as it came."""
        return self.fields.get("anonymous_session", "")

    def traits(self) -> dict[str, object]:
        """What it says of the person, in the words of 1.x's requests; anything unknown is a custom attribute."""
        found = {name: self.user_data[name] for name in WRITTEN_AS_THEY_ARE if name in self.user_data}
        if self.user_data.get("created_at") is not None:
            found["signed_up_at"] = self.user_data["created_at"]
        return found | self._companies() | {"custom_attributes": dict(self._custom_attributes())}

    def _companies(self) -> dict[str, object]:
        company, companies = self.user_data.get("company"), self.user_data.get("companies")
        named = [company] if isinstance(company, dict) else companies if isinstance(companies, list) else []
        wanted = [_company(entry) for entry in named]
        return {"companies": wanted} if wanted else {}

    def _custom_attributes(self) -> Mapping[str, object]:
        given = self.user_data.get("custom_attributes")
        loose = {**(given if isinstance(given, dict) else {}), **self.user_data}
        passed_over = {*WRITTEN_AS_THEY_ARE, *UTM, *IDENTITY, "custom_attributes"}
        return {
            name: value[:LONGEST_TEXT] if isinstance(value, str) else value
            for name, value in loose.items()
            if name not in passed_over and isinstance(value, str | int | float | bool)
        }

    def page(self) -> dict[str, str]:
        """Where the person came from: the referrer, and the campaign in the page's address."""
        query = parse_qs(urlsplit(self.fields.get("referer", "")).query)
        found = {name: query[name][0][:LONGEST_TEXT] for name in UTM if name in query}
        found |= {name: str(self.user_data[name])[:LONGEST_TEXT] for name in UTM if self.user_data.get(name)}
        referrer = self.fields.get("r", "")
        return found | ({"referrer": referrer[:2048]} if referrer else {})

    def message(self) -> str:
        """What is said: the text of `blocks`, or `body`."""
        blocks = json_field(self.fields, "blocks")
        if isinstance(blocks, list):
            texts = [block.get("text") for block in blocks if isinstance(block, dict)]
            return "\n".join(text for text in texts if isinstance(text, str))
        return self.fields.get("body", "")


def _company(entry: object) -> dict[str, object]:
    """A company as 1.x's requests name it: a page's `id` is the application's own id for it."""
    if not isinstance(entry, dict):
        raise Refused(no.TYPE_MISMATCH.filled(field="companies", wanted="a list of objects"))
    rest = {name: value for name, value in entry.items() if name != "id"}
    return {**rest, "company_id": entry.get("company_id") or entry.get("id")}


def read_form(body: bytes) -> Form:
    """The form in a request's body."""
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))
    except (UnicodeDecodeError, ValueError):
        raise Refused(no.BROKEN_JSON.filled(reason="the body is no form")) from None
    user_data = json_field(fields, "user_data")
    if user_data is not None and not isinstance(user_data, dict):
        raise Refused(no.TYPE_MISMATCH.filled(field="user_data", wanted="a JSON object"))
    return Form(fields, user_data or {})


def json_field(fields: Mapping[str, str], name: str) -> object:
    """A field that holds JSON; `None` where it is absent or blank."""
    if not fields.get(name):
        return None
    try:
        found = msgspec.json.decode(fields[name])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(no.BROKEN_JSON.filled(reason=f"{name}: {error}")) from None
    if reason := parsing.excess(found):
        raise Refused(no.BROKEN_JSON.filled(reason=f"{name}: {reason}"))
    return found


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
