"""A pipeline that is the user's own service: each call is a `POST` of the people as JSON, its answer the pipeline's.

A worker is told by webhook in the same way, with Intercom's own notification. Only services on this machine are asked.
Work that goes on after a 202 is waited for up to the time limit. The service is started by whoever owns it, or by the
harness where its settings say how; each call tells it where Intercom is, and with which token.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests

from harness.exchange import Request
from harness.persons import Person
from harness.pipeline.answer import DEFAULT_TIME_LIMIT, OPERATIONS, Answer, Operation
from harness.pipeline.breakdown import of_output
from harness.pipeline.service import Service
from harness.problems import Problem

KEPT: Final = 256 * 1024
"""Bytes kept of an answer."""

PATIENCE: Final = (0.02, 0.5)
"""Seconds between two looks at work that goes on: the first pause, and the longest."""

LAST_BREATH: Final = 0.5
"""Seconds that a service of ours gets, once it has broken a connection, to end."""

RECEIVER_PATIENCE: Final = 5.0
"""Seconds that a receiver of webhooks gets for its answer (facts §8)."""

TOLD: Final = ("id", "user_id", "external_id", "email", "name", "phone", "custom_attributes")


class HookPipeline:
    """Asks a service for each operation, and waits until it has done the work."""

    def __init__(
        self,
        urls: Mapping[Operation, str],
        *,
        name: str,
        environment: Callable[[], Mapping[str, str]],
        awaits: str | None = None,
        webhook: str | None = None,
        time_limit: float = DEFAULT_TIME_LIMIT,
        without: frozenset[str] = frozenset(),
        service: Service | None = None,
    ) -> None:
        self.name = name
        self.without = without | (OPERATIONS.keys() - urls.keys())
        self._urls = urls
        self._service = service
        self._environment = environment
        self._awaits = awaits
        self._webhook = webhook
        self._time_limit = time_limit

    def call(self, operation: Operation, people: Mapping[str, Person]) -> Answer:
        """One request, and its answer as the pipeline's; a service that is not there at all is a `Problem`."""
        people_told = {name: _told(person) for name, person in people.items()}
        told = {"operation": operation, "people": people_told, "intercom": self._intercom()}
        headers, content = {"content-type": "application/json"}, json.dumps(told).encode()
        url = self._urls[operation]

        def work(waiting: _Waiting) -> Answer:
            heard = waiting.ask("POST", url, content, headers)
            return _answer(operation, waiting.until_done(heard, self._awaits))

        return self._perform(operation, url, work)

    @property
    def hears(self) -> bool:
        """Whether it is told by webhook."""
        return self._webhook is not None

    @property
    def works_on(self) -> bool:
        """Whether it may be at work when it has answered: unless it says where to look."""
        return self._awaits is None

    def hear(self, told: Request) -> Answer:
        """Tell its receiver, which has as long for its answer as Intercom's have; then wait until the work is done."""
        url = self._webhook or ""

        def work(waiting: _Waiting) -> Answer:
            first = _answer("webhook", waiting.ask("POST", url, told.body, told.headers, RECEIVER_PATIENCE))
            return first if first.trouble or self._awaits is None else self._done(first, waiting, self._awaits)

        return self._perform("webhook", url, work)

    def _done(self, first: Answer, waiting: _Waiting, place: str) -> Answer:
        try:
            done = _answer("webhook", waiting.look(place))
        except TimeoutError:
            return replace(first, trouble=self._unfinished, crashed=True, timed_out=True)
        return replace(first, trouble=done.trouble, value=done.value or first.value)

    def _perform(self, operation: Operation, url: str, work: Callable[[_Waiting], Answer]) -> Answer:
        if self._service is None:
            return self._answered(operation, url, work)
        self._service.ensure(self._environment())
        self._service.said()
        answer, said = self._answered(operation, url, work), self._service.said()
        fell = answer.broken_down or (bool(answer.trouble) and of_output(said))
        return replace(answer, stderr=said, broken_down=fell)

    def _answered(self, operation: Operation, url: str, work: Callable[[_Waiting], Answer]) -> Answer:
        started = time.monotonic()
        try:
            return replace(work(_Waiting(started + self._time_limit)), seconds=time.monotonic() - started)
        except _Impatient:
            trouble = f"it gave no answer within {RECEIVER_PATIENCE:g} s, and Intercom waits no longer"
        except TimeoutError:
            trouble = self._unfinished
        except _Astray as astray:
            trouble = str(astray)
        except requests.ConnectionError as error:
            trouble = self._broken(url, error)
        except requests.RequestException as error:
            trouble = f"it gave no answer: {type(error).__name__}"
        seconds, late = time.monotonic() - started, trouble == self._unfinished
        return Answer(
            operation, trouble=trouble, crashed=True, timed_out=late, seconds=seconds, status=0, broken_down=True
        )

    @property
    def _unfinished(self) -> str:
        return f"it did not finish within {self._time_limit:g} s"

    def _broken(self, url: str, error: requests.ConnectionError) -> str:
        if self._service is None and _nobody_there(error):
            raise self._not_there(url) from error
        ended = self._service.ended(LAST_BREATH) if self._service else None
        return ended or "it broke the connection without an answer"

    def _intercom(self) -> Mapping[str, str]:
        found = self._environment()
        return {"base_url": found["INTERCOM_BASE_URL"], "access_token": found["INTERCOM_ACCESS_TOKEN"]}

    def _not_there(self, url: str) -> Problem:
        token = self._intercom()["access_token"]
        return Problem(
            f"the pipeline's service does not answer at {url}",
            why="it is not started, has ended, or listens on another port",
            remedy='have the run start it (service = "command …" in the TOML), or start it yourself with '
            f"INTERCOM_BASE_URL=http://127.0.0.1:PORT and INTERCOM_ACCESS_TOKEN={token}, "
            "and give harness run --port PORT",
        )


