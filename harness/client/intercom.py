"""One `requests` session that asks Intercom and keeps each answer as evidence.

It raises nothing for a status: whether a 404 is good or bad news is for the caller to say. It retries nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import requests
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri

NEWEST_VERSION = "2.16"
"""The version that `people` and `verification` speak, whatever the pipeline uses."""

CONCLUSIVE = frozenset({200, 404, 410})
"""Statuses that tell whether something is there; 401, 429 and 5xx tell nothing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One question and its answer, kept as evidence. `answer` is the JSON body, `None` where there was none."""

    method: str
    path: str
    sent: object
    status: int
    answer: Any
    link: str | None = None

    @property
    def conclusive(self) -> bool:
        """Whether the answer proves presence or absence."""
        return self.status in CONCLUSIVE

    @property
    def found(self) -> bool:
        """Whether the thing asked for was there."""
        return self.status == 200

    def __str__(self) -> str:
        sent = f" {msgspec.json.encode(self.sent).decode()}" if self.sent is not None else ""
        return f"{self.method} {self.path}{sent} → {self.status or 'no answer'}"


class IntercomClient:
    """Asks one workspace, always with the same version."""

    def __init__(
        self,
        session: requests.Session,
        *,
        token: str,
        base_url: str = "https://api.intercom.io",
        version: str = NEWEST_VERSION,
    ) -> None:
        session.trust_env = False
        self._session = session
        self._base_url = base_url
        self._headers = {
            **session.headers,
            "Authorization": f"Bearer {token}",
            "Intercom-Version": version,
            "Accept": "application/json",
            "User-Agent": "harness",
        }

    def ask(
        self,
        method: str,
        path: str,
        sent: object = None,
        query: Mapping[str, object] | None = None,
        version: str | None = None,
    ) -> Reading:
        """Ask once. A connection that fails is a reading with status 0. version: another one than the client's own."""
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {**self._headers, "Intercom-Version": version} if version else self._headers
        body = None
        if sent is not None:
            headers = {**headers, "Content-Type": "application/json"}
            body = msgspec.json.encode(sent)
        try:
            got = self._session.send(_prepared(method, self._base_url + target, headers, body), timeout=60)
        except requests.RequestException as error:
            return Reading(method, target, sent, 0, {"error": type(error).__name__})
        try:
            answer = msgspec.json.decode(got.content) if got.content else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = None
        return Reading(method, target, sent, got.status_code, answer, got.headers.get("link"))

    def get(self, path: str, **query: object) -> Reading:
        """`GET` with query parameters."""
        return self.ask("GET", path, query=query or None)


def _prepared(method: str, url: str, headers: Mapping[str, object], body: bytes | None) -> requests.PreparedRequest:
    """What `Session.request` would make of it: that merges and parses for longer than the sandbox takes to answer."""
    made: Any = requests.PreparedRequest()
    made.method, made.url, made.body, made.hooks = method, requote_uri(url), body, {"response": []}
    made.headers = CaseInsensitiveDict(headers)
    made._cookies = RequestsCookieJar()  # noqa: SLF001  # a redirect adds to it
    if body is not None or method not in ("GET", "HEAD"):
        made.headers["Content-Length"] = str(len(body or b""))
    prepared: requests.PreparedRequest = made
    return prepared


def segment(value: str) -> str:
    """A value as one segment of a path."""
    return quote(value, safe="")
