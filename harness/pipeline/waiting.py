"""Asking a service and waiting for its work, up to a deadline: what it says, where it sends us, what comes too late."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests

from harness.core.foreign_values import parsed
from harness.core.loopback import is_loopback

KEPT: Final = 256 * 1024
"""Bytes kept of an answer."""

PATIENCE: Final = (0.02, 0.5)
"""Seconds between two looks at work that goes on: the first pause, and the longest."""


class DeadlineExceeded(Exception):
    """A receiver took longer than Intercom waits."""


class BadRedirect(Exception):
    """The service sends us where nothing of ours is to go."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer of the service."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> object:
        """The answer as JSON, `None` where it is none."""
        try:
            return parsed(self.text)
        except ValueError:
            return None


class Waiting:
    """Asks until a deadline."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    @property
    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def ask(
        self,
        method: str,
        url: str,
        sent: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float = math.inf,
    ) -> Heard:
        """One request; a redirect is not followed. patience: how long it may take, within the deadline."""
        limit = time.monotonic() + patience
        with requests.Session() as session:
            session.trust_env = False
            try:
                timeout = min(self._left, patience)
                answer = session.request(
                    method, url, data=sent, headers=headers, timeout=timeout, allow_redirects=False, stream=True
                )
                content = b""
                for chunk in answer.iter_content(16_384):
                    content += chunk[: KEPT - len(content)]
                    if len(content) >= KEPT and patience < math.inf:
                        break  # Intercom does not read what a receiver says
                    _ = self._left
            except (requests.Timeout, requests.ConnectionError) as error:
                # Silence in the middle of a body is a ConnectionError to requests; after its time it is lateness here.
                if not isinstance(error, requests.Timeout) and time.monotonic() < min(limit, self._deadline):
                    raise
                raise DeadlineExceeded if time.monotonic() >= limit else TimeoutError from error
        return Heard(url, answer.status_code, answer.headers, content.decode(errors="replace"))

    def until_done(self, heard: Heard, awaits: str | None) -> Heard:
        """Look again for as long as the service says 202: where its `Location` points, or else at `awaits`."""
        place = (_location(heard) if heard.status == 202 else None) or (awaits if heard.status < 300 else None)
        if place is None and heard.status == 202:
            raise BadRedirect("it answered 202 and did not say where to look: send Location, or name it with awaits")
        return heard if place is None else self.look(place, heard)

    def look(self, place: str, heard: Heard | None = None) -> Heard:
        """Look at this place, or where it sends us, until it no longer says 202. heard: what was said before."""
        pause, following = PATIENCE[0], place
        while True:
            pause = self._sleep(heard, pause)
            heard = self.ask("GET", following)
            if heard.status not in (202, 303):
                return heard
            following = _location(heard) or following

    def _sleep(self, heard: Heard | None, pause: float) -> float:
        wanted = heard.headers.get("retry-after", "") if heard else ""
        time.sleep(min(float(wanted) if wanted.isdigit() else pause, self._left))
        return min(pause * 2, PATIENCE[1])


def _location(heard: Heard) -> str | None:
    place = heard.headers.get("location")
    url = urljoin(heard.url, place) if place else None
    if url is not None and not is_loopback(urlsplit(url).hostname):
        raise BadRedirect(f"it sends us to {urlsplit(url).hostname}, which is not on this machine")
    return url