def check_url(url: object, key: str, where: str) -> str:
    """A URL of a service on this machine, or a `Problem`."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Problem(
            f"{where}: {key} must be the URL of a service on this machine",
            evidence=repr(url),
            remedy=f'for example {key} = "http://127.0.0.1:9000/convert"',
        )
    try:
        parts.port  # noqa: B018  # it is read when it is asked for, and may be none
    except ValueError as error:
        raise Problem(
            f"{where}: {key} names no port that can be",
            evidence=f"{url!r}: {error}",
            remedy='"{port}" is chosen by the run, where it starts the service itself; else write the number',
        ) from error
    if not is_loopback(parts.hostname):
        raise Problem(
            f"{where}: {key} names {parts.hostname}, which is not on this machine",
            why="a service elsewhere talks to the real Intercom, and nothing here could keep it from it",
            remedy="start the service here, and name it by 127.0.0.1",
        )
    return str(url)


def place_of(url: str) -> tuple[str, int]:
    """The host and the port that a URL leads to."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether a host's name can only mean this machine."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"


class _Impatient(Exception):
    """A receiver took longer than Intercom waits."""


class _Astray(Exception):
    """The service sends us where nothing of ours is to go."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One answer of the service."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The answer as JSON, `None` where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class _Waiting:
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
    ) -> _Heard:
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
            except requests.Timeout as error:
                raise _Impatient if time.monotonic() >= limit else TimeoutError from error
        return _Heard(url, answer.status_code, answer.headers, content.decode(errors="replace"))

    def until_done(self, heard: _Heard, awaits: str | None) -> _Heard:
        """Look again for as long as the service says 202: where its `Location` points, or else at `awaits`."""
        place = (_location(heard) if heard.status == 202 else None) or (awaits if heard.status < 300 else None)
        if place is None and heard.status == 202:
            raise _Astray("it answered 202 and did not say where to look: send Location, or name it with awaits")
        return heard if place is None else self.look(place, heard)

    def look(self, place: str, heard: _Heard | None = None) -> _Heard:
        """Look at this place, or where it sends us, until it no longer says 202. heard: what was said before."""
        pause, following = PATIENCE[0], place
        while True:
            pause = self._sleep(heard, pause)
            heard = self.ask("GET", following)
            if heard.status not in (202, 303):
                return heard
            following = _location(heard) or following

    def _sleep(self, heard: _Heard | None, pause: float) -> float:
        wanted = heard.headers.get("retry-after", "") if heard else ""
        time.sleep(min(float(wanted) if wanted.isdigit() else pause, self._left))
        return min(pause * 2, PATIENCE[1])


def _location(heard: _Heard) -> str | None:
    place = heard.headers.get("location")
    url = urljoin(heard.url, place) if place else None
    if url is not None and not is_loopback(urlsplit(url).hostname or ""):
        raise _Astray(f"it sends us to {urlsplit(url).hostname}, which is not on this machine")
    return url


def _told(person: Person) -> dict[str, Any]:
    known = {name: getattr(person, name, None) for name in TOLD}
    return {**known, "custom_attributes": dict(known["custom_attributes"] or {})}


def _answer(operation: Operation, heard: _Heard) -> Answer:
    trouble = None
    if 300 <= heard.status < 400:
        trouble = f"it answered {heard.status} and sent us elsewhere, where nobody follows"
    elif heard.status >= 400:
        trouble = f"it answered {heard.status}"
    return Answer(operation, heard.json, trouble, stdout=heard.text, status=heard.status)


def _nobody_there(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ConnectionRefusedError):
            return True
        reason = getattr(seen, "reason", None)
        inner = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = reason if isinstance(reason, BaseException) else inner or seen.__cause__ or seen.__context__
    return False
